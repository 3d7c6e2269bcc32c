# Says on the second serial port whether all units of this boot are up, and turns the node off.
{
	timeout 600 systemctl is-system-running --wait
	for unit in $(systemctl list-units --failed --plain --no-legend --no-pager | cut -d ' ' -f 1); do
		echo "$unit failed:"
		journalctl -b -u "$unit" -n 30 -o cat --no-pager
	done
} >/run/acceptance/report
cat /run/acceptance/report >/dev/ttyS1
systemctl poweroff
