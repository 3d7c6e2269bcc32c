// Package rootfs makes root filesystems: it asks apt what a request would install, has
// mmdebstrap install exactly that into the machine's Target, writes the builder's own files and
// finalises the tree after the provisioners.
//
// A Request or a Plan enters; the tree under Target is left. Everything runs in a machine.
package rootfs

import "github.com/airshipit/packer-plugin-airship/internal/machine"

// Where the room keeps its files in the machine.
const (
	aptDir   = machine.Scratch + "/apt"
	hooksDir = machine.Scratch + "/hooks"
)
