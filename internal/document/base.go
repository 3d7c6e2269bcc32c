package document

import (
	"path/filepath"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// absoluteBase makes the path of a profile's base absolute, so that the resolved document means the same file wherever
// it is read. directories are where relative paths in a file start; a document that is not a file has none.
func (p *Profile) absoluteBase(directories map[string]string, r *tree.Report) {
	const field = "spec.base"
	base := p.NodeProfile.Spec.Base
	if base == "" || filepath.IsAbs(base) || strings.Contains(base, "://") || newSettled(r.Settled).covers(field) {
		return
	}
	at, _ := p.places.find(field)
	directory := directories[at.File]
	if directory == "" {
		r.Mistake(at, "a relative path needs a document that is a file; want an absolute path or oci://REGISTRY/REPOSITORY:TAG")
		return
	}
	p.NodeProfile.Spec.Base = filepath.Join(directory, base)
}
