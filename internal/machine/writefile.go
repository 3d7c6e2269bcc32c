package machine

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
)

// writeScript writes stdin to the file $1 with mode $2. The file appears complete.
const writeScript = `set -eu
case $1 in */*) mkdir -p -- "${1%/*}/" ;; esac
new=$(mktemp -- "$1.XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
cat > "$new"
chown 0:0 -- "$new"
chmod "$2" -- "$new"
mv -fT -- "$new" "$1"`

// WriteFile is Machine.WriteFile.
func (s *Session) WriteFile(ctx context.Context, path string, mode fs.FileMode, data []byte) error {
	err := s.Run(ctx, Command{
		Args:  []string{"sh", "-c", writeScript, "write", path, fmt.Sprintf("%o", unixMode(mode))},
		Stdin: bytes.NewReader(data),
	})
	if err != nil {
		return fmt.Errorf("write %s in the machine: %w", path, err)
	}
	return nil
}

// unixMode is mode as chmod(1) takes it.
func unixMode(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for from, to := range map[fs.FileMode]uint32{
		fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000,
	} {
		if mode&from != 0 {
			bits |= to
		}
	}
	return bits
}
