package document

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// kinds that are read here.
var kinds = []string{v1alpha1.KindNodeProfile, v1alpha1.KindAirshipImage}

// Other kinds of airshipit.org. Those that could change an image are passed over with a warning.
var (
	unread = []string{
		"AirshipImageRootFS", "ImageConfiguration", "IsoConfiguration", "Phase",
		"VariableCatalogue", "VersionsCatalogue",
	}
	unrelated = []string{
		"BaremetalManager", "BootConfiguration", "ClusterMap", "Clusterctl", "EnvironmentCatalogue",
		"GenericContainer", "HostCatalogue", "KubeConfig", "KubernetesApply", "NetworkCatalogue",
		"PhasePlan", "ReplacementTransformer", "StorageCatalogue", "Templater",
	}
)

// kindOf is a document's kind where it is one that is read here, and empty for everything else:
// documents of other programs, which are passed over, and mistakes, which are reported.
func kindOf(root *yaml.Node, at place, r *report) string {
	if root.Kind != yaml.MappingNode {
		r.mistake(at.at(root), "found %s; want a document with apiVersion, kind, metadata and spec", describe(root))
		return ""
	}
	kindKey, kindNode := lookup(root, "kind")
	versionKey, versionNode := lookup(root, "apiVersion")
	kind, version := text(kindNode), text(versionNode)
	if kind == "" {
		at := at.key("kind").at(root)
		if kindKey != nil {
			at = at.at(kindKey)
		}
		r.mistake(at, "want a kind, such as %s", v1alpha1.KindNodeProfile)
		return ""
	}
	atKind, atVersion := at.key("kind").at(kindNode), at.key("apiVersion").at(kindNode)
	if versionKey != nil {
		atVersion = atVersion.at(versionKey)
	}

	// Older documents wrote the version behind the kind: AirshipImage/v1.
	bare, suffix, _ := strings.Cut(kind, "/")
	group, _, _ := strings.Cut(version, "/")
	meant := ours(bare)
	switch {
	case version == v1alpha1.APIVersion && meant == kind:
		return kind
	case meant != "" && suffix != "":
		r.mistake(atKind, "want kind %s, and %s as the apiVersion", meant, v1alpha1.APIVersion)
	case meant == kind && version == "":
		r.mistake(atVersion, "want %s", v1alpha1.APIVersion)
	case meant == kind:
		r.mistake(atVersion, "unknown version %s of a %s; want %s", word(version), kind, v1alpha1.APIVersion)
	case group == v1alpha1.Group:
		foreign(kind, at, atKind, r)
	case meant != "" && (version == "" || near(group, []string{v1alpha1.Group}) != ""):
		r.mistake(atKind, "unknown kind %s; did you mean %s?", word(kind), meant)
	case version == "":
		r.mistake(atVersion, "want an apiVersion; %s for Airship's kinds", v1alpha1.APIVersion)
	}
	return ""
}

// foreign says what becomes of an airshipit.org document of another kind.
func foreign(kind string, at, atKind place, r *report) {
	for _, known := range unread {
		if kind == known {
			at.line = atKind.line
			r.warn(at, "%s is not read by this version, so nothing in it has an effect", kind)
			return
		}
	}
	for _, known := range unrelated {
		if kind == known {
			return
		}
	}
	best := near(kind, append(append(append([]string{}, kinds...), unread...), unrelated...))
	if best == "" {
		r.mistake(atKind, "unknown kind %s of %s; known: %s", word(kind), v1alpha1.Group, enumerate(kinds))
		return
	}
	r.mistake(atKind, "unknown kind %s; did you mean %s?", word(kind), best)
}

// ours is the kind of ours that is written as, or close to, kind.
func ours(kind string) string {
	for _, known := range kinds {
		if kind == known {
			return known
		}
	}
	return near(kind, kinds)
}

// text is a string node's value; empty for any other node.
func text(node *yaml.Node) string {
	if node == nil || node.ShortTag() != "!!str" {
		return ""
	}
	return node.Value
}
