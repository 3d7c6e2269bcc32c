package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// maxIndex bounds a decompressed index, in bytes; Debian's largest has some 60 MB.
const maxIndex = 1 << 30

// listedIndex is the Packages file in a directory, relative to InRelease.
func (r *Release) listedIndex(directory string) (IndexFile, bool) {
	for _, extension := range compression.Extensions() {
		name := path.Join(directory, "Packages"+extension)
		if file, found := r.files[name]; found {
			return IndexFile{Path: name, Extension: extension, Size: file.size, SHA256: file.sha256}, true
		}
	}
	return IndexFile{}, false
}

// byHashPath is where an archive keeps an index under its hash as well, so that an index that is
// being replaced never disagrees with the InRelease fetched a moment ago.
func (f IndexFile) byHashPath() string {
	return path.Join(path.Dir(f.Path), "by-hash", "SHA256", f.SHA256)
}

func (r *Release) fetchIndices(ctx context.Context, fetcher Fetcher, files Store) error {
	items := make([]store.Item, len(r.Indices))
	for i, index := range r.Indices {
		items[i] = r.indexItem(index, r.byHash)
	}
	err := fetcher.Fetch(ctx, items)
	if err != nil && r.byHash && notFound(err) {
		// Partial mirrors leave by-hash out.
		for i, index := range r.Indices {
			items[i] = r.indexItem(index, false)
		}
		err = fetcher.Fetch(ctx, items)
	}
	var mismatch *store.MismatchError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("an index is not the one that InRelease lists; the mirror is being updated (try again in some minutes) or was tampered with: %w", err)
	}
	if err != nil {
		err = fmt.Errorf("fetch indices: %w", err)
		if notFound(err) {
			// Release files of Ubuntu name the architectures of its archive and of its ports alike.
			return fmt.Errorf("%w; what InRelease lists for %s is not there: use a mirror that carries this architecture "+
				"(Ubuntu's archive has amd64, its ports, at other addresses, arm64)", err, r.Architecture)
		}
		return err
	}
	for i := range r.Indices {
		file, found := files.Path(r.Indices[i].SHA256)
		if !found {
			return fmt.Errorf("%s is missing from the store after it was fetched", r.Indices[i].Path)
		}
		r.Indices[i].File = file
	}
	return nil
}

func (r *Release) indexItem(index IndexFile, byHash bool) store.Item {
	from := index.Path
	if byHash {
		from = index.byHashPath()
	}
	return store.Item{
		Name: index.Path + " of " + r.Source.Name, URL: r.Source.distsURL(from),
		SHA256: index.SHA256, Size: index.Size,
	}
}

// records passes on every package of the release's indices, each with its index's place among
// them, in a buffer that the next overwrites.
func (r *Release) records(yield func(file int, text []byte) error) error {
	for i, index := range r.Indices {
		if err := index.records(func(text []byte) error { return yield(i, text) }); err != nil {
			return fmt.Errorf("%s: read %s: %w", r.Source.label(), index.Path, err)
		}
	}
	return nil
}

func (f IndexFile) records(yield func([]byte) error) error {
	file, err := os.Open(f.File)
	if err != nil {
		return err
	}
	plain, err := compression.NewReader(file, f.Extension)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	ahead, end := decodeAhead(&bounded{reader: plain, left: maxIndex})
	err = scanRecords(ahead, yield)
	end()
	return errors.Join(err, plain.Close(), file.Close())
}

// decodeAhead reads from plain what the caller wants next while the caller works on what it got:
// decoding takes most of the time. Nothing is read after end has returned.
func decodeAhead(plain io.Reader) (ahead io.Reader, end func()) {
	reader, writer := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := io.CopyBuffer(writer, plain, make([]byte, scanBuffer))
		writer.CloseWithError(err)
	}()
	return reader, func() {
		reader.Close()
		<-done
	}
}

// bounded reads no more than left bytes: a compressed index can hold a thousand times its size.
type bounded struct {
	reader io.Reader
	left   int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, fmt.Errorf("more than %d bytes when decompressed", maxIndex)
	}
	return n, err
}
