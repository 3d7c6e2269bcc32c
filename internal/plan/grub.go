package plan

import (
	"fmt"
	"regexp"
	"strings"
)

// serialConsole finds the serial port of a console= argument: ttyS1,115200n8, ttyAMA0.
var serialConsole = regexp.MustCompile(`^console=tty(S|AMA)([0-9]+)(?:,([0-9]+))?`)

// kernelSpeed is a speed as the kernel's console= has it. Airship's default is speed=ttyS0,115200n8,
// which GRUB's serial command does not take.
var kernelSpeed = regexp.MustCompile(`^speed=tty[A-Z]+[0-9]+,([0-9]+).*`)

// GrubDefault renders /etc/default/grub, which grub-mkconfig sources as a shell script, now and
// whenever update-grub runs on the node.
func GrubDefault(target Target, system System) string {
	var text strings.Builder
	set := func(name, value string) {
		fmt.Fprintf(&text, "%s=%s\n", name, quoteShell(value))
	}
	text.WriteString("# Written by the image build from the profile's osKernel.grub.\n")
	text.WriteString("# After a change run update-grub, which rewrites /boot/grub/grub.cfg.\n")
	set("GRUB_DEFAULT", "0")
	set("GRUB_TIMEOUT", fmt.Sprint(system.GrubTimeout))
	set("GRUB_TIMEOUT_STYLE", "menu")
	// As in the distribution's own file: a script, not a value.
	text.WriteString("GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo " + distributor(target.Distribution) + "`\n")
	terminal, serial := grubTerminal(system)
	if terminal != "" {
		set("GRUB_TERMINAL", terminal)
	}
	if serial != "" {
		set("GRUB_SERIAL_COMMAND", serial)
	}
	arguments := make([]string, 0, len(system.Cmdline))
	for _, argument := range system.Cmdline {
		arguments = append(arguments, quoteGrub(argument))
	}
	set("GRUB_CMDLINE_LINUX_DEFAULT", strings.Join(arguments, " "))
	set("GRUB_CMDLINE_LINUX", "")
	set("GRUB_DISABLE_OS_PROBER", "true")
	return text.String()
}

func distributor(distribution string) string {
	if distribution == "ubuntu" {
		return "Ubuntu"
	}
	return "Debian"
}

// grubTerminal is where GRUB shows its menu, and its serial command: with the profile's options, else
// those of the kernel's first serial console; empty where there is neither.
func grubTerminal(system System) (terminal, serial string) {
	const both = "serial console"
	command := []string{"serial"}
	for _, option := range system.GrubSerial {
		command = append(command, "--"+kernelSpeed.ReplaceAllString(option, "speed=$1"))
	}
	if len(system.GrubSerial) > 0 {
		return both, strings.Join(command, " ")
	}
	for _, argument := range system.Cmdline {
		port := serialConsole.FindStringSubmatch(argument)
		switch {
		case port == nil:
			continue
		case port[1] == "AMA":
			// GRUB for EFI drives no such port, and says so at each boot; the firmware's console is on it.
			return "console", ""
		}
		speed := port[3]
		if speed == "" {
			speed = "9600" // the kernel's own default for a console without a speed
		}
		return both, fmt.Sprintf("serial --unit=%s --speed=%s", port[2], speed)
	}
	return "", ""
}

// quoteShell makes value one word of a shell script, in double quotes as Debian's file has it.
func quoteShell(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(value) + `"`
}

// plainArgument is what GRUB's script language takes as it stands.
var plainArgument = regexp.MustCompile(`^[A-Za-z0-9_=.,:/@%+~^!?\[\]-]+$`)

// quoteGrub makes one kernel argument one word of grub.cfg, where grub-mkconfig copies it unchanged:
// $ and ; mean something there. Quotes around a value (dyndbg="file a.c +p") are left out, since
// GRUB itself puts an argument with spaces in quotes for the kernel.
func quoteGrub(argument string) string {
	name, value, found := strings.Cut(argument, "=")
	if inner, ok := strings.CutPrefix(value, `"`); found && ok && strings.HasSuffix(inner, `"`) {
		argument = name + "=" + strings.TrimSuffix(inner, `"`)
	}
	if plainArgument.MatchString(argument) {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}
