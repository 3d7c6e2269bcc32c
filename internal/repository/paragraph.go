package repository

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine of an index, in bytes. The longest in Debian's archive are Provides of some 50 KiB.
const maxLine = 4 << 20

// scanBuffer is how much of an index is read at once, in bytes.
const scanBuffer = 256 << 10

// scanRecords reads the paragraphs of a Packages file (deb822(5)) and passes on each package's
// record, in a buffer that the next one overwrites. It holds one paragraph at a time.
func scanRecords(r io.Reader, yield func([]byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, scanBuffer), maxLine)
	var paragraph [fieldCount][]byte
	var text []byte
	current, number := -1, 0
	start := 0 // line of the paragraph's first field; 0 outside paragraphs
	flush := func() error {
		if start == 0 {
			return nil
		}
		if len(paragraph[fieldName]) == 0 {
			return fmt.Errorf("the paragraph at line %d has no field Package", start)
		}
		text = text[:0]
		for i := range paragraph {
			text = append(append(text, paragraph[i]...), '\n')
			paragraph[i] = paragraph[i][:0]
		}
		current, start = -1, 0
		return yield(text)
	}
	for lines.Scan() {
		number++
		line := lines.Bytes()
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			if err := flush(); err != nil {
				return err
			}
		case line[0] == ' ' || line[0] == '\t':
			if start == 0 {
				return fmt.Errorf("line %d continues no field", number)
			}
			if current >= 0 {
				paragraph[current] = append(append(paragraph[current], ' '), bytes.TrimSpace(line)...)
			}
		default:
			name, value, found := bytes.Cut(line, []byte(":"))
			if !found {
				return fmt.Errorf("line %d is no field: it has no colon", number)
			}
			if start == 0 {
				start = number
			}
			if current = recordField(name); current >= 0 {
				paragraph[current] = append(paragraph[current][:0], bytes.TrimSpace(value)...)
			}
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return fmt.Errorf("line %d is longer than %d bytes", number+1, maxLine)
		}
		return err
	}
	return flush()
}

// recordField is a field's place in a record; -1 for one that is not kept.
func recordField(name []byte) int {
	for i, field := range recordFields {
		if len(field) == len(name) && bytes.EqualFold(name, []byte(field)) {
			return i
		}
	}
	return -1
}

// field is one of a small paragraph. Lines are those that continue it, without their indentation.
type field struct {
	name  string // lower case
	value string
	lines []string
}

// paragraphs reads a small deb822 text whole: a Release file, apt's sources. Lines that start with
// # are comments; what is no field is reported with its line.
func paragraphs(text string) ([][]field, error) {
	var all [][]field
	var fields []field
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimRight(line, " \t\r")
		switch {
		case line == "":
			if len(fields) > 0 {
				all, fields = append(all, fields), nil
			}
		case line[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			if len(fields) == 0 {
				return nil, fmt.Errorf("line %d continues no field", number)
			}
			last := &fields[len(fields)-1]
			last.lines = append(last.lines, strings.TrimSpace(line))
		default:
			name, value, found := strings.Cut(line, ":")
			if !found {
				return nil, fmt.Errorf("line %d is no field: it has no colon", number)
			}
			fields = append(fields, field{name: strings.ToLower(name), value: strings.TrimSpace(value)})
		}
	}
	if len(fields) > 0 {
		all = append(all, fields)
	}
	return all, nil
}
