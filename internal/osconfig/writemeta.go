package osconfig

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// WriteMeta writes files (by name, as Meta gives them) into MetaDir of the target: owned by root,
// readable by all, dated epoch (seconds since 1970).
func WriteMeta(ctx context.Context, t Target, epoch int64, files map[string][]byte) error {
	archive, err := packMeta(time.Unix(epoch, 0), files)
	if err != nil {
		return fmt.Errorf("pack %s: %w", MetaDir, err)
	}
	// The target's own tar: a symbolic link of the target resolves inside it.
	err = t.Run(ctx, TargetCommand{
		Args: []string{
			"tar", "--extract", "--file=-", "--directory=/",
			"--same-permissions", "--same-owner", "--numeric-owner",
		},
		Stdin: archive,
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", MetaDir, err)
	}
	return nil
}

// packMeta writes the directories and files of MetaDir as a tar archive, in order of name.
func packMeta(modified time.Time, files map[string][]byte) (*bytes.Buffer, error) {
	dir := strings.TrimPrefix(MetaDir, "/")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range []string{path.Dir(dir), dir} {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: modified}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := addFile(w, path.Join(dir, name), 0o644, modified, files[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &archive, nil
}
