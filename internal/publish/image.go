package publish

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/opencontainers/go-digest"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Image is a finished image file.
type Image struct {
	// File is its path.
	File string
	// Name is what it is called where it is stored: node.qcow2.
	Name string
	// Format is one of plan's but plan.Directory.
	Format string
	// Profile is the NodeProfile's name.
	Profile string
	// Architecture as Debian names it.
	Architecture string
	// Size of the file and VirtualSize of the disk, bytes; the latter may be unknown: 0.
	Size, VirtualSize int64
	// SHA256, SHA512 and MD5 of the file in hex; the last two may be empty.
	SHA256, SHA512, MD5 string
	// Epoch is the image's date, Unix seconds; 0 for none.
	Epoch int64
	// Attachments say something of the image.
	Attachments []Attachment
}

// Attachment is a document of an image: an SBOM, a provenance, a report.
type Attachment struct {
	// File is its path, or Data its content.
	File string
	Data []byte
	// MediaType of the document; also what kind of document it is, where ArtifactType does not say that.
	MediaType    string
	ArtifactType string
	// Title is its file name.
	Title string
}

// Published is an image where it is stored.
type Published struct {
	Image Image
	// URL leads to these bytes for ever, and is what a BareMetalHost names. Empty in a bundle, whose files get their URLs from whoever serves
	// them, and in a directory whose URL is not known.
	URL string
	// TagURL leads to whatever bears the tag or the name.
	TagURL string
	// Checksum goes beside URL in a document, in hex: SHA-256. Empty for oci://, where a BareMetalHost must have none.
	Checksum string
	// Digest of what URL names: the manifest in a registry, the file in a directory; sha256: and hex.
	Digest string
	// Index is the digest of what the tag names; empty in a directory.
	Index string
	// Attachments are the digests of the manifests that refer to the image's, or the URLs of files in a directory, in their order.
	Attachments []string
}

// Destination stores images.
type Destination interface {
	// Check says what would keep Publish from storing images, as far as can be known before anything is sent.
	Check(ctx context.Context, images []Image) error
	// Publish checks and stores images. What it returns is in their order. An image is named (by a tag, a file name) when everything is there.
	Publish(ctx context.Context, images []Image) ([]Published, error)
}

// A name that is a file, a URL's last element and one line of sha256sum's.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+~-]*$`)

var mediaType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$`)

// checkImages refuses what can be stored nowhere.
func checkImages(images []Image) error {
	if len(images) == 0 {
		return errors.New("there is no image to publish")
	}
	var all *multierror.Error
	names := map[string]bool{}
	for _, image := range images {
		for _, problem := range image.problems() {
			all = multierror.Append(all, fmt.Errorf("image %s: %s", mistake.Word(image.Name), problem))
		}
		if names[image.Name] {
			all = multierror.Append(all, fmt.Errorf("two images are called %s", mistake.Word(image.Name)))
		}
		names[image.Name] = true
	}
	return all.ErrorOrNil()
}

func (i *Image) problems() (all []string) {
	if !validName.MatchString(i.Name) {
		all = append(all, "its name must be of letters, digits and . _ + ~ - and begin with a letter or a digit")
	}
	if !slices.Contains(formats, i.Format) {
		all = append(all, fmt.Sprintf("its format %s is none that is published: want %s", mistake.Word(i.Format), strings.Join(formats, ", ")))
	}
	if i.Architecture == "" {
		all = append(all, "its architecture is not known")
	}
	for _, sum := range []struct {
		name, value string
		size        int
		must        bool
	}{{"SHA-256", i.SHA256, 32, true}, {"SHA-512", i.SHA512, 64, false}, {"MD5", i.MD5, 16, false}} {
		if (sum.value != "" || sum.must) && !isHex(sum.value, sum.size) {
			all = append(all, fmt.Sprintf("its %s is not %d hex digits in lower case", sum.name, 2*sum.size))
		}
	}
	info, err := os.Stat(i.File)
	switch {
	case err != nil:
		all = append(all, err.Error())
	case !info.Mode().IsRegular():
		all = append(all, i.File+" is no file")
	case info.Size() != i.Size || i.Size == 0:
		all = append(all, fmt.Sprintf("%s has %d bytes, and had %d when it was built", i.File, info.Size(), i.Size))
	}
	for _, a := range i.Attachments {
		all = append(all, a.problems()...)
	}
	return all
}

func (a *Attachment) problems() (all []string) {
	wrong := func(problem string) { all = append(all, "attachment "+mistake.Word(a.Title)+": "+problem) }
	if !validName.MatchString(a.Title) {
		wrong("its title is no file name")
	}
	if !mediaType.MatchString(a.MediaType) || a.ArtifactType != "" && !mediaType.MatchString(a.ArtifactType) {
		wrong("its media type is not TYPE/SUBTYPE")
	}
	switch {
	case (a.File == "") == (len(a.Data) == 0):
		wrong("it must have either a file or data")
	case a.File != "":
		if _, err := os.Stat(a.File); err != nil {
			wrong(err.Error())
		}
	}
	return all
}

// content is what the attachment says; documents are small enough for memory.
func (a *Attachment) content() ([]byte, error) {
	if a.File == "" {
		return a.Data, nil
	}
	return os.ReadFile(a.File)
}

func (a *Attachment) artifactType() string {
	if a.ArtifactType != "" {
		return a.ArtifactType
	}
	return a.MediaType
}

func (i *Image) digest() digest.Digest { return digest.NewDigestFromEncoded(digest.SHA256, i.SHA256) }

// isHex says whether text is so many bytes in lower-case hex.
func isHex(text string, size int) bool {
	data, err := hex.DecodeString(text)
	return err == nil && len(data) == size && text == strings.ToLower(text)
}
