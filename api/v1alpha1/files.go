package v1alpha1

// Services is the area services.
type Services struct {
	// Systemd are units that are written to /etc/systemd/system, enabled or disabled.
	Systemd []Unit `json:"systemd,omitempty"`
}

// Unit is a systemd unit.
type Unit struct {
	// Name with its suffix: site-agent.service.
	Name string `json:"name"`
	// FileContent is the unit's text. Empty: a unit that a package brings.
	FileContent string `json:"file_content,omitempty"`
	// Enabled links the unit as its [Install] says; false disables it, absent leaves it.
	Enabled *bool `json:"enabled,omitempty"`
	// Force takes the place of links that other units made.
	Force *bool `json:"force,omitempty"`
	// RunContexts: common (default) or qcow.
	// +kubebuilder:validation:items:Enum=common;qcow
	RunContexts []string `json:"run_contexts,omitempty"`
}

// Files is the area files: what is written to the node besides its packages.
type Files struct {
	Directories []Directory `json:"directories,omitempty"`
	Files       []File      `json:"files,omitempty"`
	// FilePermissions change what a package brought.
	FilePermissions []Directory `json:"file_permissions,omitempty"`
	// FetchFromURL are downloads to /tmp/url_resources, for scripts.
	FetchFromURL       []Fetch `json:"fetch_from_url,omitempty"`
	FetchFromURLAppend []Fetch `json:"fetch_from_url_append,omitempty"`
	// UserScripts run in the image, in order, by the interpreter in their first line.
	UserScripts []Script `json:"user_scripts,omitempty"`
	// UserScriptDirectories hold scripts that run after UserScripts. A resolved profile has the scripts
	// among these instead.
	UserScriptDirectories []ScriptDirectory `json:"userScriptDirectories,omitempty"`
	// QcowContainerRuntimeScripts run last.
	QcowContainerRuntimeScripts []Script `json:"qcow_container_runtime_scripts,omitempty"`
	// +optional
	Banners Banners `json:"banners,omitzero"`
	// Limits become /etc/security/limits.d/99-NAME.conf.
	Limits []Limit `json:"limits,omitempty"`
}

// Directory is a path with its owner and mode.
type Directory struct {
	// Name is the absolute path.
	Name string `json:"name"`
	// Permissions are the mode in octal, in quotes: "0755".
	Permissions Scalar `json:"permissions,omitempty"`
	// Owner and Group are names or numbers. Default root.
	Owner Scalar `json:"owner,omitempty"`
	Group Scalar `json:"group,omitempty"`
	// RunContexts: common (default) or qcow.
	// +kubebuilder:validation:items:Enum=common;qcow
	RunContexts []string `json:"run_contexts,omitempty"`
}

// File is a Directory's fields with a text.
type File struct {
	// Name is the absolute path.
	Name string `json:"name"`
	// FileContent is the text, a Jinja template over the profile's variables.
	FileContent string `json:"file_content"`
	// Permissions are the mode in octal, in quotes: "0644".
	Permissions Scalar `json:"permissions,omitempty"`
	// Owner and Group are names or numbers. Default root.
	Owner Scalar `json:"owner,omitempty"`
	Group Scalar `json:"group,omitempty"`
	// RunContexts: common (default) or qcow.
	// +kubebuilder:validation:items:Enum=common;qcow
	RunContexts []string `json:"run_contexts,omitempty"`
}

// Fetch is one download.
type Fetch struct {
	// URL is http, https or file.
	URL string `json:"url"`
	// UseProxy false keeps the environment's proxies out. Default true.
	UseProxy *bool `json:"use_proxy,omitempty"`
}

// Script runs in the image.
type Script struct {
	// Name is what messages call the script by, one line. Of a script of a directory it is the file's name.
	Name string `json:"name,omitempty"`
	// FileContent begins with #! and the interpreter's path. It is a Jinja template over the profile's
	// variables.
	FileContent string `json:"file_content"`
	// Template false keeps FileContent as it is, braces included. Default true; false of a directory's scripts.
	Template *bool `json:"template,omitempty"`
	// RunContexts: common (default) or qcow.
	// +kubebuilder:validation:items:Enum=common;qcow
	RunContexts []string `json:"run_contexts,omitempty"`
}

// ScriptDirectory is a directory whose files are scripts. They run in the order of their names, byte by
// byte, and as they are: no template is filled in. README.md, hidden files and directories are passed over.
type ScriptDirectory struct {
	// Path is absolute, or relative to the document.
	Path string `json:"path"`
	// RunContexts of all its scripts: common (default) or qcow.
	// +kubebuilder:validation:items:Enum=common;qcow
	RunContexts []string `json:"run_contexts,omitempty"`
}

// Banners are what a login shows.
type Banners struct {
	// Login is /etc/issue.
	Login string `json:"login,omitempty"`
	// Motd is the script /etc/update-motd.d/00-motd.
	Motd string `json:"motd,omitempty"`
}

// Limit is a line of limits.conf(5).
type Limit struct {
	// Name is the file's: 99-NAME.conf.
	Name   string `json:"name"`
	Domain string `json:"domain"`
	// Type is soft, hard or -.
	// +kubebuilder:validation:Enum=soft;hard;-
	Type  string `json:"type"`
	Item  string `json:"item"`
	Value Scalar `json:"value"`
}
