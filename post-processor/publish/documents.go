package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/cluster"
	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/handover"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/site"
)

// kindHost is of the documents that an AirshipImage's hostSelector selects.
const kindHost = "BareMetalHost"

// airshipImage is that of the template's profile, else of the artifact; one without a name where neither has any.
func (c *Config) airshipImage(source packersdk.Artifact) (*v1alpha1.AirshipImage, error) {
	if c.profile != nil {
		return &c.profile.Image, nil
	}
	image := &v1alpha1.AirshipImage{}
	text, _ := source.State(handover.Image).(string)
	if err := yaml.UnmarshalStrict([]byte(text), image); err != nil {
		return nil, fmt.Errorf("read the artifact's AirshipImage: %w", err)
	}
	return image, nil
}

// checkDocuments finds before the build what would keep documents from naming its image.
func (c *Config) checkDocuments(ctx context.Context) error {
	if c.unknown() || !c.changes() {
		return nil
	}
	s, err := site.Read(ctx, c.source())
	if err != nil || c.profile == nil {
		return err
	}
	r := run{config: c, image: &c.profile.Image, order: c.order(&c.profile.Image)}
	request := r.request(s)
	if len(request.Targets) == 0 && !request.Status {
		return nil
	}
	request.Targets = slices.Clone(request.Targets)
	for i := range request.Targets {
		request.Targets[i].Format = "" // the builder's to say
	}
	_, err = s.Point(ctx, r.standIns(), request, c.output())
	return err
}

// standIns are images as they will be, for what documents can say of them. Nothing is written, so that no document ever names one.
func (r run) standIns() []site.Image {
	zeros := strings.Repeat("0", 64)
	where := "https://not.yet.built.invalid/image"
	if r.order.Registry != "" && r.order.pointTo != toDirectory {
		where = "oci://not.yet.built.invalid/image@sha256:" + zeros
	}
	// The template's builder may make something else of the profile than the AirshipImage says: a disk and an ISO both stand in.
	formats := []string{plan.QCOW2, plan.ISOImage}
	if r.image.Spec.Builder.Action == v1alpha1.ActionBuildISO {
		slices.Reverse(formats)
	}
	profile := &r.config.profile.NodeProfile
	var all []site.Image
	for _, format := range formats {
		all = append(all, site.Image{
			Profile: profile.Name, ImageName: r.image.Name, Action: r.image.Spec.Builder.Action, Format: format, URL: where,
			SHA256: zeros, SHA512: zeros + zeros, Size: 1, HostLabels: r.image.Spec.HostSelector.MatchLabels,
			Digests: map[string]string{"md5": zeros[:32]}, Architecture: profile.Spec.Architecture,
		})
	}
	return all
}

// changes says whether the site's documents are to change.
func (c *Config) changes() bool { return len(c.Documents) > 0 || len(c.Kustomizations) > 0 }

func (c *Config) source() site.Source {
	return site.Source{Documents: c.Documents, Kustomizations: c.Kustomizations}
}

func (c *Config) output() site.Output {
	o := site.Output{Form: site.Form(c.Update), Directory: c.UpdateDirectory}
	if c.Update == diffOnly {
		o.Form = site.InPlace
	}
	return o
}

// request is which documents change: what the order names, and besides the hosts that the AirshipImage selects, where the site has any. The status
// goes into the AirshipImage that is there, or that has a directory to be written in.
func (r run) request(s *site.Site) site.Request {
	name := r.image.Name
	targets := r.order.targets
	isHosts := func(t site.Target) bool { return t.Kind == kindHost }
	if len(r.image.Spec.HostSelector.MatchLabels) > 0 && s.Has(kindHost, "") && !slices.ContainsFunc(targets, isHosts) {
		targets = append(slices.Clone(targets), site.Target{Kind: kindHost})
	}
	return site.Request{
		Targets: targets,
		Status:  name != "" && (r.config.UpdateDirectory != "" || s.Has(v1alpha1.KindAirshipImage, name) || s.Has(v1alpha1.KindAirshipImageRootFS, name)),
	}
}

// update points the site's documents at the images.
func (r run) update(ctx context.Context, images []site.Image) error {
	if !r.config.changes() {
		return nil
	}
	r.ui.Say("Pointing the documents at the image")
	lock, err := lockDocuments(ctx, func() { r.say("another build changes the documents; waiting for it") })
	if err != nil {
		return err
	}
	defer lock.Close()
	s, err := site.Read(ctx, r.config.source())
	if err != nil {
		return fmt.Errorf("the documents cannot be read: %w", err)
	}
	request := r.request(s)
	if len(request.Targets) == 0 && !request.Status {
		return errors.New("no document was told to name it: give target blocks, or the AirshipImage's spec.publish.documents or hostSelector")
	}
	changes, err := s.Point(ctx, images, request, r.config.output())
	if err != nil {
		return fmt.Errorf("the documents cannot name it: %w", err)
	}
	for _, warning := range changes.Warnings {
		r.ui.Say("Warning: " + warning)
	}
	if r.config.Update == diffOnly {
		r.ui.Say(changes.Diff())
		return nil
	}
	if err := changes.Write(); err != nil {
		return fmt.Errorf("the documents were not changed: %w", err)
	}
	for _, change := range changes.Files {
		r.say("changed %s", change.Name)
	}
	if len(changes.Files) == 0 {
		r.say("they name it already")
	}
	return nil
}

// lockDocuments lets one build at a time change documents: those of one template run at once, and often change one file.
func lockDocuments(ctx context.Context, waiting func()) (*os.File, error) {
	cache, err := packersdk.CachePath("airship")
	if err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(cache, "documents.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	// Where the system has no such locks, changes of others are found when the files are written.
	if err := flock.Wait(ctx, lock, waiting); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// apply gives the cluster the AirshipImage with its status.
func (r run) apply(ctx context.Context, images []site.Image) error {
	to := r.config.Cluster
	if to == nil {
		return nil
	}
	if r.image.Name == "" {
		return errors.New("there is no AirshipImage for the cluster: give profile_yaml")
	}
	object, err := r.object(images)
	if err != nil {
		return err
	}
	r.ui.Say("Applying the AirshipImage to the cluster")
	connection, err := cluster.Connect(ctx, cluster.Config{Kubeconfig: to.Kubeconfig, Context: to.Context, Namespace: to.Namespace})
	if err != nil {
		return fmt.Errorf("the cluster does not know it: %w", err)
	}
	defer connection.Close()
	applied, err := connection.Apply(ctx, object, cluster.ApplyOptions{DryRun: to.DryRun, Force: to.Force})
	if err != nil {
		return fmt.Errorf("the cluster does not know it: %w", err)
	}
	r.say("%s", applied)
	return nil
}

// object is the AirshipImage with its status.
func (r run) object(images []site.Image) (*unstructured.Unstructured, error) {
	image := r.image.DeepCopy()
	// They may hold secrets, in clear or replaced by a mark, and belong to whoever applied the document.
	image.Spec.Params = nil
	if image.Kind == "" {
		image.APIVersion, image.Kind = v1alpha1.APIVersion, v1alpha1.KindAirshipImage
	}
	if len(images) > 0 {
		first := images[0]
		image.Status = v1alpha1.AirshipImageStatus{URL: first.URL, Checksum: first.SHA256, Size: first.Size, Digests: first.AllDigests()}
	}
	text, err := json.Marshal(image)
	if err != nil {
		return nil, err
	}
	object := map[string]any{}
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	return &unstructured.Unstructured{Object: object}, nil
}
