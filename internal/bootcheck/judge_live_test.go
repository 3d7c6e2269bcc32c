package bootcheck

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func TestJudgeLive(t *testing.T) {
	want := map[string]string{"openstack/latest/user_data": "aa", "openstack/latest/meta_data.json": "bb"}
	judged := func(live *LiveSystem) []string {
		var m Mismatches
		m.live(want, Answers{Live: live})
		return m
	}
	assert.Empty(t, judged(&LiveSystem{Root: "overlay", Files: map[string]string{
		"AIRSHIP": "e3", "boot/grub/grub.cfg": "00", "openstack/latest/user_data": "aa", "openstack/latest/meta_data.json": "bb",
	}}))
	assert.Equal(t, []string{
		"live system: / is to be an overlay in memory, the node says ext4",
		"ISO: it was to have openstack/latest/meta_data.json, the node finds none",
		"ISO: openstack/latest/user_data is not what was planned (SHA-256 aa, the node says cc)",
		"ISO: nothing was to be at etc/shadow",
	}, judged(&LiveSystem{Root: "ext4", Files: map[string]string{"openstack/latest/user_data": "cc", "etc/shadow": "dd"}}))
	assert.Equal(t, []string{"live system: the node says nothing of it"}, judged(nil))
}

func TestLivePlan(t *testing.T) {
	p := plan.Plan{
		Action: v1alpha1.ActionBuildISO, Target: plan.Target{Architecture: "amd64"},
		ISO: plan.ISO{Cmdline: []string{"boot=live"}, Files: map[string]string{"a": "b"}},
	}
	e := FromPlan(p)
	assert.Equal(t, []string{"boot=live"}, e.Cmdline)
	assert.Empty(t, e.Mounts)
	assert.True(t, questionsFor(Options{Expect: e}).Live)
	assert.False(t, questionsFor(Options{}).Live)
	kind, err := seedOf(p, []string{"NoCloud", "ConfigDrive"}, true)
	assert.NoError(t, err)
	assert.Equal(t, configDrive, kind, "the command line has cloud-init look for nothing else")

	args, err := guest{options: Options{Plan: p, Image: "/a.iso", Firmware: BIOS}, dir: t.TempDir()}.args()
	assert.NoError(t, err)
	assert.Contains(t, args, "scsi-cd,drive=root,bootindex=1")
	assert.Contains(t, args, "2048")
}
