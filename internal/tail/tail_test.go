package tail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBuffer(t *testing.T) {
	for name, c := range map[string]struct {
		writes []string
		want   string
	}{
		"nothing":   {nil, ""},
		"short":     {[]string{" a", "b\n"}, "ab"},
		"at once":   {[]string{strings.Repeat("x", Size) + "end"}, strings.Repeat("x", Size-3) + "end"},
		"in pieces": {[]string{strings.Repeat("x", Size-1), "yz"}, strings.Repeat("x", Size-2) + "yz"},
	} {
		var b Buffer
		for _, text := range c.writes {
			n, err := b.Write([]byte(text))
			assert.NoError(t, err)
			assert.Equal(t, len(text), n, name)
		}
		assert.Equal(t, c.want, b.String(), name)
	}
}
