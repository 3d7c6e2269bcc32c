package airship

import (
	"fmt"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// checkImage refuses an AirshipImage of a form that this builder does not make.
func checkImage(image *v1alpha1.AirshipImage) error {
	if action := image.Spec.Builder.Action; action != "" && action != v1alpha1.ActionBuildQcow2 {
		return fmt.Errorf("the %s %s asks for %s, which this version does not make; it makes %s",
			image.Kind, image.Name, action, v1alpha1.ActionBuildQcow2)
	}
	return nil
}

// imageWarnings are of what an AirshipImage asks for and this version leaves out.
func imageWarnings(image *v1alpha1.AirshipImage) []string {
	if name := image.Spec.Builder.OutputMetadataFileName; name != "" {
		return []string{fmt.Sprintf("the %s %s: outputMetadataFileName is not written by this version; IMAGE.manifest.json has the same and more",
			image.Kind, image.Name)}
	}
	return nil
}
