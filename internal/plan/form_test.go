package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Files have the ending of their format, which the tools of clouds go by; one disk image may be named otherwise.
func TestOutputNames(t *testing.T) {
	for _, test := range []struct {
		given   string
		formats []string
		want    []string
	}{
		{"", nil, []string{"node.qcow2"}},
		{"control-plane.qcow2", nil, []string{"control-plane.qcow2"}},
		{"control-plane.qcow2", []string{"vhd", "gce"}, []string{"control-plane.vhd", "control-plane.tar.gz"}},
		{"debian.img", nil, []string{"debian.img"}},
		{"debian.img", []string{"vhd"}, []string{"debian.img.vhd"}},
		{"debian.img", []string{"qcow2", "raw"}, []string{"debian.img.qcow2", "debian.img.raw"}},
		{"ubuntu-22.04", nil, []string{"ubuntu-22.04.qcow2"}},
		{"ubuntu-22.04", []string{"gce"}, []string{"ubuntu-22.04.tar.gz"}},
		{"node.v1", []string{"iso"}, []string{"node.v1.iso"}},
	} {
		profile := node()
		profile.Spec.Storage.ImgName = test.given
		form := Form{Action: ActionOf(test.formats), Formats: test.formats}
		var got []string
		for _, o := range form.Outputs(profile) {
			got = append(got, o.Name)
		}
		assert.Equal(t, test.want, got, "%s %v", test.given, test.formats)
	}
}

func TestCompressionOfNothing(t *testing.T) {
	for _, form := range []Form{{Action: v1alpha1.ActionBuildISO}, {Action: v1alpha1.ActionBuildRoot}, {Formats: []string{"raw"}}} {
		form.Compression = "zstd"
		require.ErrorContains(t, form.Check(), "qcow2_compression is for the format qcow2: remove it")
	}
	require.NoError(t, Form{Compression: "zstd"}.Check())
}

func TestWarningOfCloudKernel(t *testing.T) {
	profile := node()
	profile.Spec.OSKernel.KernelBasePkg = "linux-image-cloud-amd64"
	assert.Empty(t, Form{}.Warnings(profile))
	require.Len(t, isoForm.Warnings(profile), 1)
	assert.Contains(t, isoForm.Warnings(profile)[0], "linux-image-cloud-amd64 has no drivers for the SATA and USB of real machines")
	profile.Spec.OSKernel.KernelBasePkg = ""
	assert.Empty(t, isoForm.Warnings(profile))
	profile.Spec.Platform = "azure"
	assert.Len(t, isoForm.Warnings(profile), 1)
}
