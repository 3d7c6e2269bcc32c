package disk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// probeOptions reads grub-probe's command line: the answer wanted into target, the path or device
// asked about into what.
const probeOptions = `#!/bin/sh
# Stands in for grub-probe while there is no disk: answers from the build's plan.
target=fs what= is_device=
while [ $# -gt 0 ]; do
	case $1 in
	-t | --target) target=$2; shift ;;
	--target=*) target=${1#*=} ;;
	-d | --device) is_device=yes ;;
	-m | --device-map) shift ;;
	-*) ;;
	*) what=$1 ;;
	esac
	shift
done
`

// probeAnswer prints the answer. Search hints are left empty: they name a disk as one machine's
// firmware does, and the image is for many.
const probeAnswer = `case $target in
device) echo "$device" ;;
fs) echo "$fs" ;;
fs_uuid) echo "$uuid" ;;
partuuid) echo "$partuuid" ;;
partmap) echo "$partmap" ;;
abstraction | cryptodisk_uuid | fs_label | compatibility_hint | *hints | hints_string) ;;
*)
	echo "grub-probe: $target is not known before the disk exists" >&2
	exit 1
	;;
esac
`

// grubProbe is a shell script that answers as grub-probe will on the node.
func (a assembly) grubProbe() string {
	var script strings.Builder
	script.WriteString(probeOptions)
	script.WriteString("device=$what\nif [ -z \"$is_device\" ]; then\n\tcase $(readlink -f \"$what\") in\n")
	for _, p := range a.innermostFirst() {
		fmt.Fprintf(&script, "\t%s) device=%s ;;\n", pathPattern(p.Mount.Path), quote(device(p)))
	}
	script.WriteString("\tesac\nfi\ncase $device in\n")
	for _, p := range a.innermostFirst() {
		fmt.Fprintf(&script, "%s) fs=%s uuid=%s partuuid=%s ;;\n",
			quote(device(p)), grubFilesystems()[p.Filesystem.Type], p.Filesystem.UUID, p.GUID)
	}
	script.WriteString("*)\n\techo \"grub-probe: the plan has no device $device\" >&2\n\texit 1\n\t;;\nesac\n")
	script.WriteString("partmap=" + a.partmap() + "\n" + probeAnswer)
	return script.String()
}

// grubMkrelpath is a shell script that prints a path relative to the file system it will lie in.
func (a assembly) grubMkrelpath() string {
	var script strings.Builder
	script.WriteString("#!/bin/sh\n# Stands in for grub-mkrelpath while there is no disk.\n")
	script.WriteString("for path; do :; done\npath=$(readlink -f \"$path\") || exit 1\ncase $path in\n")
	for _, p := range a.innermostFirst() {
		prefix := strings.TrimSuffix(p.Mount.Path, "/")
		fmt.Fprintf(&script, "%s) path=${path#%s} ;;\n", pathPattern(p.Mount.Path), quote(prefix))
	}
	script.WriteString("esac\necho \"$path\"\n")
	return script.String()
}

// innermostFirst lists mounted partitions so that the first whose mount holds a path is the one
// that the path lies on.
func (a assembly) innermostFirst() []plan.Partition {
	mounts := a.plan.Disk.Mounts()
	slices.SortStableFunc(mounts, func(a, b plan.Partition) int {
		return cmp.Compare(len(b.Mount.Path), len(a.Mount.Path))
	})
	return mounts
}

func device(p plan.Partition) string { return "/dev/disk/by-uuid/" + p.Filesystem.UUID }

// pathPattern is a shell pattern for a directory and all that lies in it.
func pathPattern(dir string) string {
	if dir == "/" {
		return "*"
	}
	return quote(dir) + " | " + quote(dir) + "/*"
}

// quote makes text one word of a shell script.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
