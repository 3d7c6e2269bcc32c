package plan

import (
	"fmt"
	"math/big"
	"regexp"
)

// maxCapacity is the largest sparse file that ext4, the usual file system of a build host, holds.
const maxCapacity = int64(16) << 40

var sizePattern = regexp.MustCompile(`^([0-9]{1,18}(?:\.[0-9]{1,9})?) ?([A-Za-z%]{0,3})$`)

// capacityUnits are those of qemu-img, where a G is 1024 M, and the unambiguous ones.
func capacityUnits() map[string]int64 {
	units := positionUnits()
	for i, unit := range []string{"", "K", "M", "G", "T"} {
		units[unit] = 1 << (10 * i)
	}
	units["k"] = units["K"]
	return units
}

// positionUnits are parted's: B, kB (1000 bytes), KiB (1024 bytes) and so on.
func positionUnits() map[string]int64 {
	units := map[string]int64{"B": 1, "kB": 1000}
	decimal := int64(1)
	for i, prefix := range []string{"K", "M", "G", "T"} {
		decimal *= 1000
		units[prefix+"B"] = decimal
		units[prefix+"iB"] = 1 << (10 * (i + 1))
	}
	return units
}

// parseCapacity reads a disk's size, 19G or 20480M, in bytes, rounded up to a whole MiB.
func parseCapacity(text string) (int64, error) {
	exact, unit, ok := splitSize(text)
	factor, known := capacityUnits()[unit]
	if !ok || !known {
		return 0, fmt.Errorf("%q is not a size: write a number and M, G or T, as in 19G", text)
	}
	exact.Mul(exact, new(big.Rat).SetInt64(factor))
	if exact.Cmp(new(big.Rat).SetInt64(maxCapacity)) > 0 {
		return 0, fmt.Errorf("%s is more than 16T, the largest disk image a build can hold", text)
	}
	return roundTo(exact, mebibyte, mebibyte-1), nil
}

// parsePosition reads an offset from the start of a disk of size bytes: 1MiB, 5GiB, 100%. The
// result is exact to the byte, rounded down.
func parsePosition(text string, size int64) (int64, error) {
	exact, unit, ok := splitSize(text)
	factor, known := positionUnits()[unit]
	switch {
	case ok && unit == "%" && exact.Cmp(big.NewRat(100, 1)) <= 0:
		exact.Mul(exact, big.NewRat(size, 100))
	case ok && known:
		exact.Mul(exact, new(big.Rat).SetInt64(factor))
	default:
		return 0, fmt.Errorf("%q is not a position on the disk: write a number and KiB, MiB, GiB, TiB, kB, MB, GB, TB or %%, as in 516MiB or 100%%", text)
	}
	// Far beyond any disk, so that what is too large for an int64 is still a number.
	if exact.Cmp(new(big.Rat).SetInt64(1<<60)) > 0 {
		return 1 << 60, nil
	}
	return roundTo(exact, 1, 0), nil
}

func splitSize(text string) (number *big.Rat, unit string, ok bool) {
	parts := sizePattern.FindStringSubmatch(text)
	if parts == nil {
		return nil, "", false
	}
	number, ok = new(big.Rat).SetString(parts[1])
	return number, parts[2], ok
}

// roundTo is exact plus bias, rounded down to a multiple of step.
func roundTo(exact *big.Rat, step, bias int64) int64 {
	whole := new(big.Int).Div(exact.Num(), exact.Denom())
	if bias > 0 && !exact.IsInt() {
		whole.Add(whole, big.NewInt(1))
	}
	return (whole.Int64() + bias) / step * step
}

// formatBytes says a size or position as a person would: 516 MiB, 0.5 MiB.
func formatBytes(bytes int64) string {
	mebibytes := new(big.Rat).SetFrac64(bytes, mebibyte)
	if mebibytes.IsInt() {
		return mebibytes.RatString() + " MiB"
	}
	return mebibytes.FloatString(2) + " MiB"
}
