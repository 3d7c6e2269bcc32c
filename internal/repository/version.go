package repository

import "strings"

// CompareVersions orders two Debian versions as deb-version(7) says: negative when a is older than
// b, zero when they are equal ("1.0" and "0:1.00-0" are), positive when a is newer. Any two texts
// have an order; what is not a version is compared by the same rules.
func CompareVersions(a, b string) int {
	epochA, upstreamA, revisionA := splitVersion(a)
	epochB, upstreamB, revisionB := splitVersion(b)
	if order := compareNumbers(epochA, epochB); order != 0 {
		return order
	}
	if order := comparePart(upstreamA, upstreamB); order != 0 {
		return order
	}
	return comparePart(revisionA, revisionB)
}

// splitVersion cuts [epoch:]upstream[-revision].
func splitVersion(version string) (epoch, upstream, revision string) {
	upstream = strings.TrimSpace(version)
	if head, tail, found := strings.Cut(upstream, ":"); found && strings.Trim(head, "0123456789") == "" {
		epoch, upstream = head, tail
	}
	if i := strings.LastIndexByte(upstream, '-'); i >= 0 {
		upstream, revision = upstream[:i], upstream[i+1:]
	}
	return epoch, upstream, revision
}

// comparePart compares alternately a stretch without digits, by weight, and one of digits, as a
// number. The end of the text sorts before everything but a tilde.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		for a != "" && !isDigit(a[0]) || b != "" && !isDigit(b[0]) {
			if order := weight(a) - weight(b); order != 0 {
				return order
			}
			a, b = a[1:], b[1:]
		}
		digitsA, digitsB := leadingDigits(a), leadingDigits(b)
		if order := compareNumbers(digitsA, digitsB); order != 0 {
			return order
		}
		a, b = a[len(digitsA):], b[len(digitsB):]
	}
	return 0
}

// weight of the first character in a stretch without digits.
func weight(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isLetter(s[0]):
		return int(s[0])
	}
	return int(s[0]) + 256
}

// compareNumbers compares two runs of digits of any length; an empty one is zero.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func leadingDigits(s string) string {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return s[:i]
		}
	}
	return s
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
