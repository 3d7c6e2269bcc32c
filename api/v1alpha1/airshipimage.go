package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Kinds of images, as documents write them.
const (
	KindAirshipImage       = "AirshipImage"
	KindAirshipImageRootFS = "AirshipImageRootFS"
)

// Actions of an AirshipImage's builder.
const (
	ActionBuildRoot  = "build-root"
	ActionBuildISO   = "build-iso"
	ActionBuildQcow2 = "build-qcow"
)

// AirshipImage says what is built from a NodeProfile. A copy of it lies in the image, below
// /etc/imagebuilder/meta.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Profile",type=string,JSONPath=`.spec.nodeProfileRef.name`
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.builder.action`
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
type AirshipImage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec AirshipImageSpec `json:"spec"`
	// +optional
	Status AirshipImageStatus `json:"status,omitzero"`
}

// AirshipImageRootFS is an AirshipImage whose action is build-root.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Profile",type=string,JSONPath=`.spec.nodeProfileRef.name`
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.builder.action`
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
type AirshipImageRootFS struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec AirshipImageSpec `json:"spec"`
	// +optional
	Status AirshipImageStatus `json:"status,omitzero"`
}

// AirshipImageSpec names the profile and the form of the image.
type AirshipImageSpec struct {
	// NodeProfileRef is the profile. Empty: the one of the image's own name.
	// +optional
	NodeProfileRef Reference `json:"nodeProfileRef,omitzero"`
	// Container is what Airship's own image builder ran in. No container is used here; the host's side
	// of volume is where the files that builder names are read and where the output goes.
	// +optional
	Container Container `json:"container,omitzero"`
	// +optional
	Builder ImageBuilder `json:"builder,omitzero"`
	// Params lie over the profile: the same areas, without extends and valuesFrom.
	Params *NodeProfileSpec `json:"params,omitempty"`
	// HostSelector says which hosts (BareMetalHosts) the image is for.
	// +optional
	HostSelector HostSelector `json:"hostSelector,omitzero"`
	// Publish says where the finished image goes. Templates and the KRM function follow it.
	// +optional
	Publish Publication `json:"publish,omitzero"`
}

// Publication says where a finished image is stored and which documents name it then. The post-processor
// airship-publish does it; a template's options lie over these.
type Publication struct {
	// Registry is a repository of an OCI registry, REGISTRY/REPOSITORY.
	Registry string `json:"registry,omitempty"`
	// Tag of the image in the registry, beside its digest. Default: latest.
	Tag string `json:"tag,omitempty"`
	// Bundle is Airship's container image of disk images, REGISTRY/REPOSITORY:TAG: /qcows/NAME.qcow2 and its .md5sum.
	Bundle string `json:"bundle,omitempty"`
	// Directory is what a web server serves.
	Directory string `json:"directory,omitempty"`
	// URL is where the web server serves the directory.
	URL string `json:"url,omitempty"`
	// Overwrite lets a tag or a file that is there take another image.
	Overwrite bool `json:"overwrite,omitempty"`
	// Documents get the image's URL and checksum, besides the hosts that hostSelector selects.
	Documents []PublicationTarget `json:"documents,omitempty"`
}

// PublicationTarget is a place of a document that names an image.
type PublicationTarget struct {
	// Kind is VersionsCatalogue, VariableCatalogue, BareMetalHost, Metal3MachineTemplate, BaremetalManager or another.
	Kind string `json:"kind"`
	// Name of the document. Empty, of a BareMetalHost or Metal3MachineTemplate: all that hostSelector selects.
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// FieldPath leads to the mapping that has url and checksum, or to a text. Default: where documents of the kind have it.
	FieldPath string `json:"fieldPath,omitempty"`
	// Value is what a text at fieldPath becomes: url (default), checksum, checksumType, format or size.
	Value string `json:"value,omitempty"`
	// Checksum is the algorithm: sha256, sha512 or md5. Default: the one that the document names, else sha256.
	Checksum string `json:"checksum,omitempty"`
	// Format chooses among the image's files. Default: the first.
	Format string `json:"format,omitempty"`
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

// ImageBuilder is the form of the image. File names are relative to the host's side of
// container.volume, else to the document.
type ImageBuilder struct {
	// Action is build-qcow (default), build-iso or build-root.
	// +kubebuilder:validation:Enum=build-root;build-iso;build-qcow
	Action string `json:"action,omitempty"`
	// UserDataFileName holds cloud-init's user data; it lies over cloudInit.userData.
	UserDataFileName string `json:"userDataFileName,omitempty"`
	// NetworkConfigFileName holds OpenStack network data, YAML or JSON; it lies over networking.networkData.
	NetworkConfigFileName string `json:"networkConfigFileName,omitempty"`
	// Formats of the image's files. Of build-qcow: qcow2 (default), raw, raw.zst, vhd, vhdx, vmdk, gce; of build-iso: iso;
	// of build-root: tar.zst (default), squashfs, directory, oci.
	Formats []string `json:"formats,omitempty"`
	// OutputMetadataFileName is written beside the image and says what was built.
	OutputMetadataFileName string `json:"outputMetadataFileName,omitempty"`
	// OutputFileName is the image's file name; it lies over storage.img_name.
	OutputFileName string `json:"outputFileName,omitempty"`
}

// HostSelector selects hosts by their labels.
type HostSelector struct {
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
}

// AirshipImageStatus is what a build and its publication gave.
type AirshipImageStatus struct {
	// URL is where the image is stored.
	URL string `json:"url,omitempty"`
	// Checksum is the image's SHA-256, in hex.
	Checksum string `json:"checksum,omitempty"`
	// Size in bytes.
	Size int64 `json:"size,omitempty"`
	// Digests are hashes of the image (sha256, sha512) and of what it follows from (plan, profile), in hex.
	Digests map[string]string `json:"digests,omitempty"`
}
