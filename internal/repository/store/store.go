// Package store keeps downloaded files by their SHA-256 and downloads those that are missing.
//
// Items (URL, size, hash) enter; verified files under DIR/sha256/ab/abcdef… leave. Any number of
// processes share a directory, and a kill at any moment leaves no file whose contents are not
// what its name says.
package store

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// Item is a file that is wanted.
type Item struct {
	// Name is what messages call it: bash_5.2.37-2_amd64.deb.
	Name string
	// URL is where it comes from: http, https or file.
	URL string
	// SHA256 is its hash, 64 lower-case hexadecimal digits.
	SHA256 string
	// Size in bytes; 0 where it is not known.
	Size int64
}

// Store is a directory of verified files. Its methods are safe for concurrent use, by several
// processes as well.
//
//	DIR/sha256/ab/abcdef…   complete files
//	DIR/partial/abcdef…     a download under way or broken off; whoever writes holds its flock(2)
//	DIR/partial/put-UUID    bytes of a Put under way
type Store struct{ dir string }

// Open opens the store in dir and makes the directory where there is none. Partial files that
// nobody has continued for a week are removed. An error is a *DiskError.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{dir: dir}
	for _, sub := range []string{s.completeDir(), s.partialDir()} {
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return nil, s.fault(err)
		}
	}
	s.sweep()
	return s, nil
}

func (s *Store) completeDir() string { return filepath.Join(s.dir, "sha256") }
func (s *Store) partialDir() string  { return filepath.Join(s.dir, "partial") }

// final is where the file with that hash lies once it is complete.
func (s *Store) final(sha256 string) string {
	return filepath.Join(s.completeDir(), sha256[:2], sha256)
}

// Path is the absolute path of the file with that hash; false where the store lacks it.
func (s *Store) Path(sha256 string) (string, bool) {
	if !validSHA256(sha256) {
		return "", false
	}
	path := s.final(sha256)
	info, err := os.Lstat(path)
	return path, err == nil && info.Mode().IsRegular()
}

// Open opens the file with that hash for reading. Where the store lacks it the error is
// fs.ErrNotExist.
func (s *Store) Open(sha256 string) (*os.File, error) {
	if !validSHA256(sha256) {
		return nil, fmt.Errorf("store: %q is not a SHA-256: %w", sha256, fs.ErrNotExist)
	}
	file, err := os.Open(s.final(sha256))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return file, nil
}

// Put keeps what r holds and returns its SHA-256. Errors of the store's directory are a *DiskError.
func (s *Store) Put(ctx context.Context, r io.Reader) (sha256 string, err error) {
	part, err := s.acquire(ctx, putPrefix+uuid.NewString(), true)
	if err != nil {
		return "", err
	}
	// Nothing can be continued later: whoever puts has the bytes at hand.
	defer part.discard()
	if err := copyBytes(ctx, part, r); err != nil {
		return "", err
	}
	sha256 = part.sum()
	if s.holds(sha256, part.size) {
		return sha256, nil
	}
	return sha256, part.commit(sha256)
}

// holds reports whether the file is there with that size; a size of 0 is not compared.
func (s *Store) holds(sha256 string, size int64) bool {
	info, err := os.Lstat(s.final(sha256))
	return err == nil && info.Mode().IsRegular() && (size == 0 || info.Size() == size)
}

func validSHA256(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) == 64
}
