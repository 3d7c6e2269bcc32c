// Package publish is Packer's post-processor airship-publish.
//
// An artifact with image files and the site's documents go in; images that are stored in a registry or a directory, and documents
// and a cluster that name them, come out.
package publish

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/handover"
	"github.com/airshipit/packer-plugin-airship/internal/publish"
	"github.com/airshipit/packer-plugin-airship/internal/registry"
	"github.com/airshipit/packer-plugin-airship/internal/site"
)

// PostProcessor implements packersdk.PostProcessor.
type PostProcessor struct {
	config Config
}

// ConfigSpec is Config's HCL schema.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Configure reads the options. What is wrong with documents is told before the image is built, as far as that is known.
func (p *PostProcessor) Configure(raws ...any) error {
	if err := p.config.decode(raws...); err != nil {
		return err
	}
	return p.config.checkDocuments(context.Background())
}

// PostProcess stores the images, then points documents and a cluster at them. The artifact's files are kept, as Packer's users expect
// of what stores them elsewhere, unless keep_input_artifact says otherwise.
func (p *PostProcessor) PostProcess(ctx context.Context, ui packersdk.Ui, source packersdk.Artifact) (packersdk.Artifact, bool, bool, error) {
	published, err := p.publish(ctx, ui, source)
	if err != nil {
		// Packer removes what a post-processor failed on.
		if kept, _ := source.State(handover.Keep).(bool); kept {
			err = fmt.Errorf("%w\nthe image itself is kept: %s", err, source)
		}
		return nil, false, false, err
	}
	return &artifact{Artifact: source, published: published}, true, false, nil
}

func (p *PostProcessor) publish(ctx context.Context, ui packersdk.Ui, source packersdk.Artifact) ([]publish.Published, error) {
	images, err := p.config.imagesOf(ctx, source)
	if err != nil {
		return nil, err
	}
	r := run{config: &p.config, ui: ui}
	if r.image, err = p.config.airshipImage(source); err != nil {
		return nil, err
	}
	r.order = p.config.order(r.image)
	if err := r.order.check(p.config.changes()); err != nil {
		return nil, err
	}
	stored, err := r.store(ctx, images)
	if err != nil {
		return nil, err
	}
	if p.config.changes() || p.config.Cluster != nil {
		if reason := unbooted(source.Files()); reason != "" {
			ui.Say("Warning: hosts are to take an image that was not seen booting (" + reason + ")")
		}
		if err := r.reachable(ctx, stored); err != nil {
			return nil, fmt.Errorf("the image is stored, but nothing names it: %w", err)
		}
	}
	all := r.named(stored)
	if err := r.update(ctx, all); err != nil {
		return nil, fmt.Errorf("the image is stored, but %w", err)
	}
	if err := r.apply(ctx, all); err != nil {
		return nil, fmt.Errorf("the image is stored, but %w", err)
	}
	return stored, nil
}

// run is one publication.
type run struct {
	config *Config
	ui     packersdk.Ui
	image  *v1alpha1.AirshipImage
	order  order
}

// say prints one indented line.
func (r run) say(format string, args ...any) { r.ui.Say("    " + fmt.Sprintf(format, args...)) }

// store sends the images to each destination. What it returns is of the one that documents name, else of the first.
func (r run) store(ctx context.Context, images []publish.Image) ([]publish.Published, error) {
	cache, err := packersdk.CachePath("airship")
	if err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	destinations := r.destinations(cache)
	// Each checks before it stores; of several none stores where another refuses.
	if len(destinations) > 1 {
		var all []error
		for _, d := range destinations {
			all = append(all, d.Check(ctx, images))
		}
		if err := errors.Join(all...); err != nil {
			return nil, err
		}
	}
	var chosen []publish.Published
	for _, d := range destinations {
		r.ui.Say("Storing the image in " + d.name)
		published, err := d.Publish(ctx, images)
		if err != nil {
			return nil, err
		}
		for _, one := range published {
			r.say("%s is %s", one.Image.Name, where(one))
		}
		if chosen == nil || d.kind == r.order.pointTo {
			chosen = published
		}
	}
	return chosen, nil
}

// reachable says whether hosts will read what is stored by the URLs that documents are to name.
func (r run) reachable(ctx context.Context, stored []publish.Published) error {
	for _, p := range stored {
		if host, ours := thisHost(p.URL); ours {
			r.ui.Say("Warning: " + host + " is every host's own address, and no other host reads " + p.URL)
		}
	}
	return r.transfer().Served(ctx, stored)
}

// thisHost is the host of a URL, and whether that is the one that this runs on.
func thisHost(text string) (string, bool) {
	address, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	return address.Hostname(), registry.Loopback(address.Host)
}

// where is how a person finds a published image.
func where(p publish.Published) string {
	switch {
	case p.URL == "":
		return p.Digest
	case p.TagURL != "" && p.TagURL != p.URL:
		return p.URL + ", also " + p.TagURL
	}
	return p.URL
}

// named are the images that documents can point at.
func (r run) named(stored []publish.Published) []site.Image {
	var all []site.Image
	for _, p := range stored {
		if p.URL == "" {
			continue
		}
		all = append(all, site.Image{
			Profile: p.Image.Profile, ImageName: r.image.Name, Action: r.image.Spec.Builder.Action, Format: p.Image.Format,
			URL: p.URL, SHA256: p.Image.SHA256, SHA512: p.Image.SHA512, Size: p.Image.Size,
			HostLabels: r.image.Spec.HostSelector.MatchLabels, Digests: digests(p), Architecture: p.Image.Architecture,
		})
	}
	return all
}

// digests of an image besides its SHA-256 and SHA-512.
func digests(p publish.Published) map[string]string {
	all := map[string]string{}
	if p.Image.MD5 != "" {
		all["md5"] = p.Image.MD5
	}
	return all
}
