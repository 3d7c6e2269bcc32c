package disk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listed is find's listing of entries of the fields kind, mode, owner, group, links, inode, time, link, name.
func listed(entries ...[]string) string {
	var all strings.Builder
	for _, e := range entries {
		all.WriteString(strings.Join(e, "\x00") + "\x00")
	}
	return all.String()
}

func file(mode, links, inode, name string) []string {
	return []string{"f", mode, "0", "0", links, inode, "10.0000000020", "", name}
}

func directory(mode, name string) []string {
	return []string{"d", mode, "0", "0", "9", "1:1", "1700000000.1234567890", "", name}
}

func symlink(target, name string) []string {
	return []string{"l", "777", "0", "0", "1", "1:2", "10.0000000000", target, name}
}

func TestPrototype(t *testing.T) {
	p, err := readPrototype(listed(
		directory("755", ""), directory("1777", "tmp"), directory("755", "etc"), directory("700", "with space"),
		file("4755", "1", "1:7", "sudo"), file("2640", "1", "1:8", "etc/a file"), file("600", "1", "1:9", "with space/inner"),
		file("644", "4", "1:10", "twin"), file("644", "4", "1:10", "etc/a twin"), file("644", "4", "1:10", "etc/other twin"),
		file("644", "2", "1:11", "lonely"),
		symlink("/etc/passwd", "etc/link"), symlink("with space", "blank"),
		[]string{"p", "600", "0", "0", "1", "1:3", "-5.0000000000", "", "pipe"}, []string{"s", "600", "0", "0", "1", "1:4", "0.0", "", "socket"},
	), "/target")
	require.NoError(t, err)
	assert.Equal(t, []string{"etc/a file", "etc/a twin", "etc/other twin", "with space/inner"}, p.spaced)
	assert.Equal(t, []string{"etc/other twin"}, p.copied)
	assert.Equal(t, []string{"socket"}, p.left)
	assert.Equal(t, `/
0 0
d--755 0 0
blank l--777 0 0 with_space
etc d--755 0 0
a/file --g640 0 0 /scratch/spaced/0
a/twin ---644 0 0 /scratch/spaced/1
link l--777 0 0 /etc/passwd
other/twin ---644 0 0 /scratch/spaced/2
$
lonely ---644 0 0 /target/lonely
pipe p--600 0 0
sudo -u-755 0 0 /target/sudo
tmp d--777 0 0
$
with/space d--700 0 0
inner ---600 0 0 /scratch/spaced/3
$
$
`, p.text("/scratch/spaced"))
	assert.Equal(t, strings.ReplaceAll(`|755|1700000000123456789|5|||
blank|777|10000000000|1||with space|
etc|755|1700000000123456789|2|||
etc/a file|2640|10000000002|1|||
etc/a twin|644|10000000002|2|||
etc/link|777|10000000000|1|||
etc/other twin|644|10000000002|1|||
lonely|644|10000000002|1|||
pipe|600|-5000000000|1|||
sudo|4755|10000000002|1|||
tmp|1777|1700000000123456789|2|||
twin|644|10000000002|1|etc/a twin||
with space|700|1700000000123456789|2|||
with space/inner|600|10000000002|1|||
`, "\n", ""), strings.ReplaceAll(p.list(), "\x00", "|"))
}

// TestPrototypeOfSpacedRoot has a blank in the path of all files.
func TestPrototypeOfSpacedRoot(t *testing.T) {
	p, err := readPrototype(listed(directory("755", ""), file("644", "1", "1:1", "plain")), "/target/my data")
	require.NoError(t, err)
	assert.Equal(t, "/\n0 0\nd--755 0 0\nplain ---644 0 0 /spaced/0\n$\n", p.text("/spaced"))
}

func TestPrototypeRefuses(t *testing.T) {
	_, err := readPrototype(listed(
		directory("755", ""), []string{"c", "600", "0", "0", "1", "1:1", "0.0", "", "null"},
		symlink(strings.Repeat("a ", 200), "link"), file("600", "1", "1:1", "new\nline"),
	), "/target")
	for _, want := range []string{
		"/null is a device", "the link /link leads to a path of 400 bytes with a blank", `"/new\nline" has a control character`,
	} {
		require.ErrorContains(t, err, want)
	}
	for _, broken := range []string{"f\x00", listed(file("7x5", "1", "1:1", "a")), listed(file("755", "1", "1:1", "a")), listed([]string{"", "", "", "", "", "", "", "", ""})} {
		_, err = readPrototype(broken, "/target")
		require.Error(t, err, broken)
	}
}

func FuzzPrototype(f *testing.F) {
	f.Add(listed(directory("755", ""), file("644", "2", "1:1", "a b"), symlink("x y", "c")))
	f.Fuzz(func(t *testing.T, listing string) {
		p, err := readPrototype(listing, "/target")
		if err != nil {
			return
		}
		assert.Equal(t, 0, strings.Count(p.list(), "\x00")%6)
		assert.True(t, strings.HasSuffix(p.text("/spaced"), "$\n"))
	})
}
