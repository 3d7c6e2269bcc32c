package machine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Section is a part of Disk, in bytes.
type Section struct {
	Offset, Size int64
}

// exportAlign is what sections begin at a multiple of, in bytes.
const exportAlign = int64(1) << 20

// exportScript writes the file $1 to the disk $2 at $3 bytes.
const exportScript = `exec dd if="$1" of="$2" bs=1M iflag=fullblock oflag=seek_bytes seek="$3" conv=notrunc,sparse status=none`

// Export makes a new Disk of files of the machine, one behind the other, so that the host gets them by PowerOff.
// The files are removed.
func Export(ctx context.Context, m Machine, files ...string) ([]Section, error) {
	var sizes strings.Builder
	if err := m.Run(ctx, Command{Args: append([]string{"stat", "--format=%s", "--"}, files...), Stdout: &sizes}); err != nil {
		return nil, err
	}
	var sections []Section
	var end int64
	for line := range strings.Lines(sizes.String()) {
		size, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the size of a file: %w", err)
		}
		sections = append(sections, Section{Offset: end, Size: size})
		end += (size + exportAlign - 1) / exportAlign * exportAlign
	}
	if err := m.NewDisk(ctx, max(end, exportAlign)); err != nil {
		return nil, err
	}
	for i, file := range files {
		args := []string{"sh", "-euc", exportScript, "sh", file, Disk, strconv.FormatInt(sections[i].Offset, 10)}
		if err := m.Run(ctx, Command{Args: args}); err != nil {
			return nil, fmt.Errorf("hand %s over: %w", file, err)
		}
		if err := m.Run(ctx, Command{Args: []string{"rm", "-f", "--", file}}); err != nil {
			return nil, err
		}
	}
	return sections, nil
}
