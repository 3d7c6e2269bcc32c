package bootcheck

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Either way of checking an image is enough; without both it is said what to add.
func TestCanWatch(t *testing.T) {
	asked := plan.Plan{RootFS: plan.RootFS{Packages: []plan.Package{{Name: "cloud-init"}}}}
	watched := plan.Plan{System: plan.System{Cmdline: []string{"console=ttyS0,115200n8"}}}
	assert.NoError(t, CanWatch(asked))
	assert.NoError(t, CanWatch(watched))
	assert.ErrorContains(t, CanWatch(plan.Plan{}), "add cloud-init to the profile's packages")
}
