package plan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/networkdata"
)

// configDriveDir is where OpenStack's config drive has its newest version (nova's user documentation, "Metadata
// service and config drives").
const configDriveDir = "openstack/latest/"

// liveUUID is Airship's of the ephemeral node. cloud-init tells a new machine by it, and a live system is one at
// each boot.
const liveUUID = "83679162-1378-4288-a2d4-70e13ec132aa"

// ConfigDrive is what an ISO of a resolved profile has for cloud-init: content by path on the ISO. User data and
// network data are there where the profile has them. Both may hold secrets, so that a Plan has but their digests.
func ConfigDrive(profile *v1alpha1.NodeProfile) (map[string][]byte, error) {
	spec := &profile.Spec
	meta, err := metaData(profile)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{configDriveDir + "meta_data.json": meta}
	if spec.CloudInit.UserData != "" {
		files[configDriveDir+"user_data"] = []byte(spec.CloudInit.UserData)
	}
	if len(spec.Networking.NetworkData) > 0 {
		text, err := networkdata.JSON(map[string]any(spec.Networking.NetworkData))
		if err != nil {
			return nil, fmt.Errorf("spec.networking.networkData: %w", err)
		}
		files[configDriveDir+"network_data.json"] = text
	}
	return files, nil
}

// metaData is the profile's over Airship's own. NoCloud's names of the host name and of the instance count, too.
func metaData(profile *v1alpha1.NodeProfile) ([]byte, error) {
	given := profile.Spec.CloudInit.MetaData
	text := func(keys ...string) string {
		for _, key := range keys {
			if value, ok := given[key].(string); ok && value != "" {
				return value
			}
		}
		return ""
	}
	hostname := cmp.Or(text("hostname", "local-hostname", "local_hostname"), Hostname(profile, v1alpha1.ActionBuildISO))
	data := map[string]any{
		"uuid":     cmp.Or(text("uuid", "instance-id", "instance_id"), liveUUID),
		"hostname": hostname,
		"name":     hostname,
	}
	maps.Copy(data, given)
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(data); err != nil {
		return nil, fmt.Errorf("spec.cloudInit.metaData: %w", err)
	}
	return written.Bytes(), nil
}

// digests are SHA-256 in hex of contents.
func digests(files map[string][]byte) map[string]string {
	all := make(map[string]string, len(files))
	for name, data := range files {
		sum := sha256.Sum256(data)
		all[name] = hex.EncodeToString(sum[:])
	}
	return all
}
