package sparse

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// dataExtents asks the file system where src is not a hole (lseek(2), SEEK_DATA).
func dataExtents(src io.ReaderAt, size int64) ([]extent, error) {
	file, ok := src.(*os.File)
	if !ok {
		return []extent{{0, size}}, nil
	}
	var extents []extent
	for offset := int64(0); offset < size; {
		start, err := file.Seek(offset, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break
		}
		if errors.Is(err, unix.EINVAL) {
			return []extent{{0, size}}, nil // the file system knows no holes
		}
		if err != nil {
			return nil, err
		}
		if start >= size {
			break
		}
		end, err := file.Seek(start, unix.SEEK_HOLE)
		if err != nil {
			return nil, err
		}
		extents = append(extents, extent{start, min(end, size)})
		offset = end
	}
	return extents, nil
}
