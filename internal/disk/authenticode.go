package disk

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// headLength is how much of a program has its headers, bytes.
const headLength = "4096"

// unsignedKernels are the files in /boot, of lines NAME HEX, whose headers tell of no signature.
func unsignedKernels(heads string) ([]string, error) {
	var unsigned []string
	for line := range strings.Lines(heads) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		head, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("read /boot/%s: %w", name, err)
		}
		if !hasSignature(head) {
			unsigned = append(unsigned, "/boot/"+name)
		}
	}
	return unsigned, nil
}

// hasSignature tells from the first bytes of a program for UEFI whether it has a table of certificates: the fifth
// entry of the optional header's data directories (PE Format, "Optional Header Data Directories", and Windows
// Authenticode Portable Executable Signature Format). Whose they are, and whether they fit, firmware finds out.
func hasSignature(head []byte) bool {
	const (
		offsetOfPE    = 0x3c
		optional      = 24  // from PE
		directories   = 112 // from the optional header of 64 bits
		certificates  = 4   // its place among the directories
		plus          = 0x20b
		directorySize = 8
	)
	little := binary.LittleEndian
	if len(head) < offsetOfPE+4 || string(head[:2]) != "MZ" {
		return false
	}
	pe := int64(little.Uint32(head[offsetOfPE:]))
	end := pe + optional + directories + (certificates+1)*directorySize
	if end > int64(len(head)) || string(head[pe:pe+4]) != "PE\x00\x00" {
		return false
	}
	header := head[pe+optional:]
	if little.Uint16(header) != plus || little.Uint32(header[directories-4:]) <= certificates {
		return false
	}
	entry := header[directories+certificates*directorySize:]
	return little.Uint32(entry) != 0 && little.Uint32(entry[4:]) != 0
}
