# Kills every process whose environment has the line $1, until there is none.
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    pids=$(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
    [ -n "$pids" ] || exit 0
    kill -KILL $pids 2>/dev/null
    sleep 0.05
done
exit 1
