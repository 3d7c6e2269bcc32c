# Undoes target_open.sh. Starting a program is what takes time in an emulated machine: few are.
set -eu
target=$1 state=$2

# Processes of the target.
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=
    for root in $(find /proc/[0-9]*/root -maxdepth 0 \( -lname "$target" -o -lname "$target/*" \) 2>/dev/null || :); do
        pid=${root%/root}
        left="$left ${pid#/proc/}"
    done
    [ -n "$left" ] || break
    kill -KILL $left 2>/dev/null || :
    sleep 0.05
done
[ -z "$left" ] || { echo "processes of the target cannot be killed:$left" >&2; exit 1; }

# Mounts: those of target_open.sh and those that were made since. With one go those on it, before
# their own turn comes; parts of /sys can go in no other way.
mounts() {
    while read -r _ _ _ _ point _; do
        case $point in "$target"/*) printf '%b\0' "$point" ;; esac
    done < /proc/self/mountinfo
}
mounts | xargs -0 -r umount -l -- 2>/dev/null || :
left=$(mounts | tr '\0' ' ')
[ -z "$left" ] || { echo "still mounted: $left" >&2; exit 1; }

# Files and directories, the last first. A directory's time goes back to what it was, unless it
# was changed by others in between; then it keeps the later one.
tac "$state/made" | while IFS= read -r line; do
    kind=${line%% *} line=${line#* }
    before=${line%% *} line=${line#* }
    after=${line%% *} path=${line#* }
    dir=${path%/*}
    now=$(stat -c %.9Y -- "$dir")
    case $kind in
        authorities) ! cmp -s -- "$state/authorities" "$path" || rm -f -- "$path" ;;
        file) [ -s "$path" ] || rm -f -- "$path" ;;
        directory) rmdir -- "$path" 2>/dev/null || continue ;;
        aside)
            if [ ! -e "$path" ] && [ ! -L "$path" ]; then
                mv -T -- "$path.airship-aside" "$path"
            else
                rm -f -- "$path.airship-aside"
            fi
            ;;
    esac
    [ "$now" != "$after" ] || now=$before
    touch -d "@$now" -- "$dir"
done
rm -rf -- "$state"
