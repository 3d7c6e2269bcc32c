package disk

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is the head of one for UEFI; the table of certificates is where and size say.
func program(where, size uint32) []byte {
	head := make([]byte, 4096)
	copy(head, "MZ")
	const pe = 0x80
	binary.LittleEndian.PutUint32(head[0x3c:], pe)
	copy(head[pe:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(head[pe+24:], 0x20b)
	binary.LittleEndian.PutUint32(head[pe+24+108:], 6)
	binary.LittleEndian.PutUint32(head[pe+24+112+32:], where)
	binary.LittleEndian.PutUint32(head[pe+24+112+36:], size)
	return head
}

func TestUnsignedKernels(t *testing.T) {
	without := program(0, 0)
	few := program(0x1000, 8)
	few[0x80+24+108] = 4
	for name, c := range map[string]struct {
		head   []byte
		signed bool
	}{
		"signed":              {program(0x100000, 1480), true},
		"not signed":          {without, false},
		"without such places": {few, false},
		"an old kernel":       {[]byte("\x1f\x8b\x08"), false},
		"empty":               {nil, false},
		"cut short":           {program(0x100000, 1480)[:0x80+24+112+39], false},
	} {
		got, err := unsignedKernels("vmlinuz-6.1.0-50-amd64 " + hex.EncodeToString(c.head) + "\n")
		require.NoError(t, err, name)
		assert.Equal(t, c.signed, len(got) == 0, name)
		if !c.signed {
			assert.Equal(t, []string{"/boot/vmlinuz-6.1.0-50-amd64"}, got)
		}
	}
	_, err := unsignedKernels("vmlinuz-6 4x\n")
	require.ErrorContains(t, err, "/boot/vmlinuz-6")
}

func FuzzHasSignature(f *testing.F) {
	f.Add(program(1, 1))
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if hasSignature(head) && len(head) < 0x3c {
			t.Error("a signature in so few bytes")
		}
	})
}
