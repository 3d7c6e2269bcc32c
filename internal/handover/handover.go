// Package handover names what the builder airship and the post-processors behind it tell each other by an artifact's State.
package handover

const (
	// Image is the AirshipImage as YAML.
	Image = "airship_image"
	// Keep, when it is asked for, lets the artifact's files outlive its Destroy: Packer destroys what a post-processor was given when that fails,
	// and an image that could not be stored must not be lost.
	Keep = "airship_keep"
)

// Passing is the variable of the environment with which whoever runs Packer says that the builds' output directories end with the run, so that nothing
// can be kept.
const Passing = "AIRSHIP_PASSING_OUTPUT"
