package machinetest

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// disk makes disks, writes to them, turns m off and reads the last one on the host.
func disk(t *testing.T, m machine.Machine) {
	// sizes are the last disk's as two programs see it, and how many of its bytes are not zero.
	sizes := func() string {
		return Shell(t, m, "echo $(wc -c <"+machine.Disk+") $(sfdisk --show-size "+machine.Disk+") $(tr -d '\\0' <"+machine.Disk+" | wc -c)")
	}
	write := func(text, megabyte string) {
		Shell(t, m, "printf "+text+" | dd of="+machine.Disk+" bs=1M seek="+megabyte+" conv=notrunc status=none")
	}
	const mib = 1 << 20
	require.NoError(t, m.NewDisk(t.Context(), 3*mib))
	assert.Equal(t, "3145728 3072 0", sizes())
	write("earlier", "2")
	assert.Equal(t, "3145728 3072 7", sizes())
	// A smaller one and a larger one, as where a build was not pleased with the first.
	require.NoError(t, m.NewDisk(t.Context(), 2*mib+512))
	assert.Equal(t, "2097664 2048 0", sizes())
	write("earlier", "1")
	require.NoError(t, m.NewDisk(t.Context(), 4*mib))
	assert.Equal(t, "4194304 4096 0", sizes(), "nothing of what was there")

	const size = 5000 * mib
	require.NoError(t, m.NewDisk(t.Context(), size))
	write("first", "0")
	write("last", "4999")
	// Without a sync: that is PowerOff's.
	path, err := m.PowerOff(t.Context())
	require.NoError(t, err)

	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	info, err := file.Stat()
	require.NoError(t, err)
	assert.EqualValues(t, size, info.Size())
	read := func(at int64) string {
		data, err := io.ReadAll(io.NewSectionReader(file, at, mib))
		require.NoError(t, err)
		return strings.TrimRight(string(data), "\x00")
	}
	assert.Equal(t, "first", read(0))
	assert.Empty(t, read(2*mib))
	assert.Equal(t, "last", read(4999*mib))
	taken, err := exec.Command("du", "-m", path).Output()
	require.NoError(t, err)
	assert.Regexp(t, `^\d\t`, string(taken), "its zeros take no room")
}
