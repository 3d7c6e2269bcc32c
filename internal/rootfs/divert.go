package rootfs

import (
	"regexp"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

var pythonMinimal = regexp.MustCompile(`^python(3\.[0-9]+)-minimal$`)

// diverted are the programs that maintainer scripts call and that would do the same work many
// times, or for nothing: the initramfs is made once, by Finalise, and Python is never
// byte-compiled in the target.
func diverted(p plan.Plan) []string {
	var paths []string
	for _, name := range p.RootFS.Names() {
		switch match := pythonMinimal.FindStringSubmatch(name); {
		case name == "initramfs-tools":
			paths = append(paths, "/usr/sbin/update-initramfs")
		case name == "python3-minimal":
			paths = append(paths, "/usr/bin/py3compile")
		case match != nil:
			paths = append(paths, "/usr/lib/python"+match[1]+"/py_compile.py")
		}
	}
	return paths
}
