package repository

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCompareVersions(t *testing.T) {
	for _, test := range []struct {
		a, order, b string
	}{
		{"1.0", "=", "1.0"},
		{"1.0", "=", "0:1.0"},
		{"1.0", "=", "1.0-0"},
		{"1.0", "=", "1.00"},
		{"1.0", "<", "1.1"},
		{"1.9", "<", "1.10"},
		{"1:0.1", ">", "9.9"},
		{"10:1", ">", "9:1"},
		{"1.0~rc1", "<", "1.0"},
		{"1.0~~", "<", "1.0~"},
		{"1.0~~a", "<", "1.0~"},
		{"1.0~", "<", "1.0"},
		{"1.0", "<", "1.0a"},
		{"1.0a", "<", "1.0+"},
		{"1.0-1", "<", "1.0-1.1"},
		{"1.0-1", "<", "1.0-1+b1"},
		{"1.0-1~deb12u1", "<", "1.0-1"},
		{"2.36-9+deb12u4", "<", "2.36-9+deb12u14"},
		{"1.0-1-1", ">", "1.0-1"},
		{"1.0+dfsg-1", ">", "1.0-1"},
		{"a", "<", "b"},
		{"A", "<", "a"},
		{"z", "<", "."},
		{"1.2.3", "<", "1.2.3.4"},
		{"0", "=", ""},
		{"123456789012345678901234567890", "<", "123456789012345678901234567891"},
		{"0001", "=", "1"},
		{"1:1.0-1", "<", "1:1.0-2"},
	} {
		want := map[string]int{"<": -1, "=": 0, ">": 1}[test.order]
		assert.Equal(t, want, sign(CompareVersions(test.a, test.b)), "%s %s %s", test.a, test.order, test.b)
		assert.Equal(t, -want, sign(CompareVersions(test.b, test.a)), "%s against %s", test.b, test.a)
	}
}

func sign(n int) int { return min(1, max(-1, n)) }

// What dpkg accepts as versions it must order as we do, where dpkg is at hand.
func FuzzCompareVersions(f *testing.F) {
	for _, pair := range [][2]string{{"1.0", "1.0~rc1"}, {"1:2-3", "2-3"}, {"", "a"}, {"1-", "1-0"}, {"0.0~", "~"}} {
		f.Add(pair[0], pair[1])
	}
	dpkg, lookErr := exec.LookPath("dpkg")
	f.Fuzz(func(t *testing.T, a, b string) {
		order := CompareVersions(a, b)
		assert.Equal(t, sign(order), -sign(CompareVersions(b, a)), "%q and %q", a, b)
		assert.Zero(t, CompareVersions(a, a))
		if lookErr != nil || exec.Command(dpkg, "--validate-version", a).Run() != nil ||
			exec.Command(dpkg, "--validate-version", b).Run() != nil {
			return
		}
		older := exec.Command(dpkg, "--compare-versions", a, "lt-nl", b).Run() == nil
		equal := exec.Command(dpkg, "--compare-versions", a, "eq", b).Run() == nil
		assert.Equal(t, older, order < 0, "%q and %q", a, b)
		assert.Equal(t, equal, order == 0, "%q and %q", a, b)
	})
}
