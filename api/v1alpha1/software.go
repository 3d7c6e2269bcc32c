package v1alpha1

// Software is the area software: where packages come from and which are installed.
type Software struct {
	// Repos, where given, are all the package sources; else the distribution's suite with its
	// updates and security.
	Repos       []Repository `json:"repos,omitempty"`
	ReposAppend []Repository `json:"repos_append,omitempty"`
	// Packages are installed whichever the distribution: NAME or NAME=VERSION.
	Packages       []string `json:"packages,omitempty"`
	PackagesAppend []string `json:"packages_append,omitempty"`
	// UbuntuPackages is Airship's name for the same list; the two add up.
	UbuntuPackages       []string `json:"ubuntu_packages,omitempty"`
	UbuntuPackagesAppend []string `json:"ubuntu_packages_append,omitempty"`
	// UnapprovedPackages are never installed; apt gives them priority -1 in the image as well.
	UnapprovedPackages []string `json:"unapproved_packages,omitempty"`
	// K8sVersion pins kubelet, kubeadm and kubectl wherever they are listed without a version:
	// 1.18.6-00.
	K8sVersion string `json:"k8s_version,omitempty"`
	// MultistrapRetries is how often a download is tried again. Default 3.
	MultistrapRetries *int `json:"multistrap_retries,omitempty"`
	// MultistrapRetriesDelay is the pause between tries, in seconds. Default 3.
	MultistrapRetriesDelay *int `json:"multistrap_retries_delay,omitempty"`
	// +optional
	Kubelet Kubelet `json:"kubelet,omitzero"`
}

// Kubelet is the systemd drop-in 10-kubeadm.conf, written where kubelet is installed.
type Kubelet struct {
	// ExtraSystemdArgs are arguments of the kubelet, in order.
	ExtraSystemdArgs []Argument `json:"extra_systemd_args,omitempty"`
}

// Repository is a package source in Airship's shape.
type Repository struct {
	// Name identifies the repository in messages, file names and the lock. Required, unique.
	Name string `json:"name"`
	// Source is the archive's base URL, as in sources.list. Empty: the build's mirror.
	Source string `json:"source,omitempty"`
	// Suite as in sources.list: bookworm, bookworm-updates; "/" or "PATH/" is a flat repository.
	Suite string `json:"suite"`
	// Components are separated by spaces; empty for a flat repository.
	Components string `json:"components,omitempty"`
	// Packages are installed in addition to the profile's.
	Packages []string `json:"packages,omitempty"`
	// KeyringPkg names a package of the distribution that holds the keyring.
	KeyringPkg string `json:"keyring_pkg,omitempty"`
	// KeyringURL is fetched; KeyringFingerprint must stand beside it.
	KeyringURL string `json:"keyring_url,omitempty"`
	// KeyringFingerprint is the full OpenPGP fingerprint (hex, spaces allowed) of a key in KeyringURL.
	KeyringFingerprint string `json:"keyringFingerprint,omitempty"`
	// Keyring is an ASCII-armoured OpenPGP key block, or the path of a keyring file (armoured or
	// binary) relative to the document. A resolved profile holds the block.
	Keyring string `json:"keyring,omitempty"`
	// OmitDebSrc is "true" to leave out the deb-src line, which is never written here.
	OmitDebSrc Scalar `json:"omitdebsrc,omitempty"`
	// RegisterRepoWithRootfs keeps the repository in the image's apt sources.
	RegisterRepoWithRootfs bool `json:"register_repo_with_rootfs"`
}
