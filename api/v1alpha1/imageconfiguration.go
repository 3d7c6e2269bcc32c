package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Kinds that Airship's phases run, as documents write them.
const (
	KindImageConfiguration = "ImageConfiguration"
	KindIsoConfiguration   = "IsoConfiguration"
	KindPhase              = "Phase"
)

// ImageConfiguration is Airship's older form of an AirshipImage, or of two. Its fields stand at the
// document's root or under spec, each in one of the two.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
type ImageConfiguration struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	ImageConfigurationSpec `json:",inline"`

	// +optional
	Spec ImageConfigurationSpec `json:"spec,omitzero"`
}

// ImageConfigurationSpec in the forms that Airship's documents have used.
type ImageConfigurationSpec struct {
	// NodeProfileRef is the profile; a field of our own. Empty: the profile of the document's own name,
	// else the only one there is.
	// +optional
	NodeProfileRef Reference `json:"nodeProfileRef,omitzero"`
	// +optional
	Image ImageType `json:"image,omitzero"`
	// Action is the form of the image, as in builder.
	// +kubebuilder:validation:Enum=build-root;build-iso;build-qcow;rootfs;iso;qcow;qcow2
	Action string `json:"action,omitempty"`
	// OutputFileName is the image's file name; beside both isobuilder and qcowbuilder, that of the one
	// whose form it tells by .iso or .qcow2.
	OutputFileName string `json:"outputFileName,omitempty"`
	// +optional
	Container Container `json:"container,omitzero"`
	// Builder is the form of the one image; an ISO where nothing says which.
	// +optional
	Builder ImageConfigurationBuilder `json:"builder,omitzero"`
	// ISOBuilder gives an image with the action build-iso. Beside QcowBuilder its name ends in -iso.
	// +optional
	// +nullable
	ISOBuilder *ImageConfigurationBuilder `json:"isobuilder,omitempty"`
	// QcowBuilder gives an image with the action build-qcow. Beside ISOBuilder its name ends in -qcow.
	// +optional
	// +nullable
	QcowBuilder *ImageConfigurationBuilder `json:"qcowbuilder,omitempty"`
	// Params are a profile's areas. The builders, and params again, may stand among them.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	Params *ImageConfigurationParams `json:"params,omitempty"`
	// HostSelector says which hosts (BareMetalHosts) the image is for.
	// +optional
	HostSelector HostSelector `json:"hostSelector,omitzero"`
	// Publish says where the finished image goes; a field of our own.
	// +optional
	Publish Publication `json:"publish,omitzero"`
}

// ImageType is the form of the image and its file name.
type ImageType struct {
	// +kubebuilder:validation:Enum=build-root;build-iso;build-qcow;rootfs;iso;qcow;qcow2
	Type           string `json:"type,omitempty"`
	OutputFileName string `json:"outputFileName,omitempty"`
}

// ImageConfigurationBuilder is an AirshipImage's builder with the selectors of an IsoConfiguration, and
// with the params that Airship's documents put inside it; those lie over the document's.
type ImageConfigurationBuilder struct {
	SelectedData `json:",inline"`

	// Action is build-iso (default), build-qcow or build-root, or the type of an image.
	// +kubebuilder:validation:Enum=build-root;build-iso;build-qcow;rootfs;iso;qcow;qcow2
	Action string `json:"action,omitempty"`
	// UserDataFileName holds cloud-init's user data.
	UserDataFileName string `json:"userDataFileName,omitempty"`
	// NetworkConfigFileName holds OpenStack network data, YAML or JSON.
	NetworkConfigFileName string `json:"networkConfigFileName,omitempty"`
	// OutputMetadataFileName is written beside the image and says what was built.
	OutputMetadataFileName string `json:"outputMetadataFileName,omitempty"`
	// OutputFileName is the image's file name.
	OutputFileName string `json:"outputFileName,omitempty"`
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	Params *NodeProfileSpec `json:"params,omitempty"`
}

// ImageConfigurationParams are a profile's areas, and what may stand among them.
type ImageConfigurationParams struct {
	NodeProfileSpec `json:",inline"`

	// +optional
	Builder ImageConfigurationBuilder `json:"builder,omitzero"`
	// +optional
	ISOBuilder *ImageConfigurationBuilder `json:"isobuilder,omitempty"`
	// +optional
	QcowBuilder *ImageConfigurationBuilder `json:"qcowbuilder,omitempty"`
	Params      *NodeProfileSpec           `json:"params,omitempty"`
}

// IsoConfiguration is what airshipctl makes the ephemeral node's ISO from: documents that hold the
// user data and the network data.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
type IsoConfiguration struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// NodeProfileRef is the profile of the ISO's root file system; a field of our own.
	// +optional
	NodeProfileRef Reference `json:"nodeProfileRef,omitzero"`
	// +optional
	Container Container `json:"container,omitzero"`
	// +optional
	Builder ImageConfigurationBuilder `json:"builder,omitzero"`
	// HostSelector says which hosts (BareMetalHosts) the image is for.
	// +optional
	HostSelector HostSelector `json:"hostSelector,omitzero"`
	// Publish says where the finished image goes; a field of our own.
	// +optional
	Publish Publication `json:"publish,omitzero"`
}

// SelectedData selects documents of the set, each by its key. An IsoConfiguration without selectors and
// file names takes the Secret labelled airshipit.org/ephemeral-user-data and the network data of the
// BareMetalHost labelled airshipit.org/ephemeral-node, as airshipctl does.
type SelectedData struct {
	// UserDataSelector selects the one document that holds cloud-init's user data; a Secret usually.
	// +optional
	UserDataSelector Selector `json:"userDataSelector,omitzero"`
	// UserDataKey is the key of the document's data or stringData: userData.
	UserDataKey string `json:"userDataKey,omitempty"`
	// NetworkConfigSelector selects the document that holds OpenStack network data; a BareMetalHost's
	// networkData Secret usually.
	// +optional
	NetworkConfigSelector Selector `json:"networkConfigSelector,omitzero"`
	// NetworkConfigKey is the key of the document's data or stringData: networkData.
	NetworkConfigKey string `json:"networkConfigKey,omitempty"`
}

// Selector selects documents as kustomize's patch targets do; every given field must match. Group,
// version, kind, name and namespace are regular expressions of the whole value.
type Selector struct {
	Group     string `json:"group,omitempty"`
	Version   string `json:"version,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// LabelSelector and AnnotationSelector are selectors of kubectl's -l: a=b,c!=d,e in (f,g).
	LabelSelector      string `json:"labelSelector,omitempty"`
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}

// Phase is one step of airshipctl: an executor and the documents it works on.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
type Phase struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Config PhaseConfig `json:"config"`
}

// PhaseConfig names the executor and the documents.
type PhaseConfig struct {
	// ExecutorRef is the document that says what is done: an ImageConfiguration, IsoConfiguration or AirshipImage.
	ExecutorRef ObjectReference `json:"executorRef"`
	// DocumentEntryPoint is the directory of the phase's documents, relative to the root of the site's
	// repository, whose own name may be the first element.
	DocumentEntryPoint string `json:"documentEntryPoint,omitempty"`
	// Validation says how airshipctl checks the documents; it has no effect here.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	Validation Object `json:"validation,omitempty"`
	// SiteWideKubeconfig has no effect here: an image needs no cluster.
	SiteWideKubeconfig bool `json:"siteWideKubeconfig,omitempty"`
}

// ObjectReference names a document of any kind.
type ObjectReference struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Namespace  string `json:"namespace,omitempty"`
}
