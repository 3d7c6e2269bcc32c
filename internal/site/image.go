package site

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Image is a published image.
type Image struct {
	// Profile is the NodeProfile's name.
	Profile string `json:"profile,omitempty"`
	// ImageName is the AirshipImage's name.
	ImageName string `json:"name,omitempty"`
	// Action is the AirshipImage's spec.builder.action.
	Action string `json:"action,omitempty"`
	// Format is the file's, as AirshipImages write it: qcow2, raw, iso, …
	Format string `json:"format"`
	// URL is where it is stored: http, https or oci.
	URL string `json:"url"`
	// SHA256 and SHA512 are in hex; the second may be empty.
	SHA256 string `json:"sha256"`
	SHA512 string `json:"sha512,omitempty"`
	// Size in bytes.
	Size int64 `json:"size"`
	// HostLabels are the AirshipImage's spec.hostSelector.matchLabels.
	HostLabels map[string]string `json:"hostLabels,omitempty"`
	// Digests are of what the image follows from (plan, profile), and further hashes of it (md5), in hex.
	Digests map[string]string `json:"digests,omitempty"`
	// Architecture as Debian names it.
	Architecture string `json:"architecture,omitempty"`
}

// Schemes of an image's URL.
const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
	schemeOCI   = "oci"
)

const formatISO = "iso"

// isISO says whether the image is booted and not written to a disk.
func (i *Image) isISO() bool {
	return i.Format == formatISO || i.Format == "" && i.Action == v1alpha1.ActionBuildISO
}

func (i *Image) isOCI() bool { return strings.HasPrefix(i.URL, schemeOCI+"://") }

// hasDigest says whether an oci:// URL names one manifest and not a tag.
func (i *Image) hasDigest() bool { return strings.Contains(i.URL, "@sha256:") }

// checksum is a hash of the image by its algorithm; empty where it has none.
func (i *Image) checksum(algorithm string) string {
	switch algorithm {
	case sha256Name:
		return i.SHA256
	case sha512Name:
		return i.SHA512
	}
	return i.Digests[algorithm]
}

// AllDigests are the hashes of all kinds, as an AirshipImage's status has them.
func (i *Image) AllDigests() map[string]string {
	all := map[string]string{}
	for name, digest := range i.Digests {
		if digest != "" {
			all[name] = digest
		}
	}
	all[sha256Name] = i.SHA256
	if i.SHA512 != "" {
		all[sha512Name] = i.SHA512
	}
	return all
}

// name is the image's in messages.
func (i *Image) name() string { return mistake.Word(cmp.Or(i.ImageName, i.Profile)) }

// checkImages refuses what no document may point at.
func checkImages(images []Image) (all []*mistake.Mistake) {
	if len(images) == 0 {
		return []*mistake.Mistake{{Problem: "no image is published, so there is nothing to point documents at"}}
	}
	for n, image := range images {
		wrong := func(format string, args ...any) {
			field := "image " + image.name()
			if image.ImageName == "" && image.Profile == "" {
				field = fmt.Sprintf("image %d", n+1)
			}
			all = append(all, &mistake.Mistake{Field: field, Problem: fmt.Sprintf(format, args...)})
		}
		if image.ImageName == "" && image.Profile == "" {
			wrong("has neither the name of an AirshipImage nor of a NodeProfile")
		}
		if problem := checkURL(image.URL); problem != "" {
			wrong("%s", problem)
		}
		if !isSum(digest.SHA256, image.SHA256) {
			wrong("has no SHA-256 of 64 hex digits, so it is not known what is stored there")
		}
		if image.SHA512 != "" && !isSum(digest.SHA512, image.SHA512) {
			wrong("its SHA-512 is not 128 hex digits")
		}
		if image.Size <= 0 {
			wrong("has no size, so it is not known to be stored")
		}
		if image.Format == "" {
			wrong("its format is not known")
		}
	}
	return all
}

// checkURL is what is wrong with an image's URL; it is not repeated, since it may hold a password.
func checkURL(text string) string {
	if text == "" {
		return "has no URL, so it is not stored where a host could read it"
	}
	address, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsAny(text, " \t\r\n\"'\\"):
		return "its URL is not valid"
	case address.User != nil:
		return "its URL holds credentials, which documents must not show"
	case address.Scheme != schemeHTTP && address.Scheme != schemeHTTPS && address.Scheme != schemeOCI:
		return "its URL is of the scheme " + mistake.Word(address.Scheme) + "; want http, https or oci"
	case address.Host == "" || strings.Trim(address.Path, "/") == "":
		return "its URL lacks a host or a path"
	}
	return ""
}

// isSum says whether text is a hash in lower-case hex.
func isSum(algorithm digest.Algorithm, text string) bool {
	return digest.NewDigestFromEncoded(algorithm, text).Validate() == nil
}
