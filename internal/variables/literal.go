package variables

import (
	"regexp"
	"slices"
)

// literals are the fields of a NodeProfile, without indices, whose texts are for programs with templates of
// their own, or for messages: in them, and in all that they hold, braces are text.
var literals = []string{
	"spec.cloudInit.userData", "spec.cloudInit.metaData", "spec.networking.networkData", "spec.software.repos.keyring",
	"spec.files.user_scripts.name", "spec.files.qcow_container_runtime_scripts.name",
}

// IsLiteral says whether the field at a path without indices, spec.cloudInit.userData, is no template.
func IsLiteral(path string) bool { return slices.Contains(literals, path) }

// IsScripts says whether a list of scripts is at a path without indices. Each says itself, by template,
// whether its file_content is one.
func IsScripts(path string) bool {
	return path == "spec.files.user_scripts" || path == "spec.files.qcow_container_runtime_scripts"
}

var (
	jinja  = regexp.MustCompile(`\{[{%#]`)
	endRaw = regexp.MustCompile(`\{%[-+]?\s*endraw\s*[-+]?%\}`)
)

// raw is a text that Jinja makes this text of.
func raw(text string) string {
	if !jinja.MatchString(text) {
		return text
	}
	return "{% raw %}" + endRaw.ReplaceAllString(text, "{% endraw %}{{ '$0' }}{% raw %}") + "{% endraw %}"
}
