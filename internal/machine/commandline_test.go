package machine

import (
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommandLine(t *testing.T) {
	line, send := commandLine(Command{
		Args:   []string{"apt-get", "install", "it's"},
		Env:    []string{"TOKEN=a=b", "TMPDIR=/var/tmp", "EMPTY="},
		Chroot: true,
	})
	assert.True(t, strings.HasPrefix(line, "exec 'env' '-u' 'USER' "), line)
	assert.True(t, strings.HasSuffix(line,
		` 'HOME=/root' 'TMPDIR=/var/tmp' 'chroot' '/target' 'apt-get' 'install' 'it'\''s'`), line)
	assert.Equal(t, []variable{{"TOKEN", "a=b"}, {"EMPTY", ""}}, send)
	assert.NotContains(t, line, "TOKEN", "every user of the host can read a command line")
}

func TestQuote(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // which has no POSIX shell; the line is for one in the machine
	}
	args := []string{"", "a b", "it's", `\`, "$HOME `id` *", "new\nline", "-n", "é\x01"}
	out, err := exec.Command("sh", "-c", "printf '%s|' "+Quote(args...)).Output()
	require.NoError(t, err)
	assert.Equal(t, strings.Join(args, "|")+"|", string(out))
}

func TestUnixMode(t *testing.T) {
	assert.Equal(t, uint32(0o644), unixMode(0o644))
	assert.Equal(t, uint32(0o4755), unixMode(fs.ModeSetuid|0o755))
	assert.Equal(t, uint32(0o3777), unixMode(fs.ModeSetgid|fs.ModeSticky|0o777))
}

func TestServerFiles(t *testing.T) {
	keys, err := NewCredentials()
	require.NoError(t, err)
	files, err := ServerFiles(keys, []string{`http_proxy=http://me:p"w\d@proxy:3128`})
	require.NoError(t, err)
	require.Len(t, files, 4)

	toolbox, target := string(files["/run/airship/sshd_toolbox"]), string(files["/run/airship/sshd_target"])
	assert.Contains(t, toolbox, "\nAcceptEnv *\n")
	assert.NotContains(t, toolbox, "ChrootDirectory")
	assert.Contains(t, target, "\nChrootDirectory /target\n")
	assert.NotContains(t, target, "AcceptEnv")
	for _, config := range []string{toolbox, target} {
		assert.Contains(t, config, `"LC_ALL=C.UTF-8" "TMPDIR=/tmp" "http_proxy=http://me:p\"w\\d@proxy:3128"`+"\n")
	}

	_, err = ServerFiles(keys, []string{"http_proxy=a\nPermitRootLogin yes"})
	require.EqualError(t, err, "the value of http_proxy has a line break")
}

func TestNewCredentialsAreNew(t *testing.T) {
	a, err := NewCredentials()
	require.NoError(t, err)
	b, err := NewCredentials()
	require.NoError(t, err)
	assert.NotEqual(t, a.AuthorizedKey(), b.AuthorizedKey())
	assert.NotEqual(t, a.KnownHost(), b.KnownHost())
}
