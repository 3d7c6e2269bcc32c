package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Kinds of catalogues, as documents write them.
const (
	KindVariableCatalogue = "VariableCatalogue"
	KindVersionsCatalogue = "VersionsCatalogue"
)

// LabelNodeProfile is the label whose value is the name of the NodeProfile that a document belongs to:
// a NodeProfile that holds some of its areas, or a catalogue that becomes part of it.
const LabelNodeProfile = Group + "/node-profile"

// VariableCatalogue holds values that other documents take: below spec, or at the document's root.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
// +kubebuilder:pruning:PreserveUnknownFields
type VariableCatalogue struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	Spec Object `json:"spec,omitempty"`
}

// VersionsCatalogue holds a site's versions: spec.kubernetes, spec.files, spec.images, spec.charts.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:categories=airship
type VersionsCatalogue struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	Spec Object `json:"spec,omitempty"`
}
