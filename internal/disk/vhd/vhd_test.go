package vhd

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/disktest"
)

var options = Options{
	ID:      uuid.MustParse("01234567-89ab-8def-8123-456789abcdef"),
	Created: time.Date(2000, 1, 2, 0, 0, 1, 0, time.UTC),
}

// The whole footer of a disk of 19 GiB, field by field of the specification.
func TestFooter(t *testing.T) {
	want := make([]byte, 512)
	copy(want, "conectix"+
		"\x00\x00\x00\x02"+ // features: reserved, always set
		"\x00\x01\x00\x00"+ // file format version
		"\xff\xff\xff\xff\xff\xff\xff\xff"+ // data offset of a fixed disk
		"\x00\x01\x51\x81"+ // time stamp: a day and a second
		"win "+"\x00\x0a\x00\x00"+"Wi2k"+
		"\x00\x00\x00\x04\xc0\x00\x00\x00"+ // original size
		"\x00\x00\x00\x04\xc0\x00\x00\x00"+ // current size
		"\x9a\x69\x10\x3f"+ // 39529 cylinders, 16 heads, 63 sectors
		"\x00\x00\x00\x02"+ // fixed
		"\xff\xff\xe6\x63"+ // checksum
		"\x01\x23\x45\x67\x89\xab\x8d\xef\x81\x23\x45\x67\x89\xab\xcd\xef"+
		"\x00") // not in a saved state
	assert.Equal(t, want, footer(19<<30, options))
}

func TestGeometry(t *testing.T) {
	for total, want := range map[int64][3]int{
		2048:                   {30, 4, 17},      // 1 MiB
		17 * 4 * 1023:          {1023, 4, 17},    // the last with 4 heads
		65535*16*255 + 1:       {65535, 16, 255}, // more than can be told
		65535 * 16 * 63:        {16191, 16, 255},
		65535*16*63 - 1:        {65534, 16, 63},
		19 << 30 / 512:         {39529, 16, 63},
		2040 * (1 << 30 / 512): {65535, 16, 255},
	} {
		cylinders, heads, sectors := geometry(total)
		assert.Equal(t, want, [3]int{int(cylinders), int(heads), int(sectors)}, "%d sectors", total)
	}
}

// A footer of QEMU's must have the checksum and, as its size is a whole number of cylinders, the geometry that we give it.
func TestQEMUsFooter(t *testing.T) {
	for _, size := range []string{"1M", "300M", "600M", "3G", "19G", "140G"} {
		image := filepath.Join(t.TempDir(), "disk.vhd")
		output, err := exec.Command("qemu-img", "create", "-f", "vpc", "-o", "subformat=fixed", image, size).CombinedOutput()
		require.NoError(t, err, "%s", output)
		file, err := os.Open(image)
		require.NoError(t, err)
		defer file.Close()
		info, err := file.Stat()
		require.NoError(t, err)
		f := make([]byte, footerSize)
		_, err = file.ReadAt(f, info.Size()-footerSize)
		require.NoError(t, err)
		assert.Equal(t, binary.BigEndian.Uint32(f[checksumAt:]), checksum(f), size)
		cylinders, heads, sectors := geometry(int64(binary.BigEndian.Uint64(f[currentSizeAt:])) / sector)
		assert.Equal(t, f[geometryAt:geometryAt+4], []byte{byte(cylinders >> 8), byte(cylinders), heads, sectors}, size)
	}
}

func TestTimeStampStaysInRange(t *testing.T) {
	assert.Zero(t, timeStamp(time.Unix(0, 0)))
	assert.Equal(t, uint32(1<<32-1), timeStamp(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// QEMU must take the size, not the geometry, which covers less.
func TestSizeIsNotTheGeometrys(t *testing.T) {
	for _, mib := range []int64{1, 7, 129, 8191} {
		raw := disktest.Raw(t, mib*disktest.MiB, nil)
		dst, err := os.Create(filepath.Join(t.TempDir(), "disk.vhd"))
		require.NoError(t, err)
		require.NoError(t, Write(context.Background(), dst, disktest.Open(t, raw), options))
		require.NoError(t, dst.Close())
		output, err := exec.Command("qemu-img", "info", "-f", "vpc", "--output=json", dst.Name()).Output()
		require.NoError(t, err)
		var info struct {
			Size int64 `json:"virtual-size"`
		}
		require.NoError(t, json.Unmarshal(output, &info))
		assert.Equal(t, mib*disktest.MiB, info.Size)
	}
}
