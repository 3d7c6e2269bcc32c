package document

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// kinds that are read here.
var kinds = []string{
	v1alpha1.KindNodeProfile, v1alpha1.KindAirshipImage, v1alpha1.KindAirshipImageRootFS,
	v1alpha1.KindImageConfiguration, v1alpha1.KindIsoConfiguration, v1alpha1.KindPhase,
	v1alpha1.KindVariableCatalogue, v1alpha1.KindVersionsCatalogue,
}

// unrelated are other kinds of airshipit.org. Values may be taken from them.
var unrelated = []string{
	"BaremetalManager", "BootConfiguration", "ClusterMap", "Clusterctl", "EnvironmentCatalogue",
	"GenericContainer", "HostCatalogue", "KubeConfig", "KubernetesApply", "NetworkCatalogue",
	"PhasePlan", "ReplacementTransformer", "StorageCatalogue", "Templater",
}

// kindOf is a document's kind where it is one that is read here, and empty for everything else:
// documents of other programs, which are passed over, and mistakes, which are reported.
func kindOf(root *tree.Node, r *tree.Report) string {
	if !root.IsMapping() {
		r.Mistake(root.Place, "found %s; want a document with apiVersion, kind, metadata and spec", root.Describe())
		return ""
	}
	kindKey, kindNode := root.Field("kind")
	versionKey, versionNode := root.Field("apiVersion")
	kind, version := kindNode.String(), versionNode.String()
	if kind == "" {
		at := root.Place.Key("kind")
		if kindKey != nil {
			at = kindKey.Place
		}
		r.Mistake(at, "want a kind, such as %s", v1alpha1.KindNodeProfile)
		return ""
	}
	if strings.HasPrefix(kind, sealedMark) {
		r.Mistake(kindNode.Place, "is encrypted, so nobody can tell what the document is; encrypt its values alone (sops --encrypted-regex)")
		return ""
	}
	atKind, atVersion := kindNode.Place, root.Place.Key("apiVersion").At(kindNode.Place)
	if versionKey != nil {
		atVersion = versionKey.Place
	}

	// Older documents wrote the version behind the kind: AirshipImage/v1.
	bare, suffix, _ := strings.Cut(kind, "/")
	group, _, _ := strings.Cut(version, "/")
	meant := ours(bare)
	switch {
	case version == v1alpha1.APIVersion && meant == kind:
		return kind
	case meant != "" && suffix != "":
		r.Mistake(atKind, "want kind %s, and %s as the apiVersion", meant, v1alpha1.APIVersion)
	case meant == kind && version == "":
		r.Mistake(atVersion, "want %s", v1alpha1.APIVersion)
	case meant == kind:
		r.Mistake(atVersion, "unknown version %s of a %s; want %s", mistake.Word(version), kind, v1alpha1.APIVersion)
	case group == v1alpha1.Group:
		foreign(kind, atKind, r)
	case meant != "" && (version == "" || mistake.Near(group, []string{v1alpha1.Group}) != ""):
		r.Mistake(atKind, "unknown kind %s; did you mean %s?", mistake.Word(kind), meant)
	case version == "":
		r.Mistake(atVersion, "want an apiVersion; %s for Airship's kinds", v1alpha1.APIVersion)
	}
	return ""
}

// foreign says what becomes of an airshipit.org document of another kind.
func foreign(kind string, atKind tree.Place, r *tree.Report) {
	if slices.Contains(unrelated, kind) {
		return
	}
	best := mistake.Near(kind, slices.Concat(kinds, unrelated))
	if best == "" {
		r.Mistake(atKind, "unknown kind %s of %s; known: %s", mistake.Word(kind), v1alpha1.Group, mistake.Enumerate(kinds))
		return
	}
	r.Mistake(atKind, "unknown kind %s; did you mean %s?", mistake.Word(kind), best)
}

// ours is the kind of ours that is written as, or close to, kind.
func ours(kind string) string {
	if slices.Contains(kinds, kind) {
		return kind
	}
	return mistake.Near(kind, kinds)
}
