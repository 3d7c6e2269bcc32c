package toolbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// download brings the pin's packages that wanted names into the store and returns them, base-files first, the
// others by the pin's order.
func download(ctx context.Context, o Options, pin Pin, wanted func(name string) bool) ([]Deb, error) {
	start := time.Now()
	packages := slices.DeleteFunc(slices.Clone(pin.Packages), func(p PinnedPackage) bool { return !wanted(p.Name) })
	items := make([]store.Item, len(packages))
	var size int64
	for i, p := range packages {
		items[i] = store.Item{
			Name: p.Name + " " + p.Version, URL: packageURL(o.Mirror, p.Filename), SHA256: p.SHA256, Size: p.Size,
		}
		size += p.Size
	}
	if err := o.Fetcher.Fetch(ctx, items); err != nil {
		return nil, fmt.Errorf("download the toolbox: %w", err)
	}
	o.Progress("toolbox: %d packages, %d MB, in the store after %s", len(items), size/1e6, since(start))
	var first, others []Deb
	for _, p := range packages {
		path, ok := o.Store.Path(p.SHA256)
		if !ok {
			return nil, fmt.Errorf("package %s of the toolbox is missing in the store", p.Name)
		}
		if d := (Deb{Name: p.Name, Path: path}); p.Name == baseFiles {
			first = append(first, d)
		} else {
			others = append(others, d)
		}
	}
	return append(first, others...), nil
}

// packageURL of a file that an index names relative to the archive's base URL.
func packageURL(mirror, filename string) string {
	return strings.TrimRight(mirror, "/") + (&url.URL{Path: "/" + filename}).EscapedPath()
}

// superseded says that a download failed only for files that the mirror does not have: it drops versions that
// have a successor.
func superseded(err error) bool {
	var many *multierror.Error
	if errors.As(err, &many) {
		for _, one := range many.Errors {
			if !superseded(one) {
				return false
			}
		}
		return len(many.Errors) > 0
	}
	var status *store.StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}
