package site

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// recordFile is in an output directory what its files name. Those are made of the site's documents with each run, and are this build's and others': of
// a site's other profiles, which change the same catalogue. So each run names again what the record has and nobody else names now.
const recordFile = ".airship-publish.json"

// place is one of a document at which an image is named.
type place struct {
	// Kind, Namespace and Name are the document's, File is where its copy goes; none for a rendered one.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	File      string `json:"file,omitempty"`
	// Path, Value and Checksum are a Target's.
	Path     string `json:"path,omitempty"`
	Value    string `json:"value,omitempty"`
	Checksum string `json:"checksum,omitempty"`
	Image    Image  `json:"image"`
	// Into is the file of the output directory that names it.
	Into string `json:"into"`
}

// statusPath is where an AirshipImage says what was made of it.
const statusPath = "status"

func placeOf(c choice) place {
	d := c.document
	p := place{
		Kind: d.kind, Namespace: d.namespace, Name: d.name, File: d.copied(),
		Path: c.target.Path, Value: c.target.Value, Checksum: c.target.Checksum, Image: *c.image,
	}
	if d.entry != nil {
		var path tree.Path
		for _, key := range d.entry {
			path = append(path, tree.Step{Key: key, Index: -1})
		}
		p.Path = path.String()
	}
	return p
}

// copied is where a document's copy goes, with slashes.
func (d *document) copied() string {
	if d.file == nil {
		return ""
	}
	return filepath.ToSlash(d.file.relative)
}

// holds says whether a document is that of the place. The same may have been read from a file once, and rendered by a kustomization now.
func (p place) holds(d *document) bool {
	return d.kind == p.Kind && d.name == p.Name && d.namespace == p.Namespace && oneFile(d.copied(), p.File)
}

func oneFile(a, b string) bool { return a == b || a == "" || b == "" }

// overlaps says whether a value at one place is the other's, or inside it.
func (p place) overlaps(other place) bool {
	if p.Kind != other.Kind || p.Name != other.Name || p.Namespace != other.Namespace || !oneFile(p.File, other.File) {
		return false
	}
	a, b := p.steps(), other.steps()
	least := min(len(a), len(b))
	return slices.Equal(a[:least], b[:least])
}

func (p place) steps() []string {
	path, err := tree.ParsePath(cmp.Or(p.Path, ownPaths[p.Kind]))
	if err != nil {
		return nil
	}
	var all []string
	for _, step := range path {
		all = append(all, step.String())
	}
	return all
}

func (p place) String() string {
	return fmt.Sprintf("%s %s at %s", mistake.Word(p.Kind), mistake.Word(p.Name), mistake.Word(cmp.Or(p.Path, ownPaths[p.Kind])))
}

// record of an output directory, as it was read.
type record struct {
	Places []place `json:"places"`

	name string
	text []byte // nil where there was none
}

func readRecord(directory string) (*record, error) {
	r := &record{}
	if directory == "" {
		return r, nil
	}
	r.name = filepath.Join(directory, recordFile)
	if r.text = existing(r.name); r.text == nil {
		return r, nil
	}
	if err := json.Unmarshal(r.text, r); err != nil {
		return nil, &mistake.Mistake{File: r.name, Problem: fmt.Sprintf("cannot be read: %s; without it the directory's files forget the images of other builds", err)}
	}
	return r, nil
}

// has says whether an earlier run wrote a file of the directory.
func (r *record) has(name string) bool {
	directory := filepath.Dir(r.name)
	return slices.ContainsFunc(r.Places, func(p place) bool { return filepath.Join(directory, filepath.FromSlash(p.Into)) == name })
}

// into is the file that a document's changes go into, with slashes.
func (o Output) into(d *document) string {
	if o.Form == Directory && d.origin == written {
		return d.copied()
	}
	return patchName(d.kind, d.namespace, d.name)
}

// outside says whether a document's changes go to the output directory.
func (o Output) outside(d *document) bool {
	return o.Directory != "" && (o.Form == Directory || o.Form == Patch || d.origin != written)
}

// recall plans, for what this run writes in the output directory, what the record has there besides; and leaves in the record what the next run
// is to know.
func (p *planner) recall(there *record, output Output) {
	var own []place
	for _, one := range p.places {
		isRecorded := slices.ContainsFunc(there.Places, one.overlaps)
		at := slices.IndexFunc(p.plans, func(plan *planned) bool {
			return one.holds(plan.document) && output.outside(plan.document) && (isRecorded || plan.changes())
		})
		if at >= 0 {
			one.Into = output.into(p.plans[at].document)
			own = append(own, one)
		}
	}
	// What this run writes is known when all of its own places are, of which some may be in the documents already.
	var others []place
	for _, one := range there.Places {
		at := slices.IndexFunc(own, one.overlaps)
		if at < 0 {
			others = append(others, one)
			continue
		}
		own[at].File = cmp.Or(own[at].File, one.File)
		p.rewrite(one, own[at].Image, output)
	}
	for _, one := range others {
		d := p.document(one)
		if d != nil && p.writes(d, output) {
			if problem := p.again(one, d, output); problem != "" {
				p.report.Warn(tree.Place{}, "%s does not name %s any more, as an earlier build did: %s", one, one.Image.URL, problem)
				continue
			}
			p.asked(one)
			one.Into = output.into(d)
		}
		own = append(own, one)
	}
	there.Places = own
}

// asked warns of a place that names an older file of an image that is published now: no target asks for it any more.
func (p *planner) asked(one place) {
	for i := range p.images {
		if now := &p.images[i]; now.name() == one.Image.name() && now.Format == one.Image.Format && now.URL != one.Image.URL {
			p.report.Warn(tree.Place{}, "%s names the image %s as an earlier build made it, and no target of this one asks for it: where none does, remove the place from %s",
				one, now.name(), recordFile)
			return
		}
	}
}

// rewrite lets the file of a place be written even where the document itself needs no change, as the file may name another image. What is rendered may
// have the file's patch in it, which is right if it names the image.
func (p *planner) rewrite(was place, now Image, output Output) {
	for _, plan := range p.plans {
		if d := plan.document; was.holds(d) && output.outside(d) {
			plan.recorded = plan.recorded || d.origin == written || output.Form == Directory || was.Image.URL != now.URL
		}
	}
}

// writes says whether this run writes the file of the output directory that a document's changes are in.
func (p *planner) writes(d *document, output Output) bool {
	return output.outside(d) && slices.ContainsFunc(p.plans, func(plan *planned) bool {
		return (plan.recorded || plan.changes()) &&
			(plan.document.sameAs(d) || output.Form == Directory && d.origin == written && d.file == plan.document.file && plan.document.origin == written)
	})
}

// again plans what an earlier run named in a document, unless that has no place for it now.
func (p *planner) again(one place, d *document, output Output) (problem string) {
	report := &tree.Report{Mistakes: checkImages([]Image{one.Image})}
	sub := &planner{images: []Image{one.Image}, report: report, open: p.open}
	c := choice{d, Target{Kind: one.Kind, Name: one.Name, Path: one.Path, Value: one.Value, Checksum: one.Checksum}, &sub.images[0]}
	switch {
	case output.Form == Patch && d.patch:
		return "it is a patch now"
	case one.Path == statusPath && isImage(d, c.image):
		sub.status(d, c.image)
	default:
		sub.point(c)
	}
	if err := report.Err(); err != nil {
		return err.Error()
	}
	for _, plan := range sub.plans {
		to := p.of(plan.document)
		joined, conflict := join(to.sets, plan.sets)
		if conflict != "" {
			return "this build sets " + conflict
		}
		to.sets, to.recorded = joined, true
	}
	return ""
}

// document is that of a place; nil where there is none.
func (p *planner) document(one place) *document {
	for _, d := range p.documents {
		if one.holds(d) {
			return d
		}
	}
	generated := &selector{documents: p.documents}
	if d := generated.generated(Target{Kind: one.Kind, Name: one.Name, Namespace: one.Namespace}); d != nil && one.holds(d) {
		return d
	}
	return nil
}

// record is written where files of the directory are.
func (o *outcome) record() error {
	r := o.there
	if r.name == "" || len(r.Places) == 0 && r.text == nil {
		return nil
	}
	slices.SortStableFunc(r.Places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File), cmp.Compare(a.Path, b.Path))
	})
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	// What another process wrote since it was read is found by Write.
	o.changes.Files = append(o.changes.Files, Change{Name: r.name, Before: r.text, After: append(text, '\n')})
	return nil
}

// in are the documents of a file.
func (s *Site) in(f *file) []*document {
	return slices.DeleteFunc(slices.Clone(s.documents), func(d *document) bool { return d.file != f })
}

const othersFile = "holds other documents than would be written there; remove it, or name another directory"

// others refuses to write over a file of the output directory that is of other documents, or of a list, which a patch's operations are. What an earlier
// run wrote may have become another.
func (o *outcome) others(name string, wanted []*document, isPatch bool) []*mistake.Mistake {
	before := existing(name)
	if before == nil || o.wrote.has(name) {
		return nil
	}
	are := parse(name, before, &tree.Report{})
	if isPatch && len(are) == 1 && are[0].root.IsList() || slices.EqualFunc(are, wanted, func(a, b *document) bool { return a.is(b.kind, b.name, "") && a.namespace == b.namespace }) {
		if o.wrote.text == nil {
			o.changes.Warnings = append(o.changes.Warnings, name+": is made anew, and names no more than this build's image: "+recordFile+", which tells of others, is not beside it")
		}
		return nil
	}
	return []*mistake.Mistake{{File: name, Problem: othersFile}}
}

// withStatus is an AirshipImage that is in none of the documents: the one in the output directory with the new status, or a new one.
func withStatus(name string, image *Image) ([]byte, error) {
	before := existing(name)
	if before == nil {
		return newImage(image), nil
	}
	found := parse(name, before, &tree.Report{})
	if len(found) != 1 || !isImage(found[0], image) {
		return nil, &mistake.Mistake{File: name, Problem: othersFile}
	}
	is := found[0].root.Get(statusPath)
	after, err := splice(before, map[int][]set{0: under([]set{{key: statusPath, index: -1}}, status(image, is))})
	if err != nil {
		return nil, &mistake.Mistake{File: name, Problem: fmt.Sprintf("cannot be changed: %s; remove it, and it is made anew", err)}
	}
	return after, nil
}
