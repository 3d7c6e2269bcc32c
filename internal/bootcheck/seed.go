package bootcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// instance identifies the seed to cloud-init, as NoCloud's instance-id and as OpenStack's uuid.
const instance = "61697273-6869-4070-8000-626f6f74636b"

// seedKind is the datasource of cloud-init that a seed plays.
type seedKind string

const (
	noCloud     seedKind = "NoCloud"
	configDrive seedKind = "ConfigDrive"
)

// chooseSeed finds what the image's cloud-init reads. It tries datasources in the order of its list, and of
// two that are there takes the first. seeded: a ConfigDrive is always there, in the image itself, and it
// goes before one on a disk. An empty list is cloud-init's own of all, NoCloud first.
func chooseSeed(datasources []string, seeded bool) (seedKind, error) {
	place := func(kind seedKind) int {
		return slices.IndexFunc(datasources, func(d string) bool { return strings.EqualFold(d, string(kind)) })
	}
	cloud, drive := place(noCloud), place(configDrive)
	switch {
	case len(datasources) == 0:
		return noCloud, nil
	case seeded && drive >= 0 && (cloud < 0 || cloud > drive):
		return "", fmt.Errorf("the image's cloud-init looks for %s, and the profile's userData, metaData and networkData are "+
			"in the image as a ConfigDrive, so that the boot check's own would never be read: "+
			"put NoCloud before ConfigDrive in cloudInit.datasources or set verify_boot = false", strings.Join(datasources, ", "))
	case cloud >= 0:
		return noCloud, nil
	case drive >= 0:
		return configDrive, nil
	}
	return "", fmt.Errorf("the image's cloud-init looks for %s alone, and the boot check can play NoCloud or ConfigDrive: "+
		"add one of them to cloudInit.datasources or set verify_boot = false", strings.Join(datasources, ", "))
}

// seedOf is chooseSeed for the image of a plan. An ISO is itself a ConfigDrive, which its command line demands. Of
// several cloud-init takes the last device by name: the seed on /dev/vda goes before an ISO in /dev/sr0.
func seedOf(p plan.Plan, datasources []string, seeded bool) (seedKind, error) {
	if p.Action == v1alpha1.ActionBuildISO {
		return configDrive, nil
	}
	return chooseSeed(datasources, seeded)
}

// seedImage is the read-only disk from which the image's cloud-init learns what to run: an ISO 9660
// file system, which cloud kernels have and udev recognises by its label.
func seedImage(kind seedKind, q questions) ([]byte, error) {
	userData, err := userData(q)
	if err != nil {
		return nil, err
	}
	if kind == noCloud {
		return writeISO("CIDATA", map[string][]byte{
			"meta-data": []byte("instance-id: " + instance + "\n"),
			"user-data": userData,
		})
	}
	return writeISO("config-2", map[string][]byte{
		"openstack/latest/meta_data.json": []byte(`{"uuid": "` + instance + `"}` + "\n"),
		"openstack/latest/user_data":      userData,
	})
}
