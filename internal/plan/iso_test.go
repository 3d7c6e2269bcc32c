package plan

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

var isoForm = Form{Action: v1alpha1.ActionBuildISO}

func ephemeral() *v1alpha1.NodeProfile {
	profile := node()
	profile.Spec.Networking.Hostname = ""
	profile.Spec.CloudInit.UserData = "#cloud-config\npassword: s3cret & <b>\n"
	profile.Spec.Networking.NetworkData = v1alpha1.Object{"links": []any{
		map[string]any{"id": "nic", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:01", "mtu": int64(9000)},
	}}
	return profile
}

func isoPlan(t *testing.T, profile *v1alpha1.NodeProfile) Plan {
	t.Helper()
	request, err := Ask(profile, isoForm)
	require.NoError(t, err)
	lock := lockFor(t, profile)
	lock.Request = request.Digest()
	for i := range lock.Suites {
		lock.Suites[i].Date = time.Date(2026, 7, 11, 9, 0, 0, 0, time.UTC)
	}
	p, err := New(profile, lock, Options{Form: isoForm})
	require.NoError(t, err)
	return p
}

func TestISO(t *testing.T) {
	p := isoPlan(t, ephemeral())
	text, err := json.MarshalIndent(p.ISO, "", "  ")
	require.NoError(t, err)
	golden(t, "iso.json", string(text)+"\n")
	assert.NotContains(t, string(text), "s3cret")
	assert.Equal(t, "ephemeral", p.System.Hostname)
	assert.Empty(t, p.Disk.Partitions)
	golden(t, "iso.grub", LiveGrub(p.System, p.ISO))

	// Each file decides the ISO's identity.
	profile := ephemeral()
	profile.Spec.CloudInit.UserData = "#cloud-config\n"
	other := isoPlan(t, profile)
	assert.NotEqual(t, p.ISO.GUID, other.ISO.GUID)
	assert.NotEqual(t, p.ISO.ESP, other.ISO.ESP)

	timeout := 7
	profile.Spec.OSKernel.Grub.Timeout = &timeout
	profile.Spec.Networking.Hostname = "seed.example"
	named := isoPlan(t, profile)
	assert.Equal(t, 7, named.System.GrubTimeout)
	assert.Equal(t, "seed.example", named.System.Hostname)
	assert.Contains(t, LiveGrub(named.System, named.ISO), "set timeout=7\n")
}

func TestConfigDrive(t *testing.T) {
	files, err := ConfigDrive(ephemeral())
	require.NoError(t, err)
	assert.Equal(t, "#cloud-config\npassword: s3cret & <b>\n", string(files["openstack/latest/user_data"]))
	assert.JSONEq(t, `{"hostname": "ephemeral", "name": "ephemeral", "uuid": "83679162-1378-4288-a2d4-70e13ec132aa"}`,
		string(files["openstack/latest/meta_data.json"]))
	assert.JSONEq(t, `{"links": [{"id": "nic", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:01", "mtu": 9000}], "networks": [], "services": []}`,
		string(files["openstack/latest/network_data.json"]))

	plain := node()
	files, err = ConfigDrive(plain)
	require.NoError(t, err)
	assert.Len(t, files, 1, "what the profile does not have is not there")
	assert.Contains(t, string(files["openstack/latest/meta_data.json"]), `"hostname": "node01"`)

	plain.Spec.CloudInit.MetaData = v1alpha1.Object{"instance-id": "i-1", "local-hostname": "other", "keys": []any{}}
	files, err = ConfigDrive(plain)
	require.NoError(t, err)
	assert.JSONEq(t, `{"instance-id": "i-1", "local-hostname": "other", "keys": [], "uuid": "i-1", "hostname": "other", "name": "other"}`,
		string(files["openstack/latest/meta_data.json"]))
}

func TestISORequest(t *testing.T) {
	request, err := Ask(node(), isoForm)
	require.NoError(t, err)
	for _, needed := range []string{
		"live-boot", "live-boot-initramfs-tools", "cloud-init", "linux-image-amd64", "grub-pc-bin", "grub-efi-amd64-bin",
		"initramfs-tools", "systemd-sysv", "udev",
	} {
		assert.Contains(t, request.Include, needed)
	}
	assert.NotContains(t, request.Include, "e2fsprogs", "an ISO has no disk's file systems")

	arm := node()
	arm.Spec.Architecture = "arm64"
	request, err = Ask(arm, isoForm)
	require.NoError(t, err)
	assert.Contains(t, request.Include, "grub-efi-arm64-bin")
	assert.NotContains(t, request.Include, "grub-pc-bin")

	elsewhere := node()
	elsewhere.Spec.CloudInit.Datasources = []string{"NoCloud", "None"}
	_, err = Ask(elsewhere, isoForm)
	assert.EqualError(t, err, "spec.cloudInit.datasources: cloud-init would not read what an ISO has for it, looking for NoCloud, None alone: add ConfigDrive")
	_, err = Ask(elsewhere, Form{})
	assert.NoError(t, err, "a disk is no ConfigDrive")
}
