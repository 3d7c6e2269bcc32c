package airship

import (
	"bytes"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

func TestParseFacts(t *testing.T) {
	f, err := parseFacts("Welcome!\nuid=1000\nsudo=works\npython=there\narchitecture=amd64\ndistribution=debian\nsuite=bookworm\nuser=admin\n")
	require.NoError(t, err)
	assert.Equal(t, facts{
		python: true, sudo: "works", user: "admin", architecture: "amd64", distribution: "debian", suite: "bookworm",
	}, f)
	_, err = parseFacts("'echo' is not recognized as an internal or external command\n")
	require.ErrorContains(t, err, "does not answer as a POSIX shell does")
}

// The script runs in any POSIX shell, and answers what parseFacts reads.
func TestProbeScript(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // it is for Linux machines
	}
	cmd := exec.Command("sh", "-s")
	cmd.Stdin = strings.NewReader(probeScript)
	var out bytes.Buffer
	cmd.Stdout = &out
	require.NoError(t, cmd.Run())
	f, err := parseFacts(out.String())
	require.NoError(t, err)
	assert.NotEmpty(t, f.user)
}

func TestFactsCheck(t *testing.T) {
	spec := &v1alpha1.NodeProfileSpec{Distribution: "debian", Suite: "bookworm", Architecture: "amd64"}
	right := facts{root: true, python: true, user: "root", architecture: "amd64", distribution: "debian", suite: "bookworm"}
	require.NoError(t, right.check(spec))

	sudo := right
	sudo.root, sudo.sudo, sudo.user = false, "works", "admin"
	require.NoError(t, sudo.check(spec))

	sudo.sudo = "refuses"
	require.ErrorContains(t, sudo.check(spec), "admin ALL=(ALL) NOPASSWD: ALL")

	other := facts{user: "ec2-user", sudo: "missing", distribution: "fedora", suite: "", architecture: ""}
	err := other.check(spec)
	for _, want := range []string{
		"the machine has no dpkg", "the machine's distribution is fedora, the profile's is debian",
		"the login's user ec2-user is not root and the machine has no sudo",
	} {
		require.ErrorContains(t, err, want, "all at once")
	}
}
