package mistake_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

func TestNear(t *testing.T) {
	known := []string{"eth0", "bond0", "qcow_capacity", "software", "kernel_base_pkg", "naïve", "Esp"}
	for name, want := range map[string]string{
		"eth0": "eth0", "ETH0": "eth0",
		"eht0":           "eth0", // swapped
		"et0":            "eth0", // dropped
		"etth0":          "eth0", // added
		"eti0":           "eth0", // replaced
		"xeh0":           "",     // two edits of four letters
		"sofwtaer":       "software",
		"qcow_capactiy":  "qcow_capacity",
		"kernel":         "kernel_base_pkg", // its end is missing
		"ker":            "",
		"niave":          "", // swapped and replaced
		"naive":          "naïve",
		"esp":            "Esp",
		"e":              "",
		"":               "",
		"nothing of all": "",

		strings.Repeat("a", 1<<20): "",
	} {
		assert.Equal(t, want, mistake.Near(name, known), name)
	}
	assert.Equal(t, "abcd", mistake.Near("abce", []string{"abcd", "abcf"}), "the first of equals")
	assert.Equal(t, "abcf", mistake.Near("abcef", []string{"abcd", "abcf"}), "the nearest")
}

func TestSuggest(t *testing.T) {
	assert.Equal(t, "; did you mean eth0?", mistake.Suggest("eht0", []string{"eth0", "bond0"}))
	assert.Equal(t, "; known: a, b", mistake.Suggest("zz", []string{"b", "a"}))
	assert.Empty(t, mistake.Suggest("zz", nil))
}
