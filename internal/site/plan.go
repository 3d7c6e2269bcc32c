package site

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Done is one document that points at an image.
type Done struct {
	// Kind, Namespace and Name are the document's, File is where it stands, if in one.
	Kind, Namespace, Name, File string
	// Image is the AirshipImage's name, or the profile's.
	Image string
	// URL is what the document points at now.
	URL string
	// Changed: it did not before.
	Changed bool
}

// planned is what becomes of a document.
type planned struct {
	document *document
	sets     []set
	changed  bool
	// recorded: the output directory has it already, so it is written even where the document needs no change.
	recorded bool
}

// planner turns a request into changes of documents.
type planner struct {
	documents []*document
	images    []Image
	report    *tree.Report
	plans     []*planned
	done      []Done
	places    []place
	// open makes the values of an encrypted document readable; false: why not was reported.
	open func(*document, *tree.Report) bool
	// absent are images whose AirshipImage is in none of the documents.
	absent []*Image
}

// plan decides what changes, without changing it.
func (p *planner) plan(request Request, output Output, there *record) error {
	mistakes := slices.Concat(checkImages(p.images), request.check(), output.check())
	if len(mistakes) > 0 {
		return mistake.Join(mistakes)
	}
	s := &selector{documents: p.documents, images: p.images, report: p.report}
	for _, c := range s.choices(request.Targets) {
		p.point(c)
	}
	if request.Status {
		p.statuses()
	}
	if err := p.report.Err(); err != nil {
		return err
	}
	p.recall(there, output)
	return nil
}

// point plans the change of one document.
func (p *planner) point(c choice) {
	d := c.document
	if !p.open(d, p.report) {
		return
	}
	path, node, ok := p.place(c)
	if !ok {
		return
	}
	h := holder{document: d, target: c.target, image: node}
	at := d.root.Place
	if node != nil {
		at = node.Place
	}
	var inner []set
	problem := ""
	switch {
	case d.kind == kindManager && c.target.Path == "":
		var value string
		value, problem = h.manager(c.image)
		inner = scalarAt(path, value, tagText)
	case node.IsScalar() && !node.IsNull() && !(d.kind == kindHost || d.kind == kindTemplate):
		var value, tag string
		value, tag, problem = h.value(c.image)
		inner = scalarAt(path, value, tag)
	case node.IsList():
		problem = "is a list; want what holds one image: a mapping with url, or a text"
	default:
		var fields []set
		switch {
		case c.target.Value != "" && node.IsNull() && c.target.Path != "":
			var value, tag string
			value, tag, problem = h.value(c.image)
			inner = scalarAt(path, value, tag)
		case d.kind == kindHost && c.target.Path == "":
			fields, problem = h.host(c.image)
		case d.kind == kindTemplate && c.target.Path == "":
			fields, problem = h.template(c.image)
		default:
			fields, problem = h.catalogue(c.image)
		}
		if inner == nil {
			inner = under(path, fields)
		}
	}
	if problem != "" {
		if strings.HasPrefix(problem, "the ") {
			problem = "cannot have this image: " + problem
		}
		p.report.Mistake(at, "%s %s", d.title(), problem)
		return
	}
	p.placeholder(d, node, c)
	p.add(d, inner)
	p.places = append(p.places, placeOf(c))
	p.done = append(p.done, Done{Kind: d.kind, Namespace: d.namespace, Name: d.name, File: d.fileName(), Image: c.image.name(), URL: c.image.URL})
}

// scalarAt is the change of the text at the end of path.
func scalarAt(path []set, value, tag string) []set {
	last := path[len(path)-1]
	last.value, last.tag = value, tag
	return under(path[:len(path)-1], []set{last})
}

// place is where in a document the image goes, and what is there. Places of hosts and machine templates are made where they
// are missing, those of catalogues must be there.
func (p *planner) place(c choice) (steps []set, node *tree.Node, ok bool) {
	d, text := c.document, c.target.Path
	if d.entry != nil {
		for _, key := range d.entry {
			steps = append(steps, set{key: key, index: -1})
		}
		return steps, d.root.Get(d.entry...), true
	}
	if text == "" {
		text = ownPaths[d.kind]
	}
	path, err := tree.ParsePath(text)
	if err != nil {
		p.report.Mistakes = append(p.report.Mistakes, &mistake.Mistake{Field: c.target.describe(), Problem: fmt.Sprintf("the path %s %s", mistake.Word(text), err)})
		return nil, nil, false
	}
	node = d.root
	for i, step := range path {
		next, err := path[i : i+1].Get(node)
		switch {
		case err == nil && node.IsList():
			steps = append(steps, set{index: slices.Index(node.Content, next), match: step.Match})
		case err == nil:
			steps = append(steps, set{key: step.Key, index: -1})
		case d.makes(c.target, i):
			steps = append(steps, set{key: step.Key, index: -1})
		default:
			_, err = path[:i+1].Get(d.root)
			p.report.Mistake(node.Place, "%s has no image at %s: %s", d.title(), mistake.Word(text), err)
			return nil, nil, false
		}
		if node = next; err != nil {
			node = tree.Mapping(d.root.Place)
		}
	}
	if !d.has(path) {
		node = nil
	}
	return steps, node, true
}

// makes says whether step i of a path may be missing in a document.
func (d *document) makes(t Target, i int) bool {
	return t.Path == "" && (d.kind == kindHost || d.kind == kindTemplate && i > 1 || d.kind == kindManager && i > 0)
}

func (d *document) has(path tree.Path) bool {
	_, err := path.Get(d.root)
	return err == nil
}

func (d *document) fileName() string {
	switch {
	case d.file != nil:
		return d.file.name
	case d.from != "":
		return d.from
	}
	return d.root.Place.File
}

// placeholder warns of a URL that was none: airshipctl's REPLACE_ME is filled in by a replacement, which undoes the change.
func (p *planner) placeholder(d *document, node *tree.Node, c choice) {
	was := node
	if node.IsMapping() {
		was = node.Get(keyURL)
	}
	if was.String() == "" || strings.Contains(was.Value, "/") || isSealed(was.Value) || c.target.Value != "" && c.target.Value != keyURL {
		return
	}
	p.report.Warn(was.Place, "held %s, which a replacement seems to fill in; it will do so again, so its source is to be changed (airshipctl: "+
		"VersionsCatalogue versions-remotedirect, spec.remotedirect.isoURL)", mistake.Word(was.Value))
}

// add plans changes of a document, besides those planned already.
func (p *planner) add(d *document, sets []set) {
	plan := p.of(d)
	joined, conflict := join(plan.sets, sets)
	if conflict != "" {
		p.report.Mistake(d.root.Place, "%s: two targets set %s to different values", d.title(), conflict)
	}
	plan.sets = joined
}

// of is the plan of a document, a new one where there is none.
func (p *planner) of(d *document) *planned {
	for _, plan := range p.plans {
		if plan.document.sameAs(d) {
			return plan
		}
	}
	plan := &planned{document: d}
	p.plans = append(p.plans, plan)
	return plan
}

func (d *document) sameAs(other *document) bool {
	if d.node != nil || other.node != nil {
		return d.node == other.node
	}
	return d.is(other.kind, other.name, "") && d.namespace == other.namespace
}

// statuses plans the status of each image's AirshipImage. Of several files of an image the first is told: it is the one that
// the AirshipImage names first.
func (p *planner) statuses() {
	seen := map[string]bool{}
	for i := range p.images {
		image := &p.images[i]
		if image.ImageName == "" || seen[image.ImageName] {
			continue
		}
		seen[image.ImageName] = true
		var found []*document
		for _, d := range p.documents {
			if isImage(d, image) && !d.patch {
				found = append(found, d)
			}
		}
		switch len(found) {
		case 0:
			p.absent = append(p.absent, image)
			continue
		case 1:
		default:
			p.report.Mistake(found[1].root.Place, "%s is here twice, first in %s", found[1].title(), found[0].place())
			continue
		}
		d := found[0]
		if !p.open(d, p.report) {
			continue
		}
		p.status(d, image)
		p.done = append(p.done, Done{Kind: d.kind, Namespace: d.namespace, Name: d.name, File: d.fileName(), Image: image.name(), URL: image.URL})
	}
}

func (p *planner) status(d *document, image *Image) {
	p.add(d, under([]set{{key: statusPath, index: -1}}, status(image, d.root.Get(statusPath))))
	p.places = append(p.places, placeOf(choice{d, Target{Path: statusPath}, image}))
}

// changes says whether the document is another one then.
func (p *planned) changes() bool {
	return p.document.node == nil || changes(p.document.node, p.sets)
}

// settle tells which plans change anything.
func (p *planner) settle() {
	for _, plan := range p.plans {
		d := plan.document
		plan.changed = plan.changes()
		for i := range p.done {
			if is := &p.done[i]; is.Kind == d.kind && is.Name == d.name && is.Namespace == d.namespace && is.File == d.fileName() {
				is.Changed = plan.changed
			}
		}
	}
}
