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
	assert.NoError(t, CanWatch(asked, nil, false))
	assert.NoError(t, CanWatch(watched, []string{"Azure"}, true), "without cloud-init no datasource matters")
	assert.ErrorContains(t, CanWatch(plan.Plan{}, nil, false), "add cloud-init to the profile's packages")
	assert.ErrorContains(t, CanWatch(asked, []string{"Azure"}, false), "looks for Azure alone")
	assert.ErrorContains(t, CanWatch(asked, []string{"ConfigDrive"}, true), "put NoCloud before ConfigDrive")
}

func TestChooseSeed(t *testing.T) {
	for _, test := range []struct {
		datasources []string
		seeded      bool
		want        seedKind
		problem     string
	}{
		{nil, false, noCloud, ""},
		{nil, true, noCloud, ""},
		{[]string{"Azure", "NoCloud", "ConfigDrive", "None"}, false, noCloud, ""},
		{[]string{"Azure", "NoCloud", "ConfigDrive", "None"}, true, noCloud, ""},
		{[]string{"ConfigDrive", "NoCloud"}, false, noCloud, ""},
		{[]string{"ConfigDrive", "None"}, false, configDrive, ""},
		// The image's own seed is not looked for.
		{[]string{"GCE", "NoCloud"}, true, noCloud, ""},
		{[]string{"ConfigDrive", "NoCloud"}, true, "", "looks for ConfigDrive, NoCloud, and"},
		{[]string{"ConfigDrive", "None"}, true, "", "put NoCloud before ConfigDrive in cloudInit.datasources or set verify_boot = false"},
		{[]string{"Azure", "GCE"}, true, "", "looks for Azure, GCE alone"},
	} {
		got, err := chooseSeed(test.datasources, test.seeded)
		assert.Equal(t, test.want, got, "%v %v", test.datasources, test.seeded)
		if test.problem == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, test.problem)
		}
	}
}
