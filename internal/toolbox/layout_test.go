package toolbox

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func toLink(target string) node { return node{kind: fs.ModeSymlink, target: target} }

func TestLayoutResolve(t *testing.T) {
	l := layout{
		".":   {kind: fs.ModeDir},
		"usr": {kind: fs.ModeDir}, "usr/bin": {kind: fs.ModeDir}, "usr/bin/env": {},
		"bin": toLink("usr/bin"), "sbin": toLink("bin"), "usr/up": toLink("../usr/bin"),
		"abs": toLink("/usr"), "out": toLink("../usr"), "away": toLink(".."), "loop": toLink("loop"),
		"top": toLink("usr/.."), "two": toLink("top/.."),
	}
	for name, want := range map[string]string{
		".": ".", "bin": "bin", "bin/env": "usr/bin/env", "sbin/env": "usr/bin/env", "usr/up/env": "usr/bin/env",
		"top/usr/x": "usr/x", "no/such/file": "no/such/file", "bin/no/such": "usr/bin/no/such",
	} {
		got, err := l.resolve(name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	for name, want := range map[string]string{
		"abs/x": "the link abs leads out of the tree", "out/x": "a link leads out of the tree",
		"away/x": "a link leads out of the tree", "loop/x": "too many links", "two/x": "a link leads out of the tree",
		"bin/env/x": "usr/bin/env is not a directory",
	} {
		_, err := l.resolve(name)
		assert.EqualError(t, err, want, name)
	}
	assert.Equal(t, []string{"a", "a/b"}, l.missing("a/b/c"))
	assert.Empty(t, l.missing("usr/bin/x"))
	assert.Empty(t, l.missing("x"))
}

// FuzzLayout: wherever links lead, a resolved name lies below the root and no link is on the way to it.
func FuzzLayout(f *testing.F) {
	f.Add("a", "..", "a/b", "../..", "a/b/c")
	f.Add("a", "b", "b", "a", "b/c")
	f.Add("a", "/", "b", "a/../..", "b/c/../d")
	f.Fuzz(func(t *testing.T, name1, target1, name2, target2, asked string) {
		l := newLayout()
		for name, target := range map[string]string{name1: target1, name2: target2} {
			if name, err := entryName(name); err == nil && name != "." {
				l[name] = toLink(target)
			}
		}
		asked, err := entryName(asked)
		if err != nil {
			return
		}
		got, err := l.resolve(asked)
		if err != nil {
			return
		}
		require.False(t, path.IsAbs(got) || got == ".." || strings.HasPrefix(got, "../"), "%q", got)
		again, err := l.resolve(got)
		require.NoError(t, err)
		assert.Equal(t, got, again)
	})
}
