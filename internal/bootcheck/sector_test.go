package bootcheck

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// How a boot sector ends.
var (
	resets = []byte{0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd} // mov al,fe; out 64,al; hlt; jmp hlt
	hangs  = []byte{0xf4, 0xeb, 0xfd}                         // hlt; jmp hlt
)

// bootSector makes a disk of one sector whose program writes a text to each serial port and ends: as
// real a guest as any, in half a second.
func bootSector(t *testing.T, console, report string, end []byte) string {
	t.Helper()
	const origin = 0x7c00
	program := []byte{
		0x31, 0xc0, 0x8e, 0xd8, 0xfc, // xor ax,ax; mov ds,ax; cld
		0xba, 0xf8, 0x03, 0xbe, 0, 0, 0xe8, 0, 0, // mov dx,3f8; mov si,console; call print
		0xba, 0xf8, 0x02, 0xbe, 0, 0, 0xe8, 0, 0, // mov dx,2f8; mov si,report; call print
	}
	program = append(program, end...)
	printing := len(program)
	program = append(program, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8, 0xc3) // lodsb; test al,al; jz ret; out dx,al; jmp; ret
	texts := origin + len(program)
	program = append(program, console+"\x00"+report+"\x00"...)
	word := func(at, value int) { program[at], program[at+1] = byte(value), byte(value>>8) }
	word(9, texts)
	word(12, printing-14)
	word(18, texts+len(console)+1)
	word(21, printing-23)
	require.LessOrEqual(t, len(program), 510)

	disk := bytes.Repeat([]byte{0}, 1<<20)
	copy(disk, program)
	copy(disk[510:], "\x55\xaa")
	path := filepath.Join(t.TempDir(), "disk,with a comma.raw")
	require.NoError(t, os.WriteFile(path, disk, 0o400))
	return path
}

// framed is a report as ask.py writes it.
func framed(t *testing.T, answers any) string {
	t.Helper()
	data, err := json.Marshal(answers)
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	return "-----BEGIN AIRSHIP BOOT REPORT-----\n" + base64.StdEncoding.EncodeToString(data) +
		"\n-----END AIRSHIP BOOT REPORT " + hex.EncodeToString(sum[:]) + "-----\n"
}
