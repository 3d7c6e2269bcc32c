# Undoes target_open.sh.
set -eu
target=$1 state=$2

# Processes of the target.
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=
    for root in /proc/[0-9]*/root; do
        case $(readlink "$root" 2>/dev/null || :) in
            "$target" | "$target"/*)
                pid=${root%/root}
                left="$left ${pid#/proc/}"
                ;;
        esac
    done
    [ -n "$left" ] || break
    kill -KILL $left 2>/dev/null || :
    sleep 0.05
done
[ -z "$left" ] || { echo "processes of the target cannot be killed:$left" >&2; exit 1; }

# Mounts: those of target_open.sh and those that were made since. Parts of /sys are locked to
# what they are mounted on and go with it.
mounts() {
    while read -r _ _ _ _ point _; do
        case $point in "$target"/*) printf '%b\n' "$point" ;; esac
    done < /proc/self/mountinfo
}
mounts | tac | while IFS= read -r point; do
    umount -l -- "$point" 2>/dev/null || :
done
left=$(mounts)
[ -z "$left" ] || { echo "still mounted: $left" >&2; exit 1; }

# Files and directories, the last first. A directory's time goes back to what it was, unless it
# was changed by others in between; then it keeps the later one.
tac "$state/made" | while IFS= read -r line; do
    kind=${line%% *} line=${line#* }
    before=${line%% *} line=${line#* }
    after=${line%% *} path=${line#* }
    dir=$(dirname -- "$path")
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
