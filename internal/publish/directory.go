package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// Directory stores images in a directory that a web server serves.
//
// NAME-DIGEST.qcow2 is the file, which never changes: a host that names it gets these bytes for ever. NAME.qcow2 is a link to the newest. Beside each
// lie its checksums as sha256sum and sha512sum write them, which Ironic takes by a URL (checksum_utils, get_checksum_from_url), and its attachments.
type Directory struct {
	// Path of the directory; it is made where it is missing.
	Path string
	// URL that the directory is served at; empty: not known.
	URL string
	// Overwrite lets NAME.qcow2 become another file than now.
	Overwrite bool
	// Endings of attachments' names. When NAME.qcow2 becomes another file, what has such an ending beside it goes, with the checksums.
	Endings []string
	Transfer
}

// Endings of checksum files.
const (
	sha256Ending = ".sha256"
	sha512Ending = ".sha512"
)

// digestLength is how much of the SHA-256 is in a file's name, hex digits.
const digestLength = 12

// fileEndings of formats, where they are not the format.
var fileEndings = map[string]string{plan.GCE: ".tar.gz", plan.OCI: ".oci.tar"}

// digestName is NAME-DIGEST.ENDING.
func digestName(image *Image) string {
	ending := "." + image.Format
	if other, is := fileEndings[image.Format]; is {
		ending = other
	}
	stem, is := strings.CutSuffix(image.Name, ending)
	if !is || stem == "" {
		ending = path.Ext(image.Name)
		stem = strings.TrimSuffix(image.Name, ending)
	}
	return stem + "-" + image.SHA256[:digestLength] + ending
}

// besideName is an attachment's beside a file: its title, where that begins with the image's name without the latter.
func besideName(file string, image *Image, a *Attachment) string {
	return file + "." + strings.TrimPrefix(a.Title, image.Name+".")
}

// Check says whether the names may become the images.
func (d Directory) Check(ctx context.Context, images []Image) error {
	if err := d.check(images); err != nil {
		return err
	}
	_, err := d.places(ctx, images)
	return err
}

// check refuses what is wrong whatever lies in the directory.
func (d Directory) check(images []Image) error {
	if err := checkImages(images); err != nil {
		return err
	}
	var all *multierror.Error
	if d.Path == "" {
		all = multierror.Append(all, errors.New("directory: it has no path"))
	}
	if info, err := os.Stat(d.Path); err == nil && !info.IsDir() {
		all = multierror.Append(all, fmt.Errorf("directory: %s is none", d.Path))
	}
	if problem := checkBase(d.URL); problem != "" {
		all = multierror.Append(all, errors.New("url: "+problem))
	}
	return all.ErrorOrNil()
}

// places reads what lies where images are to be.
func (d Directory) places(ctx context.Context, images []Image) ([]place, error) {
	d.Transfer = d.withDefaults()
	var places []place
	var all *multierror.Error
	for i := range images {
		p := place{Directory: d, image: &images[i]}
		final, name := digestName(p.image), p.image.Name
		var err error
		if p.final, err = p.state(ctx, final); err != nil {
			return nil, err
		}
		if p.name = p.final; !p.sameFile(final, name) {
			if p.name, err = p.state(ctx, name); err != nil {
				return nil, err
			}
		}
		for _, one := range []struct {
			name string
			state
		}{{final, p.final}, {name, p.name}} {
			if one.state == other && !d.Overwrite {
				all = multierror.Append(all, fmt.Errorf("%s exists and is another file: set overwrite to replace it, or name the image otherwise", p.path(one.name)))
			}
		}
		places = append(places, p)
	}
	return places, all.ErrorOrNil()
}

// checkBase is what is wrong with the URL of the directory; it is not repeated, since it may hold a password.
func checkBase(text string) string {
	if text == "" {
		return ""
	}
	base, err := url.Parse(text)
	switch {
	case err != nil:
		return "it is not valid"
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return "want http://HOST/PATH or https://HOST/PATH"
	case base.User != nil:
		return "it holds credentials, which documents must not show"
	case base.RawQuery != "" || base.Fragment != "":
		return "it has a ? or a # in it, and files' names come after it"
	}
	return ""
}

// Publish puts the files into the directory, then gives them their names.
func (d Directory) Publish(ctx context.Context, images []Image) ([]Published, error) {
	if err := d.check(images); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.Path, 0o755); err != nil {
		return nil, err
	}
	// One build at a time, or the name of one would stand beside the checksum of another.
	lock, err := os.Open(d.Path)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	err = flock.Wait(ctx, lock, func() { d.withDefaults().Say("another build publishes to %s; waiting", d.Path) })
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	places, err := d.places(ctx, images)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if err := p.store(ctx); err != nil {
			return nil, fmt.Errorf("image %s to %s: %w", p.image.Name, d.Path, explainDisk(err))
		}
	}
	var published []Published
	for _, p := range places {
		one, err := p.publish()
		if err != nil {
			return nil, fmt.Errorf("image %s to %s: %w", p.image.Name, d.Path, explainDisk(err))
		}
		published = append(published, one)
	}
	return published, nil
}

// partial is a name of its own for what is not whole yet: builds of other hosts may write here, too, where the lock does not reach (NFS).
func (d Directory) partial() string {
	return wholefile.Partial(filepath.Join(d.Path, "airship-publish"))
}

// url is where a file is served; empty where that is not known.
func (d Directory) url(name string) string {
	if d.URL == "" {
		return ""
	}
	return strings.TrimRight(d.URL, "/") + "/" + url.PathEscape(name)
}

// place is an image in the directory.
type place struct {
	Directory
	image       *Image
	final, name state // of the file with the digest in its name, and of the one without
}

// sameFile says that two names are of one file.
func (p place) sameFile(a, b string) bool {
	one, err := os.Stat(p.path(a))
	if err != nil {
		return false
	}
	two, err := os.Stat(p.path(b))
	return err == nil && os.SameFile(one, two)
}

func (p place) path(name string) string { return filepath.Join(p.Path, name) }

// What lies under a name.
type state int

const (
	nothing state = iota
	same          // the image
	other
)

// state reads what lies under a name.
func (p place) state(ctx context.Context, name string) (state, error) {
	file, err := os.Open(p.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	if err != nil {
		return other, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return other, err
	}
	if !info.Mode().IsRegular() || info.Size() != p.image.Size {
		return other, nil
	}
	got, err := sumsOf(ctx, file, info.Size(), p.meter(name+", reading it", info.Size()).at)
	if err != nil {
		return other, err
	}
	if got.match(p.image) != nil {
		return other, nil
	}
	return same, nil
}

// store puts the image there under its digest.
func (p place) store(ctx context.Context) error {
	name := digestName(p.image)
	if p.final == same {
		p.Say("%s is there already", name)
		return nil
	}
	partial := p.partial()
	defer os.Remove(partial)
	source, err := filepath.EvalSymlinks(p.image.File)
	if err != nil {
		return err
	}
	sums, err := p.bring(ctx, source, partial)
	if err != nil {
		return err
	}
	if err := sums.match(p.image); err != nil {
		return err
	}
	return os.Rename(partial, p.path(name))
}

// publish gives the image its name, and both names their checksums and attachments.
func (p place) publish() (Published, error) {
	final := digestName(p.image)
	one := Published{
		Image: *p.image, Digest: p.image.digest().String(), URL: p.url(final), TagURL: p.url(p.image.Name), Checksum: p.image.SHA256,
	}
	if err := p.beside(final); err != nil {
		return one, err
	}
	if err := p.link(final); err != nil {
		return one, err
	}
	if err := p.beside(p.image.Name); err != nil {
		return one, err
	}
	for i := range p.image.Attachments {
		one.Attachments = append(one.Attachments, p.url(besideName(final, p.image, &p.image.Attachments[i])))
	}
	return one, nil
}

// clear removes what is said of another image that has the name now.
func (p place) clear() error {
	endings := append([]string{sha256Ending, sha512Ending, md5Ending}, p.Endings...)
	entries, err := os.ReadDir(p.Path)
	if err != nil {
		return err
	}
	says := func(name string) bool {
		return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(name, ending) })
	}
	for _, e := range entries {
		// Of node.raw and not of node.raw.zst, which is an image, too.
		isOthers := slices.ContainsFunc(entries, func(image os.DirEntry) bool {
			return len(image.Name()) > len(p.image.Name) && !says(image.Name()) && strings.HasPrefix(e.Name(), image.Name()+".")
		})
		if strings.HasPrefix(e.Name(), p.image.Name+".") && says(e.Name()) && !isOthers {
			err = errors.Join(err, removed(p.path(e.Name())))
		}
	}
	return err
}

// link makes the image's name one of the file's. At no time does an old checksum lie beside a new file.
func (p place) link(final string) error {
	name := p.path(p.image.Name)
	if p.name == other {
		if err := p.clear(); err != nil {
			return err
		}
	}
	partial := p.partial()
	if os.Link(p.path(final), partial) != nil {
		// Some file systems have no hard links.
		if err := os.Symlink(final, partial); err != nil {
			return err
		}
	}
	// Where the name is a link to the file already, rename(2) does nothing and leaves both.
	return errors.Join(os.Rename(partial, name), removed(partial))
}

func removed(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// beside writes the small files of a name.
func (p place) beside(name string) error {
	for _, sum := range []struct{ ending, value string }{
		{sha256Ending, p.image.SHA256}, {sha512Ending, p.image.SHA512}, {md5Ending, p.image.MD5},
	} {
		if sum.value == "" {
			continue
		}
		// As sha256sum writes it, whose check mode and Ironic look for the name.
		if err := p.small(name+sum.ending, []byte(sum.value+"  "+name+"\n")); err != nil {
			return err
		}
	}
	for i := range p.image.Attachments {
		a := &p.image.Attachments[i]
		data, err := a.content()
		if err != nil {
			return err
		}
		if err := p.small(besideName(name, p.image, a), data); err != nil {
			return err
		}
	}
	return nil
}
