package site

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Keys of what holds an image.
const (
	keyURL          = "url"
	keyChecksum     = "checksum"
	keyChecksumType = "checksumType"
	keyFormat       = "format"
	keyDiskFormat   = "diskFormat"
	keySize         = "size"
)

const (
	sha256Name = "sha256"
	sha512Name = "sha512"
	md5Name    = "md5"
	autoName   = "auto"
)

// metal3 names the formats of the CRDs' enum; vdi is none of ours.
var metal3Formats = map[string]string{"qcow2": "qcow2", "raw": "raw", "vmdk": "vmdk", formatISO: "live-iso"}

// holder is what a document has where an image is to be named.
type holder struct {
	document *document
	target   Target
	// image is what stands there; nil for nothing.
	image *tree.Node
}

// has says whether the document names a key of the image already.
func (h holder) has(key string) bool { return h.image.Get(key) != nil }

// drop removes a key, even one that is not there: what a patch lies over may have it.
func (h holder) drop(key string) set {
	if h.document.patch {
		return nulled(key)
	}
	return removed(key)
}

// sum is the algorithm and the checksum to write; kept is the one that the document names, if the image has it.
func (h holder) sum(image *Image, kept string) (algorithm, checksum, problem string) {
	algorithm = h.target.Checksum
	if algorithm == "" && kept != "" && image.checksum(kept) != "" {
		algorithm = kept
	}
	if algorithm == md5Name && h.target.Checksum == "" {
		algorithm = sha256Name // a document that says md5 is brought up to date
	}
	algorithm = cmp.Or(algorithm, sha256Name)
	if checksum = image.checksum(algorithm); checksum == "" {
		return "", "", "the image " + image.name() + " has no " + mistake.Word(algorithm) + mistake.Suggest(algorithm, algorithms(image))
	}
	return algorithm, checksum, ""
}

func algorithms(image *Image) []string {
	all := []string{sha256Name}
	if image.SHA512 != "" {
		all = append(all, sha512Name)
	}
	if image.Digests[md5Name] != "" {
		all = append(all, md5Name)
	}
	return all
}

// host is a BareMetalHost's spec.image. metal3's rules: apis/metal3.io/v1alpha1, GetChecksum, and for oci:// Ironic's
// doc/source/admin/oci-container-registry.rst.
func (h holder) host(image *Image) (sets []set, problem string) {
	format, problem := diskFormat(image)
	if problem != "" {
		return nil, problem
	}
	sets = []set{text(keyURL, image.URL)}
	switch {
	case image.isOCI() || image.isISO():
		// Newer operators refuse a checksum beside oci://, and none looks at that of a live ISO.
		sets = append(sets, h.drop(keyChecksum), h.drop(keyChecksumType))
	default:
		kept := h.image.Get(keyChecksumType).String()
		algorithm, checksum, problem := h.sum(image, kept)
		if problem != "" {
			return nil, problem
		}
		if kept == autoName && h.target.Checksum == "" {
			algorithm = autoName
		}
		sets = append(sets, text(keyChecksum, checksum), text(keyChecksumType, algorithm))
	}
	return append(sets, h.format(keyFormat, format)...), ""
}

// template is a Metal3MachineTemplate's spec.template.spec.image. Its CRDs ask for a checksum, even of a live ISO.
func (h holder) template(image *Image) (sets []set, problem string) {
	format, problem := diskFormat(image)
	if problem != "" {
		return nil, problem
	}
	key := keyFormat
	if strings.HasSuffix(h.document.apiVersion, "/v1beta2") {
		key = keyDiskFormat
	}
	sets = []set{text(keyURL, image.URL)}
	switch {
	case image.isOCI() && strings.Contains(h.document.apiVersion, "alpha"):
		return nil, "is of " + h.document.apiVersion + ", whose controllers know no oci://; publish the image for http(s), or move to v1beta1"
	case image.isOCI():
		sets = append(sets, h.drop(keyChecksum), h.drop(keyChecksumType))
	default:
		algorithm, checksum, problem := h.sum(image, h.image.Get(keyChecksumType).String())
		if problem != "" {
			return nil, problem
		}
		sets = append(sets, text(keyChecksum, checksum), text(keyChecksumType, algorithm))
	}
	return append(sets, h.format(key, format)...), ""
}

// format is the key of a disk's format; empty removes it.
func (h holder) format(key, format string) []set {
	if format == "" {
		return []set{h.drop(key)}
	}
	return []set{text(key, format)}
}

// diskFormat is an image's format as metal3 names it; empty where Ironic finds out by itself.
func diskFormat(image *Image) (format, problem string) {
	if image.isISO() {
		if image.isOCI() && !image.hasDigest() {
			return "", "the ISO " + image.name() + " is named by a tag; Ironic takes oci:// for what is no disk by a digest alone (@sha256:…)"
		}
		return metal3Formats[formatISO], ""
	}
	if image.isOCI() && !image.hasDigest() {
		return "", "" // behind a tag Ironic chooses among the formats, and its choice must not be contradicted
	}
	format = metal3Formats[image.Format]
	if format == "" && !(image.isOCI() && image.Format == "raw.zst") {
		return "", "the image " + image.name() + " is of the format " + mistake.Word(image.Format) + ", which metal3 does not write to a disk; want qcow2, raw, vmdk or iso"
	}
	return format, ""
}

// manager is a BaremetalManager's isoURL, which airshipctl hands to a BMC as it is.
func (h holder) manager(image *Image) (value, problem string) {
	switch {
	case !image.isISO():
		return "", "boots an ISO from a BMC; the image " + image.name() + " is of the format " + mistake.Word(image.Format)
	case image.isOCI():
		return "", "takes http(s) alone: a BMC reads no registry; publish the ISO to a web server, too"
	}
	return image.URL, ""
}

// catalogue is a mapping of a catalogue: url and checksum, and what else of the image it has already. The schema of a
// VersionsCatalogue's files has these two alone.
func (h holder) catalogue(image *Image) (sets []set, problem string) {
	sets = []set{text(keyURL, image.URL)}
	kept, asked := h.image.Get(keyChecksumType).String(), h.target.Checksum
	if kept == "" && asked == "" {
		h.target.Checksum = untyped(h.image.Get(keyChecksum).String(), image)
	}
	algorithm, checksum, problem := h.sum(image, kept)
	switch {
	case image.isOCI() && asked == "":
		sets = append(sets, h.drop(keyChecksum), h.drop(keyChecksumType))
	case problem != "":
		return nil, problem
	default:
		sets = append(sets, text(keyChecksum, checksum))
		if h.has(keyChecksumType) {
			if kept == autoName && asked == "" {
				algorithm = autoName
			}
			sets = append(sets, text(keyChecksumType, algorithm))
		}
	}
	for _, key := range []string{keyFormat, keyDiskFormat} {
		if !h.has(key) {
			continue
		}
		format, problem := diskFormat(image)
		if problem != "" {
			return nil, problem
		}
		sets = append(sets, h.format(key, format)...)
	}
	if h.has(keySize) {
		sets = append(sets, size(image))
	}
	return sets, ""
}

// untyped is the algorithm that a checksum, or the address of one, shows where no type stands beside it; empty for SHA-256, and where the image has no
// such sum. Whoever reads it expects the same again: a baremetal-operator before 0.10 takes what has no type for MD5.
func untyped(checksum string, image *Image) string {
	algorithm := ""
	switch {
	case len(checksum) == 128:
		algorithm = sha512Name
	case md5Sum.MatchString(checksum):
		algorithm = md5Name
	}
	if image.checksum(algorithm) == "" {
		return ""
	}
	return algorithm
}

var md5Sum = regexp.MustCompile(`^[0-9a-fA-F]{32}$|\.md5(sum)?$`)

func size(image *Image) set {
	return set{key: keySize, index: -1, value: strconv.FormatInt(image.Size, 10), tag: tagInteger}
}

// value is what a text of a catalogue becomes.
func (h holder) value(image *Image) (value, tag, problem string) {
	switch h.target.Value {
	case keyChecksum:
		h.target.Checksum = cmp.Or(h.target.Checksum, untyped(h.image.String(), image))
		_, value, problem = h.sum(image, "")
	case keyChecksumType:
		value, _, problem = h.sum(image, h.image.String())
	case keyFormat:
		value, problem = diskFormat(image)
		if value == "" && problem == "" {
			problem = "the image " + image.name() + " is named by a tag, behind which Ironic chooses the format"
		}
	case keySize:
		return size(image).value, tagInteger, ""
	default:
		value = image.URL
	}
	return value, tagText, problem
}

// status is what an AirshipImage's status becomes: api/v1alpha1.AirshipImageStatus.
func status(image *Image, is *tree.Node) []set {
	digests := image.AllDigests()
	var all []set
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		all = append(all, text(name, digests[name]))
	}
	is.Get("digests").Fields(func(key, _ *tree.Node) {
		if _, ok := digests[key.Value]; !ok {
			all = append(all, removed(key.Value))
		}
	})
	return []set{
		text(keyURL, image.URL),
		text(keyChecksum, image.SHA256),
		size(image),
		{key: "digests", index: -1, inner: all},
	}
}
