package meminfo

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAvailable(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:       24655164 kB\nMemFree:  1 kB\nMemAvailable:   23110012 kB\n": 23110012 << 10,
		"MemTotal:       24655164 kB\n":                                              0,
		"MemAvailable:   many kB\n":                                                  0,
		"MemAvailable:   -5 kB\n":                                                    0,
		"":                                                                           0,
	} {
		assert.Equal(t, want, Available(text), text)
	}
}
