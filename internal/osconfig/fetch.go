package osconfig

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"time"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Download is a file that fetch_from_url names, on its way into the target.
type Download struct {
	name string
	size int64
	file *os.File
}

// Close lets go of the file, of which nothing stays.
func (d Download) Close() error {
	name := d.file.Name()
	err := d.file.Close()
	if removeErr := os.Remove(name); removeErr != nil && !os.IsNotExist(removeErr) {
		return removeErr
	}
	return err
}

func (d Download) pack(w *tar.Writer) error {
	err := w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: path.Join(downloadsDir, d.name), Mode: 0o600, Size: d.size, ModTime: time.Time{},
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.NewSectionReader(d.file, 0, d.size))
	return err
}

// Saver downloads a URL into a file; store.Fetcher is one.
type Saver interface {
	Save(ctx context.Context, url string, to *os.File) error
}

// Fetch downloads what a profile's fetch_from_url names, through proxied or, where use_proxy is false,
// through direct, and opens files of this host. Mistakes in its error name the items. The caller closes
// the downloads, also after an error.
func Fetch(ctx context.Context, fetches []v1alpha1.Fetch, proxied, direct Saver, progress func(format string, args ...any)) ([]Download, error) {
	var all []Download
	var mistakes []*mistake.Mistake
	for i, f := range fetches {
		wrong := func(problem string) {
			mistakes = append(mistakes, &mistake.Mistake{Field: fmt.Sprintf("spec.files.fetch_from_url[%d].url", i), Problem: problem})
		}
		if check.Template(f.URL) {
			wrong("has an expression that only Ansible could fill in, and files are downloaded before it runs; write the address itself")
			continue
		}
		address, err := url.Parse(f.URL)
		if err != nil {
			wrong("is not a URL")
			continue
		}
		from := proxied
		if f.UseProxy != nil && !*f.UseProxy {
			from = direct
		}
		began := time.Now()
		d, err := fetch(ctx, address, f.URL, from)
		if d.file != nil {
			all = append(all, d)
		}
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
		if err != nil {
			wrong(err.Error())
			continue
		}
		progress("Fetched %s, %.1f MB in %.1f s", d.name, float64(d.size)/1e6, time.Since(began).Seconds())
	}
	return all, mistake.Join(mistakes)
}

func fetch(ctx context.Context, address *url.URL, text string, from Saver) (Download, error) {
	d := Download{name: path.Base(address.Path)}
	var err error
	// Gone from the directory at once where the system allows that, so that no end of this process leaves it.
	if d.file, err = os.CreateTemp("", "airship-download-*"); err != nil {
		return d, err
	}
	_ = os.Remove(d.file.Name())
	if address.Scheme == "file" {
		err = copyFile(d.file, address.Path)
	} else {
		err = from.Save(ctx, text, d.file)
	}
	if err != nil {
		return d, err
	}
	info, err := d.file.Stat()
	if err != nil {
		return d, err
	}
	d.size = info.Size()
	return d, nil
}

func copyFile(to *os.File, name string) error {
	from, err := os.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	if info, err := from.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", name)
	}
	_, err = io.Copy(to, from)
	return err
}
