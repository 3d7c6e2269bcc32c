//go:build acceptance && slow

package acceptance

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestOtherExamples builds the examples that TestExample and the tests of single sources leave out.
func TestOtherExamples(t *testing.T) {
	for name, images := range map[string]int{"platforms": 3, "fleet": 2, "phase": 1, "iso": 1} {
		t.Run(name, func(t *testing.T) {
			r := newExampleOf(t, name, sharedCache(t))
			r.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false")
			assert.Len(t, r.built(t), images)
		})
	}
}
