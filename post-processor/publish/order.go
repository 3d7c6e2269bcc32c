package publish

import (
	"errors"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/publish"
	"github.com/airshipit/packer-plugin-airship/internal/site"
)

// order is what is to be done with an image: the template's options over the AirshipImage's.
type order struct {
	v1alpha1.Publication
	pointTo string
	targets []site.Target
}

func (c *Config) order(image *v1alpha1.AirshipImage) order {
	o := order{Publication: image.Spec.Publish, pointTo: c.PointTo}
	for _, option := range []struct {
		value string
		field *string
	}{{c.Registry, &o.Registry}, {c.Tag, &o.Tag}, {c.Bundle, &o.Bundle}, {c.Directory, &o.Directory}, {c.URL, &o.URL}} {
		if option.value != "" {
			*option.field = option.value
		}
	}
	if c.Overwrite != nil {
		o.Overwrite = *c.Overwrite
	}
	if o.pointTo == "" && o.Registry == "" && o.Directory != "" {
		o.pointTo = toDirectory
	}
	for _, t := range c.Targets {
		o.targets = append(o.targets, site.Target{
			Kind: t.Kind, Name: t.Name, Namespace: t.Namespace, File: t.File, Path: t.FieldPath, Value: t.Value, Checksum: t.Checksum, Format: t.Format,
		})
	}
	if len(c.Targets) == 0 {
		for _, t := range o.Documents {
			o.targets = append(o.targets, site.Target{
				Kind: t.Kind, Name: t.Name, Namespace: t.Namespace, Path: t.FieldPath, Value: t.Value, Checksum: t.Checksum, Format: t.Format,
			})
		}
	}
	return o
}

// check refuses what says nothing, or half. pointing says that documents are to name the image.
func (o order) check(pointing bool) error {
	var mistakes *multierror.Error
	if o.Registry == "" && o.Bundle == "" && o.Directory == "" {
		mistakes = multierror.Append(mistakes, errors.New("the image is to be stored nowhere: give registry, bundle or directory, or the AirshipImage's spec.publish"))
	}
	if o.Registry != "" {
		mistakes = multierror.Append(mistakes, publish.Registry{Repository: o.Registry, Tag: o.Tag}.CheckNames())
	}
	if o.Bundle != "" {
		mistakes = multierror.Append(mistakes, publish.Bundle{Reference: o.Bundle}.CheckName())
	}
	if o.pointTo == toDirectory && o.Directory == "" {
		mistakes = multierror.Append(mistakes, errors.New(`point_to is "directory", and there is no directory`))
	}
	if o.pointTo == toRegistry && o.Registry == "" {
		mistakes = multierror.Append(mistakes, errors.New(`point_to is "registry", and there is no registry`))
	}
	if o.URL != "" && o.Directory == "" {
		mistakes = multierror.Append(mistakes, errors.New("url is that of directory, and there is none"))
	}
	if pointing && o.URL == "" && (o.Registry == "" || o.pointTo == toDirectory) {
		mistakes = multierror.Append(mistakes, errors.New("documents cannot name the image, which will have no URL: give url, where a web server serves directory, or a registry"))
	}
	return mistakes.ErrorOrNil()
}
