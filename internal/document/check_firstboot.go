package document

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// configDrive is the datasource that reads what an image holds for its first boot, which cloud-init
// prefers to a config drive of the node's own.
const configDrive = "ConfigDrive"

// clouds are the platforms whose own datasource gives user data, meta data and network data.
var clouds = []string{"azure", "gcp"}

// firstBoot are the fields of a profile for cloud-init's first boot that hold something.
func firstBoot(spec *v1alpha1.NodeProfileSpec) []string {
	var fields []string
	if spec.CloudInit.UserData != "" {
		fields = append(fields, "spec.cloudInit.userData")
	}
	if len(spec.CloudInit.MetaData) > 0 {
		fields = append(fields, "spec.cloudInit.metaData")
	}
	if len(spec.Networking.NetworkData) > 0 {
		fields = append(fields, "spec.networking.networkData")
	}
	return fields
}

// configDrive checks that something reads what the image holds for its first boot.
func (c *checker) configDrive(spec *v1alpha1.NodeProfileSpec) {
	names, fields := spec.CloudInit.Datasources, firstBoot(spec)
	switch {
	case len(names) == 0 || len(fields) == 0 || slices.Contains(clouds, spec.Platform):
	case slices.Contains(names, configDrive):
	case slices.ContainsFunc(names, func(name string) bool { return check.Datasource(name) != "" }):
		// One of them may be it, misspelt.
	default:
		c.wrong("spec.cloudInit.datasources", "has no %s, as which the image holds %s: nothing would read that; add %s, or leave the list out",
			configDrive, strings.Join(fields, ", "), configDrive)
	}
}

// warn tells of a field where it stands.
func (p *Profile) warn(r *tree.Report, field, format string, args ...any) {
	at, _ := p.places.find(field)
	if at.Field == "" {
		at.Field = field // a file of its own
	}
	r.Warn(at, format, args...)
}

// warnOfFirstBoot tells of what the first boot does not read.
func (p *Profile) warnOfFirstBoot(r *tree.Report) {
	spec := &p.NodeProfile.Spec
	fields := firstBoot(spec)
	if slices.Contains(clouds, spec.Platform) && !slices.Contains(spec.CloudInit.Datasources, configDrive) {
		for _, field := range fields {
			p.warn(r, field, "has no effect in the image: on %s cloud-init reads what the cloud gives it; hand it over there, or add %s to cloudInit.datasources",
				spec.Platform, configDrive)
		}
	}
	hasCloudInit := slices.ContainsFunc(p.Packages(), func(text string) bool {
		name, _, _ := strings.Cut(text, "=")
		// The second is all of it but some datasources' dependencies. What is still encrypted may be either.
		return name == "cloud-init" || name == "cloud-init-base" || strings.HasPrefix(text, sealedMark)
	})
	if isISO := p.Image.Spec.Builder.Action == v1alpha1.ActionBuildISO; len(fields) > 0 && !hasCloudInit && !isISO { // an ISO gets it anyway
		p.warn(r, fields[0], "nothing reads it: cloud-init is not among the packages; add it to software.packages")
	}
}
