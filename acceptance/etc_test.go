//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aspect of a file in which two trees differ.
type aspect string

const (
	presence aspect = "presence" // one tree has it alone
	kind     aspect = "type"
	mode     aspect = "mode"
	owner    aspect = "owner"
	target   aspect = "link target"
	content  aspect = "content"
)

// allowance is a difference that is as it should be.
type allowance struct {
	// pattern is path.Match's, relative to the tree; a directory's stands for everything below it, too.
	pattern string
	// aspect alone may differ.
	aspect aspect
	reason string
}

func (a allowance) matches(d difference) bool {
	if a.aspect != d.aspect {
		return false
	}
	for name := d.name; name != "."; name = path.Dir(name) {
		if ok, _ := path.Match(a.pattern, name); ok {
			return true
		}
	}
	return false
}

// difference of one file in two trees.
type difference struct {
	name   string // relative to the tree
	aspect aspect
	detail string
}

func (d difference) String() string { return fmt.Sprintf("%s: %s: %s", d.name, d.aspect, d.detail) }

// compareEtc wants two trees to differ as allowed and no further, and each allowance to be used.
func compareEtc(t *testing.T, a, b string, allowed []allowance) {
	t.Helper()
	found, err := differences(a, b)
	require.NoError(t, err)
	for _, complaint := range complaints(found, allowed) {
		t.Errorf("%s", complaint)
	}
}

// complaints are differences that are not allowed, and allowances without a difference.
func complaints(found []difference, allowed []allowance) (all []string) {
	used := make([]bool, len(allowed))
	for _, d := range found {
		ok := false
		for i, a := range allowed {
			if a.matches(d) {
				used[i], ok = true, true
			}
		}
		if !ok {
			all = append(all, d.String())
		}
	}
	for i, a := range allowed {
		if !used[i] {
			all = append(all, fmt.Sprintf("%s: no difference in %s, which is allowed because %s", a.pattern, a.aspect, a.reason))
		}
	}
	return all
}

// differences of two trees, by name. Times, links' owners and extended attributes are not compared: the first
// are the boot's, and debugfs does not read the others. Below a directory that one tree lacks nothing is listed.
func differences(a, b string) (found []difference, err error) {
	inA, err := entries(a)
	if err != nil {
		return nil, err
	}
	inB, err := entries(b)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(inA)
	maps.Copy(names, inB)
	absent := ""
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if absent != "" && strings.HasPrefix(name, absent+"/") {
			continue
		}
		fa, hasA := inA[name]
		fb, hasB := inB[name]
		if hasA != hasB {
			absent = name
			where, tree := "first", a
			if hasB {
				where, tree = "second", b
			}
			found = append(found, difference{name, presence, fmt.Sprintf("in the %s only: %s", where, describe(tree, name, names[name]))})
			continue
		}
		more, err := compareFiles(name, a, fa, b, fb)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// entries are the files of a tree by their names in it, but not the tree itself.
func entries(tree string) (map[string]fs.FileInfo, error) {
	all := map[string]fs.FileInfo{}
	err := filepath.WalkDir(tree, func(full string, entry fs.DirEntry, err error) error {
		if err != nil || full == tree {
			return err
		}
		name, err := filepath.Rel(tree, full)
		if err != nil {
			return err
		}
		all[name], err = entry.Info()
		return err
	})
	return all, err
}

func compareFiles(name, a string, fa fs.FileInfo, b string, fb fs.FileInfo) (found []difference, err error) {
	add := func(aspect aspect, format string, args ...any) {
		found = append(found, difference{name, aspect, fmt.Sprintf(format, args...)})
	}
	if fa.Mode().Type() != fb.Mode().Type() {
		add(kind, "%s, %s", describe(a, name, fa), describe(b, name, fb))
		return found, nil
	}
	pa, pb := filepath.Join(a, name), filepath.Join(b, name)
	if fa.Mode().Type() == fs.ModeSymlink {
		la, err := os.Readlink(pa)
		if err != nil {
			return nil, err
		}
		lb, err := os.Readlink(pb)
		if err != nil {
			return nil, err
		}
		if la != lb {
			add(target, "%s, %s", la, lb)
		}
		return found, nil
	}
	if fa.Mode() != fb.Mode() {
		add(mode, "%v, %v", fa.Mode(), fb.Mode())
	}
	sa, sb := fa.Sys().(*syscall.Stat_t), fb.Sys().(*syscall.Stat_t)
	if sa.Uid != sb.Uid || sa.Gid != sb.Gid {
		add(owner, "%d:%d, %d:%d", sa.Uid, sa.Gid, sb.Uid, sb.Gid)
	}
	if fa.Mode().IsRegular() {
		ta, err := os.ReadFile(pa)
		if err != nil {
			return nil, err
		}
		tb, err := os.ReadFile(pb)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(ta, tb) {
			// It ends with status 1 where files differ, as these do.
			said, _ := exec.Command("diff", "-u", "--label", "first", "--label", "second", pa, pb).Output()
			add(content, "\n%s", firstLines(string(said), 30))
		}
	}
	return found, nil
}

// describe tells what a file is that has nothing to be compared with.
func describe(tree, name string, info fs.FileInfo) string {
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		to, _ := os.Readlink(filepath.Join(tree, name))
		return "link to " + to
	case 0:
		return fmt.Sprintf("file, %d bytes", info.Size())
	default:
		return info.Mode().String()
	}
}

func firstLines(text string, count int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[:min(len(lines), count)], "")
}

func TestCompareEtc(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	write := func(tree, name, text string, mode os.FileMode) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(tree, name), []byte(text), mode))
	}
	for _, tree := range []string{a, b} {
		write(tree, "same", "x", 0o644)
		write(tree, "mode", "x", 0o644)
		write(tree, "owner", "x", 0o644)
		write(tree, "ssh/ssh_host_key", tree, 0o600)
		require.NoError(t, os.Symlink(tree, filepath.Join(tree, "link")))
	}
	require.NoError(t, os.Chmod(filepath.Join(b, "mode"), 0o600))
	require.NoError(t, os.Chown(filepath.Join(b, "owner"), 1, 2))
	write(a, "gone/deep/file", "", 0o644)
	write(a, "type", "", 0o644)
	require.NoError(t, os.Mkdir(filepath.Join(b, "type"), 0o755))
	write(b, "type/below", "", 0o644)
	write(b, "new", "12", 0o644)

	found, err := differences(a, b)
	require.NoError(t, err)
	// Of a content the first line is enough here: the rest is diff's.
	var said []string
	for _, d := range found {
		said = append(said, strings.SplitN(d.String(), "\n", 2)[0])
	}
	assert.Equal(t, []string{
		"gone: presence: in the first only: drwxr-xr-x",
		"link: link target: " + a + ", " + b,
		"mode: mode: -rw-r--r--, -rw-------",
		"new: presence: in the second only: file, 2 bytes",
		"owner: owner: 0:0, 1:2",
		"ssh/ssh_host_key: content: ",
		"type: type: file, 0 bytes, drwxr-xr-x",
		"type/below: presence: in the second only: file, 0 bytes",
	}, said)

	left := complaints(found, []allowance{
		{"ssh/ssh_host_*", content, "keys are random"},
		{"type", kind, "it is"},
		{"type", presence, "it is"},
		{"mode", content, "its mode is not its content"},
		{"n?w", presence, "it is new"},
		{"gone", presence, "it is gone"},
		{"link", target, "it is"},
		{"o*", owner, "it is"},
	})
	assert.Equal(t, []string{
		"mode: mode: -rw-r--r--, -rw-------",
		"mode: no difference in content, which is allowed because its mode is not its content",
	}, left)
	same, err := differences(a, a)
	require.NoError(t, err)
	assert.Empty(t, same)
}
