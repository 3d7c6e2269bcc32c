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
	for _, pkg := range p.RootFS.Packages {
		switch match := pythonMinimal.FindStringSubmatch(pkg.Name); {
		case pkg.Name == "initramfs-tools":
			paths = append(paths, "/usr/sbin/update-initramfs")
		case pkg.Name == "python3-minimal":
			paths = append(paths, "/usr/bin/py3compile")
		case match != nil:
			paths = append(paths, "/usr/lib/python"+match[1]+"/py_compile.py")
		}
	}
	return paths
}
