package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KindAirshipImage is AirshipImage's kind, as documents write it.
const KindAirshipImage = "AirshipImage"

// Actions of an AirshipImage's builder.
const (
	ActionBuildRoot  = "build-root"
	ActionBuildISO   = "build-iso"
	ActionBuildQcow2 = "build-qcow"
)

// AirshipImage says what is built from a NodeProfile. A copy of it lies in the image, below
// /etc/imagebuilder/meta.
type AirshipImage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec AirshipImageSpec `json:"spec"`
}

// AirshipImageSpec names the profile and the form of the image.
type AirshipImageSpec struct {
	NodeProfileRef Reference `json:"nodeProfileRef"`
	// Container is what Airship's own image builder ran in. It is read and has no effect.
	Container Container    `json:"container,omitzero"`
	Builder   ImageBuilder `json:"builder,omitzero"`
}

// Reference names another document.
type Reference struct {
	Name string `json:"name"`
}

// Container is the container of Airship's own image builder.
type Container struct {
	// Volume is HOST:CONTAINER.
	Volume           string `json:"volume,omitempty"`
	Image            string `json:"image,omitempty"`
	ContainerRuntime string `json:"containerRuntime,omitempty"`
	Privileged       bool   `json:"privileged,omitempty"`
}

// ImageBuilder is the form of the image.
type ImageBuilder struct {
	// Action is build-qcow (default).
	Action string `json:"action,omitempty"`
}
