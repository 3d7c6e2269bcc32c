// Package version holds the plugin's version, which the release build sets.
package version

import "github.com/hashicorp/packer-plugin-sdk/version"

var (
	// Version is the release, without a leading v.
	Version = "0.1.0"
	// Prerelease marks a version that is no release, such as dev. `packer init` ignores an installed
	// plugin that has one.
	Prerelease = ""
	// PluginVersion is both, as Packer wants it.
	PluginVersion = version.NewPluginVersion(Version, Prerelease, "")
)
