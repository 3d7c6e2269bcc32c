package publish

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/provenance"
	"github.com/airshipit/packer-plugin-airship/internal/publish"
	"github.com/airshipit/packer-plugin-airship/internal/report"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// manifestEnding is of the file in which the builder airship says what it made.
const manifestEnding = ".manifest.json"

// manifest is what the builder airship says of its images.
type manifest struct {
	Profile      string
	Architecture string
	Epoch        int64
	Images       []struct {
		Name, Format, SHA256, SHA512 string
		Size, VirtualSize            int64
	}
	Boots []struct {
		Firmware, Reason string
		Verified         bool
	}
}

// unbooted is why the builder airship did not see its image boot; empty where it did, and for other builders' images.
func unbooted(files []string) string {
	for _, file := range files {
		if !strings.HasSuffix(file, manifestEnding) {
			continue
		}
		m, err := readManifest(file)
		if err != nil {
			return "" // told when the images are looked for
		}
		for _, boot := range m.Boots {
			if !boot.Verified {
				return boot.Firmware + ": " + boot.Reason
			}
		}
	}
	return ""
}

func readManifest(name string) (*manifest, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return m, nil
}

// imagesOf are the images among an artifact's files: those that a manifest of the builder airship names, else those whose names tell a
// format.
func (c *Config) imagesOf(ctx context.Context, source packersdk.Artifact) ([]publish.Image, error) {
	var files []string
	for _, file := range source.Files() {
		files = append(files, filepath.Clean(file))
	}
	for _, file := range files {
		if strings.HasSuffix(file, manifestEnding) {
			return ofManifest(ctx, file, files)
		}
	}
	return c.foreign(ctx, files)
}

// ofManifest are the images of a build of ours. Directories, which have no sum, are stored nowhere.
func ofManifest(ctx context.Context, name string, files []string) ([]publish.Image, error) {
	m, err := readManifest(name)
	if err != nil {
		return nil, err
	}
	var all []publish.Image
	for _, i := range m.Images {
		file := filepath.Join(filepath.Dir(name), i.Name)
		if i.Format == plan.Directory || !slices.Contains(files, file) {
			continue
		}
		image := publish.Image{
			File: file, Name: i.Name, Format: i.Format, Profile: m.Profile, Architecture: m.Architecture, Epoch: m.Epoch,
			Size: i.Size, VirtualSize: i.VirtualSize, SHA256: i.SHA256, SHA512: i.SHA512,
		}
		if err := sums(ctx, &image, map[*string]hash.Hash{&image.MD5: md5.New()}); err != nil {
			return nil, err
		}
		all = append(all, image)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("none of the images of %s is a file of the artifact: the post-processor comes before those that change it", name)
	}
	build := strings.TrimSuffix(name, manifestEnding)
	for i := range all {
		for _, a := range []struct{ file, mediaType string }{
			{all[i].File + sbom.Ending, sbom.MediaType}, {build + provenance.Ending, provenance.MediaType}, {build + report.Ending, report.MediaType},
		} {
			if slices.Contains(files, a.file) {
				all[i].Attachments = append(all[i].Attachments, publish.Attachment{File: a.file, MediaType: a.mediaType, Title: filepath.Base(a.file)})
			}
		}
	}
	return all, nil
}

// endings tell the format of another builder's image.
var endings = []struct{ ending, format string }{
	{".qcow2", "qcow2"},
	{".raw.zst", "raw.zst"},
	{".raw", "raw"},
	{".vhdx", "vhdx"},
	{".vhd", "vhd"},
	{".vmdk", "vmdk"},
	{".iso", "iso"},
	{".tar.zst", "tar.zst"},
	{".squashfs", "squashfs"},
	{".tar.gz", "gce"},
}

// qcowMagic begins a qcow2 image, whatever its name (QEMU's docs/interop/qcow2.txt).
const qcowMagic = "QFI\xfb"

// foreign are the images of an artifact of another builder, which tells neither their profile nor their architecture.
func (c *Config) foreign(ctx context.Context, files []string) ([]publish.Image, error) {
	var all []publish.Image
	profile, architecture := "", c.Architecture
	if c.profile != nil {
		profile, architecture = c.profile.NodeProfile.Name, cmp.Or(architecture, c.profile.NodeProfile.Spec.Architecture)
	}
	for _, file := range files {
		format, err := formatOf(file)
		if err != nil {
			return nil, err
		}
		if format == "" {
			continue
		}
		base := filepath.Base(file)
		image := publish.Image{File: file, Name: base, Format: format, Architecture: cmp.Or(architecture, "amd64"), Profile: cmp.Or(profile, profileOf(base))}
		if image.Format == "qcow2" && !strings.HasSuffix(base, ".qcow2") {
			image.Name += ".qcow2"
		}
		err = sums(ctx, &image, map[*string]hash.Hash{&image.SHA256: sha256.New(), &image.SHA512: sha512.New(), &image.MD5: md5.New()})
		if err != nil {
			return nil, err
		}
		all = append(all, image)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the artifact has no image among its files %q", files)
	}
	return all, nil
}

// profileOf is an image's name without its endings.
func profileOf(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return name
}

// formatOf is the format of a file; empty for what is no image.
func formatOf(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	start := make([]byte, len(qcowMagic))
	if _, err := io.ReadFull(file, start); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		if info, statErr := file.Stat(); statErr == nil && info.IsDir() {
			return "", nil
		}
		return "", err
	}
	if bytes.Equal(start, []byte(qcowMagic)) {
		return "qcow2", nil
	}
	for _, e := range endings {
		if strings.HasSuffix(name, e.ending) {
			return e.format, nil
		}
	}
	return "", nil
}

// sums fills in a file's size and hashes, each on a processor of its own.
func sums(ctx context.Context, image *publish.Image, wanted map[*string]hash.Hash) error {
	file, err := os.Open(image.File)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	image.Size = info.Size()
	var group errgroup.Group
	for to, hash := range wanted {
		group.Go(func() error {
			_, err := io.Copy(hash, until.Reader(ctx, io.NewSectionReader(file, 0, info.Size())))
			*to = hex.EncodeToString(hash.Sum(nil))
			return err
		})
	}
	return group.Wait()
}
