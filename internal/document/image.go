package document

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// imageNotYet are fields of an AirshipImage that would change the image and are not applied.
var imageNotYet = map[string][]string{
	"spec": {"params", "hostSelector"},
	"spec.builder": {
		"userDataFileName", "networkConfigFileName", "outputMetadataFileName", "outputFileName",
	},
}

func (r *report) unsupportedImage(at place, area, name string) bool {
	if !slices.Contains(imageNotYet[area], name) {
		return false
	}
	r.mistake(at, "is not supported by this version; remove it, for it would have no effect")
	return true
}

func checkImage(image *v1alpha1.AirshipImage, found places, r *report) {
	if image.Name == "" || !resourceName.MatchString(image.Name) {
		at, _ := found.find("metadata.name")
		r.mistake(at, "want a name of lower-case letters, digits, - and .")
	}
	if at, ok := found["spec.container"]; ok {
		r.warn(at, "is accepted and has no effect: no container is used")
	}
	actions := []string{v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildISO, v1alpha1.ActionBuildRoot}
	switch action := image.Spec.Builder.Action; {
	case action == "":
		image.Spec.Builder.Action = v1alpha1.ActionBuildQcow2
	case action == v1alpha1.ActionBuildQcow2:
	case slices.Contains(actions, action):
		r.mistake(found["spec.builder.action"], "%s is not supported by this version; want %s", action, v1alpha1.ActionBuildQcow2)
	default:
		r.mistake(found["spec.builder.action"], "unknown action %s%s", word(action), suggest(action, actions))
	}
}

// derivedImage is the AirshipImage of a profile that no document gives one.
func derivedImage(profile string) v1alpha1.AirshipImage {
	return v1alpha1.AirshipImage{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindAirshipImage},
		ObjectMeta: metav1.ObjectMeta{Name: profile},
		Spec: v1alpha1.AirshipImageSpec{
			NodeProfileRef: v1alpha1.Reference{Name: profile},
			Builder:        v1alpha1.ImageBuilder{Action: v1alpha1.ActionBuildQcow2},
		},
	}
}

// ImageYAML is the profile's AirshipImage as a document, in the same stable form as YAML.
func (p *Profile) ImageYAML() (string, error) { return canonical(p.Image) }
