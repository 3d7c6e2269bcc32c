package v1alpha1

// Networking is the area networking.
type Networking struct {
	// Hostname is written to /etc/hostname. Empty: the profile's name.
	Hostname string `json:"hostname,omitempty"`
	// Hosts are lines of /etc/hosts besides those of the node itself.
	Hosts []Host `json:"hosts,omitempty"`
	// NetworkData is the node's network as OpenStack's network_data.json has it: links, networks, services.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:Schemaless
	NetworkData Object `json:"networkData,omitempty"`
	// Renderer is what cloud-init writes the network for: netplan (default), networkd, network-manager or eni.
	// +kubebuilder:validation:Enum=netplan;networkd;network-manager;eni
	Renderer string `json:"renderer,omitempty"`
	// SystemdNICNamesPolicy is NamePolicy of systemd.link(5), separated by spaces:
	// kernel database onboard path slot.
	SystemdNICNamesPolicy string `json:"systemd_nic_names_policy,omitempty"`
	// SystemdNICAlternativeNamesPolicy is AlternativeNamesPolicy: database onboard path slot.
	SystemdNICAlternativeNamesPolicy string `json:"systemd_nic_alternative_names_policy,omitempty"`
}

// Host is a line of hosts(5).
type Host struct {
	// Address is an IPv4 or IPv6 address.
	Address string `json:"address"`
	// Names are the host's name and its aliases.
	Names []string `json:"names"`
}
