package rootfs

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// TestHoldsAll has the forms that apt-get reads as something other than a package's name.
func TestHoldsAll(t *testing.T) {
	packages := []plan.Package{{Name: "sudo"}, {Name: "htop"}, {Name: "g++"}}
	assert.True(t, holdsAll(packages, []string{"sudo=1.9", "htop", "g++"}))
	for _, other := range []string{"sudo-", "htop+", "coreutil."} {
		assert.False(t, holdsAll(packages, []string{"htop", other}), other)
	}
}
