// Package v1alpha1 holds Airship's document kinds of the group airshipit.org/v1alpha1.
//
// Fields of our own are camelCase; Airship's variables keep their snake_case names and
// shapes inside their area, so an area is also a valid piece of an Ansible vars file. A field
// tagged `airship:"secret"` is never printed, and redacted wherever a document is kept.
// +kubebuilder:object:generate=true
// +groupName=airshipit.org
package v1alpha1

const (
	// Group is the API group of every kind here.
	Group = "airshipit.org"
	// APIVersion is what documents write in apiVersion.
	APIVersion = Group + "/v1alpha1"
)
