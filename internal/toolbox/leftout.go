package toolbox

import (
	"path"
	"strings"
)

// unread are the directories whose files no program of the toolbox reads.
var unread = []string{
	"usr/lib/python3/dist-packages/ansible_test",
	"usr/lib/udev/hwdb.d",
	"usr/share/bash-completion",
	"usr/share/bug",
	"usr/share/doc-base",
	"usr/share/ieee-data",
	"usr/share/info",
	"usr/share/lintian",
	"usr/share/locale",
	"usr/share/man",
	"usr/share/zsh",
	"var/lib/ieee-data",
}

// documentation holds a directory a package; its copyright files stay, for licences ask for them.
const documentation = "usr/share/doc"

// leftOut says that the file or directory name, relative to the tree, is not unpacked.
func leftOut(name string) bool {
	if within(documentation, name) {
		return path.Base(name) != "copyright"
	}
	for _, dir := range unread {
		if name == dir || within(dir, name) {
			return true
		}
	}
	return false
}

// within says that name lies below dir.
func within(dir, name string) bool { return strings.HasPrefix(name, dir+"/") }
