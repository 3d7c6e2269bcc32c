package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KindNodeProfile is NodeProfile's kind, as documents write it.
const KindNodeProfile = "NodeProfile"

// NodeProfile describes what a kind of node is made of: its packages, kernel, disk and
// configuration. It names no machine; many nodes share a profile.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
// +kubebuilder:printcolumn:name="Platform",type=string,JSONPath=`.spec.platform`
// +kubebuilder:printcolumn:name="Suite",type=string,JSONPath=`.spec.suite`
// +kubebuilder:printcolumn:name="Extends",type=string,JSONPath=`.spec.extends`
type NodeProfile struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec NodeProfileSpec `json:"spec"`
}

// NodeProfileSpec groups a profile's settings by area.
type NodeProfileSpec struct {
	// Extends are the names of NodeProfiles to build on, in order: each lies over those before it,
	// and this profile over all of them. airship-default is built in.
	Extends []string `json:"extends,omitempty"`
	// ValuesFrom are values that other documents hold.
	ValuesFrom []ValueFrom `json:"valuesFrom,omitempty"`

	// Base is a root filesystem that packages are added to, an earlier result of build-root: a file (.tar.zst, .tar.gz,
	// .tar, .squashfs or an OCI archive), relative to the document, or oci://REGISTRY/REPOSITORY:TAG. Default: none,
	// the root filesystem is made of packages alone.
	Base string `json:"base,omitempty"`

	// Platform is what the node runs on: baremetal (default), vm, azure, gcp or openstack.
	// +kubebuilder:validation:Enum=baremetal;vm;azure;gcp;openstack
	Platform string `json:"platform,omitempty"`
	// Architecture is Debian's name of the node's: amd64 (default) or arm64.
	// +kubebuilder:validation:Enum=amd64;arm64
	Architecture string `json:"architecture,omitempty"`
	// Distribution is debian (default) or ubuntu.
	// +kubebuilder:validation:Enum=debian;ubuntu
	Distribution string `json:"distribution,omitempty"`
	// Suite is the distribution's code name: bookworm (default) or trixie of debian; focal, jammy
	// or noble of ubuntu, which has no default.
	// +kubebuilder:validation:Enum=bookworm;trixie;focal;jammy;noble
	Suite string `json:"suite,omitempty"`

	// +optional
	Networking Networking `json:"networking,omitzero"`
	// +optional
	Software Software `json:"software,omitzero"`
	// +optional
	OSKernel OSKernel `json:"osKernel,omitzero"`
	// Drivers are packages and modules for hardware that the distribution's kernel does not know.
	Drivers []Driver `json:"drivers,omitempty"`
	// +optional
	Storage Storage `json:"storage,omitzero"`
	// +optional
	CloudInit CloudInit `json:"cloudInit,omitzero"`
	// +optional
	Users Users `json:"users,omitzero"`
	// +optional
	Services Services `json:"services,omitzero"`
	// +optional
	Files Files `json:"files,omitzero"`
	// ExtraVars are variables of the operator's own plays; no name of Airship's variables is among them.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	ExtraVars Object `json:"extraVars,omitempty"`
}

// ValueFrom takes one value from another document of the set.
type ValueFrom struct {
	// Kind of the document: VariableCatalogue, VersionsCatalogue or any other of airshipit.org,
	// ConfigMap or Secret. What comes from a Secret is a secret.
	Kind string `json:"kind"`
	// Name is the document's metadata.name.
	Name string `json:"name"`
	// FieldPath is where the value stands: spec.kubernetes, spec.files[0].url or Airship's {.spec.kubernetes}.
	// A Secret's data is decoded.
	FieldPath string `json:"fieldPath"`
	// TargetPath is the field of this profile's spec that becomes the value: software.k8s_version.
	TargetPath string `json:"targetPath"`
}
