package document

import (
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Set is what a site's documents hold, checked.
type Set struct {
	// Profiles in the order they were read.
	Profiles []*Profile
	// Files that were read, as the operator named them, sorted within a directory or glob.
	Files []string
	// Warnings are about documents of which nothing has an effect.
	Warnings []string
}

// Check finds what is wrong with a resolved profile beyond its documents, such as its disk
// layout. Mistakes in its error name fields of the profile; Read gives them file and line.
type Check func(profile *v1alpha1.NodeProfile) error

// Read reads documents from paths: files, directories (their *.yaml and *.yml files, not those
// of directories inside them) and globs. A relative path starts in the working directory.
//
// A file holds any number of YAML documents. NodeProfile and AirshipImage are read; documents of
// other programs are passed over. The error holds all mistakes of all files as Mistakes, those
// that checks find included.
func Read(paths []string, checks ...Check) (*Set, error) {
	r := &report{}
	files := expand(paths, r)
	s := &reader{report: r, checks: checks, set: &Set{Files: files}}
	for _, file := range files {
		data, problem := load(file)
		if problem != "" {
			r.mistake(place{file: file}, "%s", problem)
			continue
		}
		s.read(file, filepath.Dir(file), data)
	}
	if len(paths) == 0 {
		r.mistake(place{}, "no documents are named; want files, directories or globs")
	}
	return s.finish()
}

// Parse reads the one NodeProfile in text, such as SourcedYAML's; name stands for the file in
// messages. A keyring in it must be a key block or an absolute path.
func Parse(text, name string, checks ...Check) (*Profile, error) {
	r := &report{}
	s := &reader{report: r, checks: checks, set: &Set{Files: []string{name}}}
	if len(text) > maxFile {
		r.mistake(place{file: name}, "is larger than %d KiB, too large for a document", maxFile>>10)
	} else {
		s.read(name, "", []byte(text))
	}
	set, err := s.finish()
	if err != nil {
		return nil, err
	}
	profile, err := set.Select("")
	if err != nil {
		return nil, err
	}
	profile.takeWarnings(text)
	return profile, profile.takeOrigins(text)
}

// reader gathers a Set from files.
type reader struct {
	set    *Set
	images []image
	checks []Check
	report *report
}

// image is an AirshipImage and where it refers to its profile.
type image struct {
	v1alpha1.AirshipImage
	at       place
	ref      place
	warnings []string
}

// read adds the documents of one file; directory is where relative paths in them start.
func (s *reader) read(file, directory string, data []byte) {
	for _, root := range parse(file, data, s.report) {
		at := place{file: file}
		grower := &grower{open: map[*yaml.Node]bool{}, report: s.report, at: at}
		plain, err := grower.plain(root)
		if err != nil {
			s.report.mistake(at.at(root), "%s", err)
			continue
		}
		switch kindOf(plain, at, s.report) {
		case v1alpha1.KindNodeProfile:
			profile, err := readProfile(plain, at, directory, s.checks, s.report)
			if err != nil {
				s.report.mistake(at.at(root), "%s", err)
				continue
			}
			s.set.Profiles = append(s.set.Profiles, profile)
		case v1alpha1.KindAirshipImage:
			s.images = append(s.images, readImage(plain, at, s.report))
		}
	}
}

func (s *reader) finish() (*Set, error) {
	s.twice()
	s.link()
	if err := s.report.err(); err != nil {
		return nil, err
	}
	s.set.Warnings = s.report.warnings
	return s.set, nil
}

// twice reports profiles of one name, since no choice between them can be made.
func (s *reader) twice() {
	first := map[string]*Profile{}
	for _, p := range s.set.Profiles {
		name := p.NodeProfile.Name
		if earlier := first[name]; earlier != nil && name != "" {
			at, before := p.places["metadata.name"], earlier.places["metadata.name"]
			s.report.mistake(at, "another profile is named %s, in %s:%d", word(name), before.file, before.line)
			continue
		}
		first[name] = p
	}
}

// link gives each profile its AirshipImage, or derives one where no document does.
func (s *reader) link() {
	var names []string
	byName := map[string]*Profile{}
	for _, p := range s.set.Profiles {
		p.Image = derivedImage(p.NodeProfile.Name)
		names = append(names, p.NodeProfile.Name)
		byName[p.NodeProfile.Name] = p
	}
	first := map[*Profile]image{}
	for _, i := range s.images {
		name := i.Spec.NodeProfileRef.Name
		p := byName[name]
		switch earlier, twice := first[p]; {
		case name == "":
		case p == nil:
			s.report.mistake(i.ref, "there is no NodeProfile %s%s", word(name), suggest(name, names))
		case twice:
			s.report.mistake(i.ref, "another AirshipImage of the profile %s is in %s:%d; give one", word(name), earlier.at.file, earlier.at.line)
		default:
			first[p] = i
			p.Image, p.withImage = i.AirshipImage, true
			p.Warnings = append(p.Warnings, i.warnings...)
			if i.at.file != p.file {
				p.Files = append(p.Files, i.at.file)
			}
		}
	}
}

// readImage reads an AirshipImage, as far as its mistakes allow.
func readImage(root *yaml.Node, at place, r *report) image {
	out := image{at: at.at(root)}
	own := &report{}
	found := places{}
	d := decoder{report: own, places: found, unknown: own.unsupportedImage}
	d.decode(root, reflect.ValueOf(&out.AirshipImage).Elem(), out.at, false)
	out.ref, _ = found.find("spec.nodeProfileRef.name")
	checkImage(&out.AirshipImage, found, own)
	out.warnings = own.warnings
	r.mistakes = append(r.mistakes, own.mistakes...)
	return out
}
