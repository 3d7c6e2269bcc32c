// Package deb reads binary Debian packages (deb(5)).
//
// The path of a .deb goes in; its control paragraph and the stream of its data archive come out.
// What the archive's files mean, and whether the .deb may be trusted, is the caller's business.
package deb

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
)

// maxControl bounds the control paragraph, in bytes; the archive's largest is some 20 KiB.
const maxControl = 1 << 20

// File is an open .deb. Its methods may be called concurrently and repeatedly.
type File struct {
	file    *os.File
	control member
	data    member
}

// Open opens the .deb at path and checks its outer shape: format version 2, a control archive and
// a data archive, neither of them truncated.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f, err := read(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read package %s: %w", path, err), file.Close())
	}
	return f, nil
}

func read(file *os.File) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	all, err := members(file, info.Size())
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	f.control, f.data, err = locate(file, all)
	return f, err
}

// locate finds the control and the data archive. deb(5): debian-binary first, then control.tar*,
// then data.tar*; members whose names start with an underscore are skipped.
func locate(r io.ReaderAt, all []member) (control, data member, err error) {
	if len(all) == 0 || all[0].name != "debian-binary" {
		return control, data, errors.New("not a Debian package: its first member is not debian-binary")
	}
	version := make([]byte, min(all[0].size, 16))
	if _, err := r.ReadAt(version, all[0].offset); err != nil && !errors.Is(err, io.EOF) {
		return control, data, err
	}
	if !strings.HasPrefix(string(version), "2.") {
		return control, data, fmt.Errorf("package format %q is not 2.x", strings.TrimSpace(string(version)))
	}
	for _, m := range all[1:] {
		switch {
		case strings.HasPrefix(m.name, "control.tar") && control.name == "":
			control = m
		case strings.HasPrefix(m.name, "data.tar") && data.name == "":
			data = m
		}
	}
	if control.name == "" {
		return control, data, errors.New("no member control.tar")
	}
	if data.name == "" {
		return control, data, errors.New("no member data.tar")
	}
	return control, data, nil
}

// Control is the text of the package's control paragraph (deb-control(5)), without trailing
// blank lines and ending in a newline.
func (f *File) Control() (string, error) {
	stream, err := f.open(f.control)
	if err != nil {
		return "", err
	}
	text, err := findControl(tar.NewReader(stream))
	if err != nil {
		err = fmt.Errorf("read %s of %s: %w", f.control.name, f.file.Name(), err)
	}
	return text, errors.Join(err, stream.Close())
}

func findControl(archive *tar.Reader) (string, error) {
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return "", errors.New("it holds no file named control")
		}
		if err != nil {
			return "", err
		}
		if path.Clean(header.Name) != "control" || header.Typeflag != tar.TypeReg {
			continue
		}
		if header.Size > maxControl {
			return "", fmt.Errorf("the control paragraph has %d bytes, more than %d", header.Size, maxControl)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return "", err
		}
		return strings.TrimRight(string(text), "\n") + "\n", nil
	}
}

// Data is the package's data archive: a decompressed tar stream. The caller closes it; several may
// be open at a time.
func (f *File) Data() (io.ReadCloser, error) { return f.open(f.data) }

func (f *File) open(m member) (io.ReadCloser, error) {
	_, extension, _ := strings.Cut(m.name, ".tar")
	stream, err := compression.NewReader(io.NewSectionReader(f.file, m.offset, m.size), extension)
	if err != nil {
		return nil, fmt.Errorf("open %s of %s: %w", m.name, f.file.Name(), err)
	}
	return stream, nil
}

// Close ends the reading of the package; streams of Data may not be read after it.
func (f *File) Close() error { return f.file.Close() }
