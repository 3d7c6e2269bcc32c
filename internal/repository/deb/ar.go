package deb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The archive format of ar(5), as deb(5) restricts it: no long names, no symbol table.
const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
	arHeaderEnd  = "`\n"
	// maxMembers bounds the work on a malformed file; a .deb has three, a signed one a few more.
	maxMembers = 64
)

// member is one file inside an ar archive.
type member struct {
	name   string
	offset int64 // of its content, from the archive's start
	size   int64 // bytes
}

// members lists what the archive r of the given size holds, in order.
func members(r io.ReaderAt, size int64) ([]member, error) {
	magic := make([]byte, len(arMagic))
	if _, err := r.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) != arMagic {
		return nil, errors.New("not a Debian package: no ar archive")
	}
	var all []member
	for offset := int64(len(arMagic)); offset < size; {
		if len(all) == maxMembers {
			return nil, fmt.Errorf("more than %d members", maxMembers)
		}
		header := make([]byte, arHeaderSize)
		if _, err := r.ReadAt(header, offset); err != nil {
			return nil, fmt.Errorf("truncated at byte %d: no whole member header", offset)
		}
		m, err := parseHeader(header)
		if err != nil {
			return nil, fmt.Errorf("member header at byte %d: %w", offset, err)
		}
		m.offset = offset + arHeaderSize
		if m.size > size-m.offset {
			return nil, fmt.Errorf("truncated: member %s has %d of %d bytes", m.name, size-m.offset, m.size)
		}
		all = append(all, m)
		offset = m.offset + m.size + m.size%2 // members start at even offsets
	}
	return all, nil
}

// parseHeader reads a member's name and size; the columns are name 16, date 12, owner 6, group 6,
// mode 8, size 10 and the end mark 2.
func parseHeader(header []byte) (member, error) {
	if !bytes.HasSuffix(header, []byte(arHeaderEnd)) {
		return member{}, errors.New("wrong end mark")
	}
	name := strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
	size, err := strconv.ParseInt(strings.TrimSpace(string(header[48:58])), 10, 64)
	if err != nil || size < 0 {
		return member{}, fmt.Errorf("member %q has size %q", name, header[48:58])
	}
	return member{name: name, size: size}, nil
}
