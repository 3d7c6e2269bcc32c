package krm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// kinds that say what is built.
var kinds = []string{
	v1alpha1.KindAirshipImage, v1alpha1.KindAirshipImageRootFS, v1alpha1.KindImageConfiguration, v1alpha1.KindIsoConfiguration,
}

// function builds what the ResourceList's function configuration asks for, and writes the list with the documents as they are then.
func (e Environment) function(ctx context.Context, input []byte) error {
	list := &kio.ByteReadWriter{Reader: bytes.NewReader(input), Writer: e.Stdout, KeepReaderAnnotations: true}
	return framework.Execute(framework.ResourceListProcessorFunc(func(rl *framework.ResourceList) error {
		if err := e.process(ctx, rl); err != nil {
			rl.Results = results(err)
			return rl.Results
		}
		return nil
	}), list)
}

func (e Environment) process(ctx context.Context, rl *framework.ResourceList) error {
	if err := checkConfiguration(rl.FunctionConfig); err != nil {
		return err
	}
	site, err := writeSite(rl)
	if err != nil {
		return err
	}
	// Before the working directory is another: relative paths start at the caller's.
	if site.inside, err = e.inside(site.configuration); err != nil {
		return err
	}
	back, err := os.Getwd()
	if err != nil {
		return err
	}
	return inDirectory(ctx, e.Stderr, func(directory string) error {
		if err := site.write(); err != nil {
			return err
		}
		profiles, err := site.profiles(ctx)
		if err != nil {
			return err
		}
		b := build{Documents: site.files(), Host: site.inside.host, Publish: true, From: back, Images: profiles}
		if err := b.check(); err != nil {
			return err
		}
		if err := e.packer(ctx, directory, b); err != nil {
			return err
		}
		return site.read(rl)
	})
}

// checkConfiguration refuses what is no image.
func checkConfiguration(config *yaml.RNode) error {
	if config.IsNilOrEmpty() {
		return fmt.Errorf("the function has no configuration: want one of %v of %s", kinds, v1alpha1.APIVersion)
	}
	kind := config.GetKind()
	switch {
	case !slices.Contains(kinds, kind):
		return &mistake.Mistake{
			File: configurationFile, Field: "kind",
			Problem: fmt.Sprintf("is %s, which says nothing about an image%s", mistake.Word(kind), mistake.Suggest(kind, kinds)),
		}
	case config.GetApiVersion() != v1alpha1.APIVersion:
		return &mistake.Mistake{
			File: configurationFile, Field: "apiVersion",
			Problem: fmt.Sprintf("is %s: want %s", mistake.Word(config.GetApiVersion()), v1alpha1.APIVersion),
		}
	case config.GetName() == "":
		return &mistake.Mistake{File: configurationFile, Field: "metadata.name", Problem: "is required"}
	}
	return nil
}

// profiles are those of the images that the configuration asks for.
func (s *site) profiles(ctx context.Context) ([]*document.Profile, error) {
	set, err := document.Source{Documents: s.files(), Phase: phaseName}.Read(ctx, plan.Check)
	if err != nil {
		return nil, err
	}
	return set.Select(document.Selection{All: true})
}

// results are the mistakes of an error, each with its file and field.
func results(err error) framework.Results {
	found := mistake.All(err)
	if len(found) == 0 {
		return framework.Results{{Message: err.Error(), Severity: framework.Error}}
	}
	var all framework.Results
	for _, m := range found {
		// The list's own name for the document.
		named := *m
		named.File = strings.TrimPrefix(m.File, documentsDirectory+"/")
		m = &named
		result := &framework.Result{Message: m.Error(), Severity: framework.Error}
		if m.File != "" {
			result.File = &framework.File{Path: m.File}
		}
		if m.Field != "" {
			result.Field = &framework.Field{Path: m.Field}
		}
		all = append(all, result)
	}
	return all
}

// check refuses a build whose image nobody would ever see.
func (b build) check() error {
	var lost []error
	for _, p := range b.Images {
		if p.OutputDirectory == "" && !published(p) {
			lost = append(lost, fmt.Errorf("the image %s would be lost: give it spec.publish, or a container.volume that is mounted", p.Image.Name))
		}
	}
	return errors.Join(lost...)
}

func published(p *document.Profile) bool {
	to := p.Image.Spec.Publish
	return to.Registry != "" || to.Directory != "" || to.Bundle != ""
}
