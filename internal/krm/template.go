package krm

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/document"
)

// build is one run of packer build.
type build struct {
	// Documents that the components read, relative to the working directory.
	Documents []string
	// Images are what is built, one or several.
	Images []*document.Profile
	// Host is the volume's directory as its owner names it, for the metadata; empty where that is no other.
	Host string
	// Publish says that the images may be published, and documents change then.
	Publish bool
	// From is the directory that a relative spec.publish.directory starts at.
	From string
	// Directory that images without one of their own go to.
	Directory string
	// Metadata is the file that says what was built; empty for what the image says.
	Metadata string
}

// outputDirectory is where images go that are published and not kept.
const outputDirectory = "output"

// passing says that all images are in outputDirectory, which ends with the run.
func (b build) passing() bool {
	return b.Directory == "" && !slices.ContainsFunc(b.Images, func(p *document.Profile) bool { return p.OutputDirectory != "" })
}

// Variables of the template, which Packer takes from PKR_VAR_NAME.
var variables = []struct{ name, kind, value string }{
	{"isolation", "string", "auto"},
	{"accelerator", "string", "auto"},
	{"verify_boot", "bool", "true"},
	{"mirror", "string", ""},
	{"security_mirror", "string", ""},
	{"ca_bundle", "string", ""},
	{"lock_file", "string", ""},
	{"memory", "number", "0"},
	{"cpus", "number", "0"},
}

// template is the build in HCL's JSON.
func (b build) template() ([]byte, error) {
	declared := map[string]any{}
	common := map[string]any{"documents": literals(b.Documents)}
	for _, v := range variables {
		declared[v.name] = map[string]any{"type": v.kind, "default": typed(v.kind, v.value)}
		common[v.name] = "${var." + v.name + "}"
	}
	sources := map[string]any{}
	var names []string
	var provisioners, publications []any
	for _, p := range b.Images {
		name := p.Image.Name
		selected := map[string]any{"profile_name": literal(p.NodeProfile.Name), "image_name": literal(name)}
		source := with(common, selected)
		if p.OutputDirectory == "" {
			directory := b.Directory
			if directory == "" {
				directory = filepath.Join(outputDirectory, name)
			}
			source["output_directory"] = literal(directory)
		}
		if b.Host != "" {
			source["boot_image_directory"] = literal(b.Host)
		}
		if b.Metadata != "" {
			source["output_metadata"] = literal(b.Metadata)
		}
		sources[identifier(name)] = source
		reference := "airship." + identifier(name)
		names = append(names, "source."+reference)
		only := map[string]any{"only": []string{reference}, "documents": literals(b.Documents)}
		provisioners = append(provisioners, map[string]any{"airship": with(only, selected)})
		if b.Publish && published(p) {
			to := p.Image.Spec.Publish
			// With the profile the documents are checked before the build.
			text, err := p.SourcedYAML()
			if err != nil {
				return nil, err
			}
			publication := map[string]any{"only": []string{reference}, "profile_yaml": literal(text), "ca_bundle": "${var.ca_bundle}"}
			if to.Directory != "" && !filepath.IsAbs(to.Directory) {
				publication["directory"] = literal(filepath.Join(b.From, to.Directory))
			}
			if to.Registry != "" || to.URL != "" {
				publication["documents"] = literals(b.Documents)
				publication["update_directory"] = documentsDirectory
			}
			publications = append(publications, map[string]any{"airship-publish": publication})
		}
	}
	of := map[string]any{"sources": names, "provisioner": provisioners}
	if len(publications) > 0 {
		of["post-processor"] = publications
	}
	return json.MarshalIndent(map[string]any{
		"variable": declared,
		"source":   map[string]any{"airship": sources},
		"build":    of,
	}, "", "  ")
}

func with(one, other map[string]any) map[string]any {
	both := map[string]any{}
	for _, m := range []map[string]any{one, other} {
		for key, value := range m {
			both[key] = value
		}
	}
	return both
}

func typed(kind, value string) any {
	if kind == "string" {
		return value
	}
	return json.RawMessage(value)
}

// literal is a text that HCL takes as it is.
func literal(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}

func literals(texts []string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, literal(text))
	}
	return all
}

// identifier is an image's name, a DNS subdomain, as a name of HCL's: dots are none of its letters, and no name has an underscore.
func identifier(name string) string { return "image-" + strings.ReplaceAll(name, ".", "_") }
