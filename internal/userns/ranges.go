package userns

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Range is Count ids from First on.
type Range struct {
	First, Count uint32
}

func (r Range) end() uint64 { return uint64(r.First) + uint64(r.Count) }

func (r Range) overlaps(o Range) bool {
	return uint64(r.First) < o.end() && uint64(o.First) < r.end()
}

// Ownership is one line of /etc/subuid or /etc/subgid.
type Ownership struct {
	Owner string // a user's name or its numeric id
	Range
}

// parseSubIDs reads /etc/subuid or /etc/subgid, subuid(5): lines NAME-OR-UID:FIRST:COUNT. Like
// newuidmap it passes over lines that are none.
func parseSubIDs(r io.Reader) ([]Ownership, error) {
	var owned []Ownership
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Split(strings.TrimSpace(lines.Text()), ":")
		if len(fields) != 3 || fields[0] == "" || strings.HasPrefix(fields[0], "#") {
			continue
		}
		first, err1 := strconv.ParseUint(fields[1], 10, 32)
		count, err2 := strconv.ParseUint(fields[2], 10, 32)
		// The last id is the kernel's "no id".
		if err1 != nil || err2 != nil || count == 0 || first+count > math.MaxUint32 {
			continue
		}
		owned = append(owned, Ownership{fields[0], Range{uint32(first), uint32(count)}})
	}
	return owned, lines.Err()
}

// ownedBy are the ranges of a user, given by name and numeric id, in file order.
func ownedBy(owned []Ownership, name, id string) []Range {
	var ranges []Range
	for _, o := range owned {
		if o.Owner == name || o.Owner == id {
			ranges = append(ranges, o.Range)
		}
	}
	return ranges
}

// parseIDMap reads /proc/PID/uid_map or gid_map, user_namespaces(7): lines INSIDE OUTSIDE COUNT.
func parseIDMap(r io.Reader) ([]Extent, error) {
	var extents []Extent
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		var n [3]uint64
		if len(fields) != len(n) {
			return nil, fmt.Errorf("id map: %q is not three numbers", lines.Text())
		}
		for i, f := range fields {
			v, err := strconv.ParseUint(f, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("id map: %q: %w", lines.Text(), err)
			}
			n[i] = v
		}
		if n[2] == 0 || n[0]+n[2] > math.MaxUint32 || n[1]+n[2] > math.MaxUint32 {
			return nil, fmt.Errorf("id map: %q is no range of ids", lines.Text())
		}
		extents = append(extents, Extent{uint32(n[0]), uint32(n[1]), uint32(n[2])})
	}
	return extents, lines.Err()
}

// systemd's range for containers (systemd.io/UIDS-GIDS), from the top of which shift takes a block.
const (
	containersFirst = 0x00080000
	containersTop   = 0x6FFF0000
)

// shift finds span consecutive ids that exist (in every list of have) and belong to nobody.
func shift(taken []Range, have ...[]Extent) (first uint32, found bool) {
next:
	for base := uint32(containersTop); base >= containersFirst; base -= span {
		block := Range{base, span}
		for _, extents := range have {
			if !within(block, extents) {
				continue next
			}
		}
		for _, t := range taken {
			if t.overlaps(block) {
				continue next
			}
		}
		return base, true
	}
	return 0, false
}

func within(block Range, extents []Extent) bool {
	for _, e := range extents {
		if e.Inside <= block.First && block.end() <= uint64(e.Inside)+uint64(e.Count) {
			return true
		}
	}
	return false
}

// same maps the first span ids to themselves; ok is false where they do not all exist. An extent
// of a map must lie within one extent of the map outside.
func same(have []Extent) (extents []Extent, ok bool) {
	have = slices.SortedFunc(slices.Values(have), func(a, b Extent) int { return cmp.Compare(a.Inside, b.Inside) })
	next := uint32(0)
	for _, e := range have {
		if next == span || e.Inside != next {
			break
		}
		n := min(e.Count, span-next)
		extents = append(extents, Extent{Inside: next, Outside: next, Count: n})
		next += n
	}
	return extents, next == span
}

// compose maps 0 to self and what follows to the ranges in turn, up to span ids. It returns how
// many ids that are.
func compose(self uint32, ranges []Range) (extents []Extent, total uint32) {
	extents, total = []Extent{{0, self, 1}}, 1
	for _, r := range ranges {
		if total == span || (Range{self, 1}).overlaps(r) {
			continue
		}
		n := min(r.Count, span-total)
		extents = append(extents, Extent{total, r.First, n})
		total += n
	}
	return extents, total
}

// Key names the mapping, as a part of file names: trees made under one mapping are of no use
// under another.
func (m Mapping) Key() string {
	if m.Same {
		return "same"
	}
	if m.Direct {
		return fmt.Sprintf("shift-%d", m.UIDs[0].Outside)
	}
	sum := sha256.Sum256(fmt.Append(nil, m.UIDs, m.GIDs))
	return fmt.Sprintf("user-%d-%s", m.UIDs[0].Outside, hex.EncodeToString(sum[:4]))
}

// arguments are an id map as newuidmap(1) takes it.
func arguments(extents []Extent) []string {
	var args []string
	for _, e := range extents {
		for _, n := range []uint32{e.Inside, e.Outside, e.Count} {
			args = append(args, strconv.FormatUint(uint64(n), 10))
		}
	}
	return args
}
