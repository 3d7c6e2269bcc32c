package osconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// MetaDir holds, in every image, what the image says about itself.
const MetaDir = "/etc/imagebuilder/meta"

// Meta renders the files of MetaDir by name: airshipimage.yaml, nodeprofile.yaml, vars.yaml and
// build.yaml. It is pure, and the profile's secrets are in none of them.
func Meta(profile *document.Profile, facts Facts) (map[string][]byte, error) {
	hidden := newSecrets(profile.Secrets())
	digest, err := ProfileDigest(profile)
	if err != nil {
		return nil, err
	}
	shown := profile.Redacted()
	// Where copies of the image go, or an earlier one went, must not make it another image.
	shown.Image.Spec.Publish, shown.Image.Status = v1alpha1.Publication{}, v1alpha1.AirshipImageStatus{}
	// The record has the profile in its own place.
	facts.ProfileName, facts.ProfileDigest = "", ""
	files := map[string][]byte{}
	for name, render := range map[string]func() (string, error){
		"airshipimage.yaml": shown.ImageYAML,
		"nodeprofile.yaml":  shown.YAML,
		"vars.yaml":         func() (string, error) { return varsYAML(shown) },
		"build.yaml": func() (string, error) {
			text, err := yaml.Marshal(record{
				Facts:   facts,
				Profile: profileRecord{Name: profile.NodeProfile.Name, Digest: digest},
			})
			return string(text), err
		},
	} {
		text, err := render()
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		// A secret may stand in a second place: an annotation may hold the document as it was applied.
		files[name] = []byte(headers[name] + hidden.redact(text))
	}
	return files, nil
}

func varsYAML(profile *document.Profile) (string, error) {
	vars, err := variables.Render(profile.NodeProfile)
	if err != nil {
		return "", err
	}
	return vars.YAML()
}

// headers tell whoever logs in to a node what they are looking at.
var headers = map[string]string{
	"airshipimage.yaml": "# The AirshipImage that this image was built as.\n",
	"nodeprofile.yaml":  "# The NodeProfile of this image, resolved; secrets are left out.\n",
	"vars.yaml":         "# The variables that configured this image; secrets are left out.\n",
	"build.yaml":        "# What this image was built from.\n",
}

// record is build.yaml.
type record struct {
	Facts
	Profile profileRecord `json:"profile"`
}

type profileRecord struct {
	Name string `json:"name"`
	// Digest is ProfileDigest's.
	Digest string `json:"digest"`
}

// ProfileDigest is the SHA-256 (hex) of the resolved profile's YAML with each secret replaced by its
// own digest.
func ProfileDigest(profile *document.Profile) (string, error) {
	text, err := profile.Digested().YAML()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:]), nil
}
