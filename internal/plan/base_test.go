package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

func TestBase(t *testing.T) {
	var none *Base
	assert.False(t, none.Has("a"))
	base := &Base{Packages: []BasePackage{{Name: "a", Version: "1", Architecture: "all"}}}
	assert.True(t, base.HasVersion("a", "1"))
	assert.False(t, base.HasVersion("a", "2"))

	profile := &v1alpha1.NodeProfile{}
	profile.Spec.Software.UnapprovedPackages = []string{"b"}
	require.NoError(t, base.Check(profile))
	profile.Spec.Software.UnapprovedPackages = []string{"b", "a"}
	require.ErrorContains(t, base.Check(profile), "spec.software.unapproved_packages[1]: the base has a: make it without")

	root := RootFS{Base: base, Packages: []Package{{Name: "a"}, {Name: "c"}}}
	assert.Equal(t, []string{"a", "c"}, root.Names())
	assert.True(t, root.Has("a") && root.Has("c"))
}
