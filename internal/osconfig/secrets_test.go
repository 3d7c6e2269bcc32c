package osconfig

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedact(t *testing.T) {
	hidden := newSecrets([]string{"open-ses", "!", "open-sesame", plantedHash, "open-ses"})
	for in, want := range map[string]string{
		"open-sesame and open-ses":              "<redacted> and <redacted>",
		"done!":                                 "done!",
		"root:" + plantedHash + ":19675:":       "root:<redacted>:19675:",
		"cut off: " + plantedHash[:20] + "...":  "cut off: <redacted>",
		"another: $y$j9T$abc./$defGHI, the end": "another: <redacted> the end",
		"costs $5 or $6":                        "costs $5 or $6",
	} {
		assert.Equal(t, want, hidden.redact(in))
	}
}
