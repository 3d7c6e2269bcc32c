package disk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrototype(t *testing.T) {
	listing := strings.Join([]string{
		"d", "755", "0", "0", "", "",
		"d", "1777", "0", "0", "", "tmp",
		"f", "4755", "0", "0", "", "sudo",
		"f", "2640", "0", "42", "", "etc/a file",
		"d", "755", "0", "0", "", "etc",
		"l", "777", "0", "0", "/etc/passwd", "etc/link",
		"d", "700", "1000", "1000", "", "with space",
		"f", "600", "1000", "1000", "", "with space/inner",
	}, "\x00") + "\x00"
	p, err := readPrototype(listing)
	require.NoError(t, err)
	assert.Equal(t, []string{"etc/a file", "with space/inner"}, p.spaced)
	assert.Equal(t, `/
0 0
d--755 0 0
etc d--755 0 0
a/file --g640 0 42 /scratch/spaced/0
link l--777 0 0 /etc/passwd
$
sudo -u-755 0 0 /target/sudo
tmp d--777 0 0
$
with/space d--700 1000 1000
inner ---600 1000 1000 /scratch/spaced/1
$
$
`, p.text("/target", "/scratch/spaced"))
	require.Len(t, p.sticky, 1)
	assert.EqualValues(t, 0o041777, p.sticky[0].kindBits()|p.sticky[0].mode)
}

func TestPrototypeRefuses(t *testing.T) {
	entry := func(fields ...string) string { return strings.Join(fields, "\x00") + "\x00" }
	_, err := readPrototype(entry("p", "600", "0", "0", "", "pipe") + entry("l", "777", "0", "0", "a b", "link") +
		entry("f", "600", "0", "0", "", "new\nline") + entry("d", "1777", "0", "0", "", "my tmp"))
	for _, want := range []string{
		"/pipe is neither a file nor a directory nor a link", `the link /link leads to "a b"`, `"/new\nline" has a control character`,
		"/my tmp has the sticky bit and a blank",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = readPrototype("f\x00")
	require.Error(t, err)
}
