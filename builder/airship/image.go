package airship

import (
	"fmt"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// imageWarnings are of what an AirshipImage asks for and this version leaves out.
func imageWarnings(image *v1alpha1.AirshipImage) []string {
	if name := image.Spec.Builder.OutputMetadataFileName; name != "" {
		return []string{fmt.Sprintf("the %s %s: outputMetadataFileName is not written by this version; IMAGE.manifest.json has the same and more",
			image.Kind, image.Name)}
	}
	return nil
}
