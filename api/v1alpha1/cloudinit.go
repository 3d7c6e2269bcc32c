package v1alpha1

// CloudInit is the area cloudInit: what the node's first boot reads.
type CloudInit struct {
	// UserData is cloud-init's user data, as it would stand in a file: #cloud-config, #!/bin/sh, MIME.
	UserData string `json:"userData,omitempty"`
	// MetaData is cloud-init's meta data.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	MetaData Object `json:"metaData,omitempty"`
	// Datasources is cloud-init's datasource_list: ConfigDrive, NoCloud, Azure, GCE, …
	Datasources []string `json:"datasources,omitempty"`
}
