package toolbox

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// day is the date of the pins and archives here.
var day = time.Date(2025, 8, 9, 0, 0, 0, 0, time.UTC)

func samplePin() Pin {
	return Pin{
		Suite: "trixie", Date: day, Architecture: "amd64",
		Packages: []PinnedPackage{
			{
				Name: "base-files", Version: "13.8+deb13u1", Architecture: "amd64",
				Filename: "pool/main/b/base-files/base-files_13.8+deb13u1_amd64.deb", Size: 73200,
				SHA256: strings.Repeat("0a", 32),
			},
			{
				Name: "ca-certificates", Version: "20250419", Architecture: "all",
				Filename: "pool/main/c/ca-certificates/ca-certificates_20250419_all.deb", Size: 162284,
				SHA256: strings.Repeat("1b", 32),
			},
		},
	}
}

// TestPinJSON keeps the format of lock files: a change of it makes every lock of a user unreadable, and a change
// of the digest makes every toolbox of a user stale.
func TestPinJSON(t *testing.T) {
	text, err := json.MarshalIndent(samplePin(), "", "  ")
	require.NoError(t, err)
	text = append(text, '\n')
	if *update {
		require.NoError(t, os.WriteFile("testdata/pin.json", text, 0o644))
	}
	golden, err := os.ReadFile("testdata/pin.json")
	require.NoError(t, err)
	assert.Equal(t, string(golden), string(text))

	var back Pin
	require.NoError(t, json.Unmarshal(golden, &back))
	assert.Equal(t, samplePin(), back)
	require.NoError(t, back.Check())
	digest, err := back.Digest()
	require.NoError(t, err)
	assert.Equal(t, "b40c895df7f64634d2f0ee2fb39dadafdda827c5c9a435b9396ef9be12249a61", digest)
	assert.EqualValues(t, 73200+162284, back.Size())
}

func TestPinCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Pin)
		want  string
	}{
		"no date":        {func(p *Pin) { p.Date = time.Time{} }, "must be there"},
		"twice":          {func(p *Pin) { p.Packages = append(p.Packages, p.Packages[1]) }, "ca-certificates is there twice"},
		"no base-files":  {func(p *Pin) { p.Packages = p.Packages[1:] }, "no package base-files"},
		"no version":     {func(p *Pin) { p.Packages[1].Version = "" }, "packages[1] (ca-certificates): name and version"},
		"architecture":   {func(p *Pin) { p.Packages[0].Architecture = "arm64" }, "neither amd64 nor all"},
		"absolute path":  {func(p *Pin) { p.Packages[0].Filename = "/etc/passwd" }, "not a path below the archive"},
		"path upwards":   {func(p *Pin) { p.Packages[0].Filename = "pool/../../x" }, "not a path below the archive"},
		"size":           {func(p *Pin) { p.Packages[0].Size = 0 }, "size 0"},
		"short hash":     {func(p *Pin) { p.Packages[0].SHA256 = "0a" }, "not a SHA-256"},
		"upper-case hex": {func(p *Pin) { p.Packages[0].SHA256 = strings.Repeat("0A", 32) }, "not a SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			pin := samplePin()
			c.spoil(&pin)
			assert.ErrorContains(t, pin.Check(), c.want)
		})
	}
}

func TestPackages(t *testing.T) {
	for architecture, kernel := range map[string]string{
		"amd64": "linux-image-cloud-amd64", "arm64": "linux-image-cloud-arm64",
	} {
		names, err := Packages("trixie", architecture)
		require.NoError(t, err)
		assert.Contains(t, names, kernel)
		assert.Contains(t, names, "mmdebstrap")
		assert.IsIncreasing(t, names, "sorted, none twice")
	}
	_, err := Packages("bookworm", "amd64")
	assert.ErrorContains(t, err, "use trixie")
	_, err = Packages("trixie", "riscv64")
	assert.ErrorContains(t, err, "amd64 and arm64")
}

func FuzzPinCheck(f *testing.F) {
	text, err := json.Marshal(samplePin())
	require.NoError(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		var pin Pin
		if json.Unmarshal(text, &pin) != nil || pin.Check() != nil {
			return
		}
		again, err := json.Marshal(pin)
		require.NoError(t, err)
		var back Pin
		require.NoError(t, json.Unmarshal(again, &back))
		assert.NoError(t, back.Check())
	})
}
