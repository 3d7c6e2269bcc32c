package airship

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/output"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Endings of the files beside an image.
const (
	sha256Ending   = ".sha256" // for sha256sum --check
	sha512Ending   = ".sha512"
	manifestEnding = ".manifest.json" // how the images came about
)

// reserveOutput refuses to build what could not be delivered.
func reserveOutput(_ context.Context, b *build, _ multistep.StateBag) (err error) {
	b.output, err = output.Reserve(b.wanted(b.config.form().Outputs(&b.profile.NodeProfile)))
	return err
}

// wanted are the outputs of a plan with the files beside them.
func (b *build) wanted(outputs []plan.Output) output.Wanted {
	w := output.Wanted{Directory: b.config.outputDirectory(), Replace: b.config.PackerForce}
	for _, o := range outputs {
		if o.Format == plan.Directory {
			w.Trees = append(w.Trees, o.Name)
			continue
		}
		w.Files = append(w.Files, o.Name)
		w.Beside = append(w.Beside, o.Name+sha256Ending, o.Name+sha512Ending)
	}
	w.Beside = append(w.Beside, outputs[0].Name+manifestEnding)
	if b.config.writeReports() {
		w.Beside = append(w.Beside, reportNames(outputs)...)
	}
	if name := b.config.metadataName(); name != "" {
		w.Beside = append(w.Beside, filepath.Clean(name))
	}
	return w
}

// discardOutput removes what was not delivered.
func discardOutput(_ context.Context, b *build) error {
	if b.output == nil {
		return nil
	}
	return b.output.Discard()
}
