package sparse

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mib = 1 << 20

func create(t *testing.T, size int64, parts map[int64][]byte) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	require.NoError(t, file.Truncate(size))
	for at, data := range parts {
		_, err := file.WriteAt(data, at)
		require.NoError(t, err)
	}
	return file
}

func allocated(t *testing.T, file *os.File) int64 {
	t.Helper()
	info, err := file.Stat()
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

func numbers(t *testing.T, disk *Disk, n int64) (numbers []int64) {
	t.Helper()
	require.NoError(t, disk.Each(context.Background(), n, func(number int64, block []byte) error {
		assert.Len(t, block, int(n))
		numbers = append(numbers, number)
		return nil
	}))
	return numbers
}

func TestEachVisitsData(t *testing.T) {
	file := create(t, 8*mib+512, map[int64][]byte{
		mib:              {1},
		2*mib - 4096:     bytes.Repeat([]byte{2}, 8192), // in two blocks
		3 * mib:          make([]byte, mib),             // zeros
		5*mib + 64*1024:  {3},                           // two extents in a block
		5*mib + 900*1024: {4},
		8*mib + 511:      {5},
	})
	disk, err := Open(file, 8*mib+512, nil)
	require.NoError(t, err)
	want := []int64{1, 2, 5, 8}
	assert.Equal(t, want, numbers(t, disk, mib))

	// Without knowing of holes the same.
	data, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	disk, err = Open(bytes.NewReader(data), 8*mib+512, nil)
	require.NoError(t, err)
	assert.Equal(t, want, numbers(t, disk, mib))
}

func TestNothingBehindTheDiskIsRead(t *testing.T) {
	disk, err := Open(create(t, 4*mib, map[int64][]byte{mib: {1}, 3 * mib: {1}}), 2*mib, nil)
	require.NoError(t, err)
	assert.Equal(t, []int64{1}, numbers(t, disk, mib))
}

func TestHolesAreNotRead(t *testing.T) {
	const tib = 1 << 40
	disk, err := Open(create(t, 4*tib, map[int64][]byte{3 * tib: {1}}), 4*tib, nil)
	require.NoError(t, err)
	assert.Equal(t, []int64{3 * tib / mib}, numbers(t, disk, mib))
}

func TestCopyAndWriteDataLeaveHoles(t *testing.T) {
	file := create(t, 64*mib, map[int64][]byte{mib: make([]byte, 32*mib), 40 * mib: {1}})
	disk, err := Open(file, 64*mib, nil)
	require.NoError(t, err)
	copied := create(t, 0, nil)
	require.NoError(t, disk.Copy(context.Background(), copied))
	want, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	got, err := os.ReadFile(copied.Name())
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got))
	assert.LessOrEqual(t, allocated(t, copied), int64(copyBlock))

	written := create(t, mib, nil)
	block := make([]byte, mib)
	block[100_000] = 1
	require.NoError(t, WriteData(written, block, 0))
	got, err = os.ReadFile(written.Name())
	require.NoError(t, err)
	assert.True(t, bytes.Equal(block, got))
	assert.LessOrEqual(t, allocated(t, written), int64(copyBlock))
}

func TestProgress(t *testing.T) {
	var done, total []int64
	disk, err := Open(bytes.NewReader(make([]byte, 40*mib)), 40*mib, func(d, all int64) {
		done, total = append(done, d), append(total, all)
	})
	require.NoError(t, err)
	for at := int64(0); at < 40*mib; at += mib {
		disk.Reached(at)
	}
	assert.Equal(t, []int64{16 * mib, 32 * mib}, done)
	assert.Equal(t, []int64{40 * mib, 40 * mib}, total)
}

func TestWithin(t *testing.T) {
	disk, err := Open(create(t, 8*mib, map[int64][]byte{mib: make([]byte, mib), 4 * mib: {1}}), 8*mib, nil)
	require.NoError(t, err)
	assert.Zero(t, disk.Within(0, mib))
	assert.Equal(t, int64(mib), disk.Within(0, 4*mib))
	assert.Equal(t, int64(mib/2), disk.Within(mib+mib/2, mib))
	assert.Equal(t, disk.Within(0, 8*mib), disk.Within(mib, 7*mib))
}
