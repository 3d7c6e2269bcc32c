package airship

import (
	"path"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// metadata is the file of output_metadata. The first two keys are those of Airship's image builder.
type metadata struct {
	// BootImagePath is the image's path on this host.
	BootImagePath string `json:"bootImagePath"`
	MD5Sum        string `json:"md5sum,omitempty"`

	Name string `json:"name"`
	// URL is where the image will be, by image_url.
	URL         string `json:"url,omitempty"`
	Format      string `json:"format"`
	Size        int64  `json:"size,omitempty"`
	VirtualSize int64  `json:"virtualSize,omitempty"`
	// Checksums in hex: md5, sha256, sha512.
	Checksums map[string]string `json:"checksums,omitempty"`
	Profile   string            `json:"profile"`
	Action    string            `json:"action"`
	Plan      plan.Digests      `json:"plan"`
	// Images are the others of the build.
	Images []otherImage `json:"images,omitempty"`
}

type otherImage struct {
	Name        string            `json:"name"`
	URL         string            `json:"url,omitempty"`
	Format      string            `json:"format"`
	Size        int64             `json:"size,omitempty"`
	VirtualSize int64             `json:"virtualSize,omitempty"`
	Checksums   map[string]string `json:"checksums,omitempty"`
}

// metadata of the images, as YAML.
func (b *build) metadata() ([]byte, error) {
	first := b.images[0]
	where, err := b.path(first.Name)
	if err != nil {
		return nil, err
	}
	if directory := b.config.BootImageDirectory; directory != "" {
		where = path.Join(directory, first.Name)
	}
	m := metadata{
		BootImagePath: where, MD5Sum: first.md5,
		Name: first.Name, URL: imageURL(b.config.ImageURL, first.Name), Format: first.Format, Size: first.Size, VirtualSize: first.VirtualSize,
		Checksums: first.checksums(), Profile: b.plan.Profile, Action: b.plan.Action, Plan: b.plan.Digests(),
	}
	for _, i := range b.images[1:] {
		m.Images = append(m.Images, otherImage{
			Name: i.Name, URL: imageURL(b.config.ImageURL, i.Name), Format: i.Format, Size: i.Size, VirtualSize: i.VirtualSize, Checksums: i.checksums(),
		})
	}
	return yaml.Marshal(m)
}

func (i image) checksums() map[string]string {
	if i.SHA256 == "" {
		return nil
	}
	return map[string]string{"md5": i.md5, "sha256": i.SHA256, "sha512": i.SHA512}
}

// imageURL is where a file will be below a base; empty without one.
func imageURL(base, name string) string {
	if base == "" {
		return ""
	}
	return strings.TrimRight(base, "/") + "/" + path.Base(name)
}
