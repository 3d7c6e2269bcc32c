package meminfo

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Host is how many bytes this process and those that it starts can still take: what the system has to spare, or what is left of a limit of its
// control group (a pod's, a unit's), whichever is less. 0 where the system does not tell.
func Host() int64 { return within(os.DirFS("/")) }

// within is Host in the file system root.
func within(root fs.FS) int64 {
	text, err := fs.ReadFile(root, strings.TrimPrefix(Path, "/"))
	if err != nil {
		return 0
	}
	available := Available(string(text))
	for group := controlGroup(root); ; group = path.Dir(group) {
		if left, limited := left(root, path.Join("sys/fs/cgroup", group)); limited {
			available = min(available, left)
		}
		if group == "/" {
			return available
		}
	}
}

// controlGroup is this process' in cgroup v2, as its namespace shows it (cgroups(7)): / in a container.
func controlGroup(root fs.FS) string {
	text, _ := fs.ReadFile(root, "proc/self/cgroup") // then it is as if there were none
	for line := range strings.Lines(string(text)) {
		if group, is := strings.CutPrefix(strings.TrimSpace(line), "0::"); is {
			return path.Join("/", group)
		}
	}
	return "/"
}

// reclaimable are the fields of memory.stat that give way where memory is wanted, as MemAvailable counts them: the file cache and the
// kernel's own caches. What lies in a tmpfs is in none of them.
var reclaimable = []string{"active_file", "inactive_file", "slab_reclaimable"}

// left is what a group may still take: its limit less what it has, but for what is reclaimable (Linux'
// Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files").
func left(root fs.FS, group string) (int64, bool) {
	number := func(text string) (int64, bool) {
		value, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		return value, err == nil && value >= 0
	}
	read := func(name string) string {
		text, _ := fs.ReadFile(root, path.Join(group, name)) // the root group has none of them
		return string(text)
	}
	limit, limited := number(read("memory.max")) // else it says max
	has, known := number(read("memory.current"))
	if !limited || !known {
		return 0, false
	}
	for line := range strings.Lines(read("memory.stat")) {
		name, value, _ := strings.Cut(line, " ")
		if cache, ok := number(value); ok && slices.Contains(reclaimable, name) {
			has -= cache
		}
	}
	return max(0, limit-has), true
}
