package resolution

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What apt 3.0 writes, with and without its first solver's verdict before.
func TestReadRefusal(t *testing.T) {
	const both = "E: Unable to correct problems, you have held broken packages.\n" +
		"E: The following information from --solver 3.0 may provide additional context:\n   "
	for name, c := range map[string]struct {
		words string
		want  refusal
	}{
		"a conflict of what is asked for": {
			words: `E: Unable to satisfy dependencies. Reached two conflicting decisions:
   1. a:amd64=1 is selected for install
   2. a:amd64 is not selected for install because:
      1. b:amd64=1 is selected for install
      2. a:amd64 Conflicts b
`,
			want: refusal{asked: []string{"a", "b"}, steps: []string{"a conflicts with b"}},
		},
		"a conflict further down": {
			words: both + `Unable to satisfy dependencies. Reached two conflicting decisions:
   1. b:amd64 is selected for install because:
      1. f:amd64=1 is selected for install
      2. f:amd64 Depends b:any (>= 1) | c
   2. b:amd64 is available in version 1
      but none of the choices are installable:
      - b:amd64=1 is not selected for install because:
        1. a:amd64=1:2.0-1 is selected for install
        2. a:amd64 Conflicts b
W: Something else
   1. z:amd64 Depends y
`,
			want: refusal{asked: []string{"f", "a"}, steps: []string{"f needs b:any (>= 1) | c", "a conflicts with b"}},
		},
		"what no source has": {
			words: both + `Unable to satisfy dependencies. Reached two conflicting decisions:
   1. a:amd64=1 is selected for install
   2. a:amd64 Depends missing (>= 3)
      but none of the choices are installable:
      [no choices]
`,
			want: refusal{asked: []string{"a"}, steps: []string{"a needs missing (>= 3), which no source has"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			have, understood := readRefusal(c.words, []string{"a", "b", "f=1"})
			assert.True(t, understood)
			assert.Equal(t, c.want, have)
		})
	}
	for _, words := range []string{"", both, "Unable to satisfy dependencies.\n 1. x:amd64=1 is selected for install\n 2. x:amd64 Depends y"} {
		_, understood := readRefusal(words, []string{"a"})
		assert.False(t, understood, words)
	}
	assert.Equal(t, "Unable to correct problems, you have held broken packages.\nmore", plain("W: odd\n"+both[:62]+"\n\nE: more\n"))
}

func FuzzReadRefusal(f *testing.F) {
	f.Add("Unable to satisfy dependencies. x:\n1. a:amd64=1 is selected for install\n - a Depends b\n[no choices]")
	f.Fuzz(func(t *testing.T, words string) {
		if r, understood := readRefusal(words, []string{"a"}); understood {
			assert.Equal(t, []string{"a"}, r.asked)
			assert.NotEmpty(t, r.steps)
		}
	})
}
