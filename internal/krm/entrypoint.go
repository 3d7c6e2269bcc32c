package krm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/transpose"
)

// overrides are the variables by which Airship's first entry point took file names, with the builder's fields that they lie over.
// OUTPUT_FILE_NAME is none of them: there the file's outputFileName always won.
var overrides = []struct{ variable, field string }{
	{"OUTPUT_METADATA_FILE_NAME", "outputMetadataFileName"},
	{"OSCONFIG_FILE", "osconfigVarsFileName"},
	{"QCOW_CONFIG_FILE", "qcowVarsFileName"},
	{"USER_DATA_FILE", "userDataFileName"},
	{"NET_CONFIG_FILE", "networkConfigFileName"},
}

// first is Airship's first entry point: a file with the builder's configuration, whose volume has the other files and takes the image.
func (e Environment) first(ctx context.Context, config string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return fmt.Errorf("%s: %w", variableConfig, err)
	}
	configuration, err := one(text)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", variableConfig, config, err)
	}
	for _, o := range overrides {
		if value := e.Getenv(o.variable); value != "" {
			if err := configuration.PipeE(yaml.LookupCreate(yaml.MappingNode, "builder"), yaml.SetField(o.field, yaml.NewStringRNode(value))); err != nil {
				return fmt.Errorf("%s: %w", o.variable, err)
			}
		}
	}
	if err := besideItself(configuration, config); err != nil {
		return err
	}
	volume, err := e.inside(configuration)
	if err != nil {
		return err
	}
	return inDirectory(ctx, e.Stderr, func(directory string) error {
		name := filepath.Base(config)
		if err := writeDocuments(name, []*yaml.RNode{configuration}); err != nil {
			return err
		}
		b := build{Documents: append([]string{name}, beside(configuration)...), Host: volume.host}
		if b.Images, err = images(ctx, b.Documents); err != nil {
			return err
		}
		return e.packer(ctx, directory, b)
	})
}

// second is Airship's second entry point: one document on stdin with all that the first had in files. The image, and its MD5 in a file
// beside it, go to the mounted volume.
func (e Environment) second(ctx context.Context, input []byte) error {
	volume, err := e.volume()
	if err != nil {
		return err
	}
	return inDirectory(ctx, e.Stderr, func(directory string) error {
		const name, metadata = "stdin.yaml", "metadata.yaml"
		if err := os.WriteFile(name, input, 0o600); err != nil {
			return err
		}
		b := build{Documents: []string{name}, Directory: volume, Metadata: filepath.Join(directory, metadata)}
		if b.Images, err = images(ctx, b.Documents); err != nil {
			return err
		}
		if err := e.packer(ctx, directory, b); err != nil {
			return err
		}
		return writeMD5(metadata)
	})
}

// images are the profile, with its image, of documents that have one.
func images(ctx context.Context, documents []string) ([]*document.Profile, error) {
	set, err := document.Source{Documents: documents}.Read(ctx, plan.Check)
	if err != nil {
		return nil, err
	}
	return set.Select(document.Selection{})
}

// writeMD5 writes the sum of the image that metadata describe beside it, in hex and with nothing else, as Airship's builder does.
func writeMD5(metadata string) error {
	text, err := os.ReadFile(metadata)
	if err != nil {
		return err
	}
	var built struct {
		Path string `yaml:"bootImagePath"`
		MD5  string `yaml:"md5sum"`
	}
	if err := yaml.Unmarshal(text, &built); err != nil {
		return err
	}
	return os.WriteFile(built.Path+".md5sum", []byte(built.MD5+"\n"), 0o644)
}

// volumePaths are where a configuration's volume may stand.
var volumePaths = [][]string{{"container", "volume"}, {"spec", "container", "volume"}}

// besideItself gives a configuration without a volume the directory of its own file as one: what it names lies there, and the image
// goes there.
func besideItself(configuration *yaml.RNode, file string) error {
	for _, path := range volumePaths {
		if node, err := configuration.Pipe(yaml.Lookup(path...)); err != nil || node != nil {
			return err
		}
	}
	directory, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return err
	}
	return configuration.PipeE(yaml.LookupCreate(yaml.MappingNode, "container"), yaml.SetField("volume", yaml.NewStringRNode(directory+":"+directory)))
}

// baked are the variables that Airship's image builder had in its container and took from nowhere else.
var baked = []string{"multistrap-vars.yaml", "livecdcontent-vars.yaml"}

// beside are those of baked that lie in a configuration's volume.
func beside(configuration *yaml.RNode) []string {
	var there []string
	for _, path := range volumePaths {
		node, err := configuration.Pipe(yaml.Lookup(path...))
		if err != nil || node == nil {
			continue
		}
		host, _ := transpose.Sides(node.YNode().Value)
		for _, name := range baked {
			if _, err := os.Stat(filepath.Join(host, name)); err == nil {
				there = append(there, filepath.Join(host, name))
			}
		}
	}
	return there
}

// volume is the mounted directory below the root that the image goes to: /config, which Airship's documents mount, else the last one.
func (e Environment) volume() (string, error) {
	mounts, err := e.Mounts()
	if err != nil {
		return "", err
	}
	last := ""
	for _, mount := range mounts {
		switch {
		case mount == "/config":
			return mount, nil
		case filepath.Dir(mount) != "/" || mount == e.Getenv(variableCache):
		case slices.Contains([]string{"/", "/proc", "/sys", "/dev", "/tmp", "/run"}, mount):
			// Every container has these.
		case isDirectory(mount):
			last = mount
		}
	}
	if last == "" {
		return "", errors.New("no volume is mounted below the root directory, so there is no place for the image: mount one as /config")
	}
	return last, nil
}

// sides are where a volume is.
type sides struct {
	// host is the directory as its owner names it; empty where that is no other than here.
	host string
	// written is what the document had, here what it names now.
	written, here string
}

// restore lets a document name its volume as it did.
func (s sides) restore(document *yaml.RNode) {
	for _, path := range volumePaths {
		if node, err := document.Pipe(yaml.Lookup(path...)); err == nil && node != nil && s.here != "" && node.YNode().Value == s.here {
			node.YNode().Value = s.written
		}
	}
}

// inside lets a document's container.volume, HOST:CONTAINER, name the directory that is here. In the container that is its own side;
// the host's is kept for those who read the image's metadata there. A relative host's side starts at the working directory.
func (e Environment) inside(configuration *yaml.RNode) (sides, error) {
	mounts, err := e.Mounts()
	if err != nil {
		return sides{}, err
	}
	for _, path := range volumePaths {
		node, err := configuration.Pipe(yaml.Lookup(path...))
		if err != nil || node == nil || node.YNode().Value == "" {
			continue
		}
		written := node.YNode().Value
		host, container := transpose.Sides(written)
		here, err := filepath.Abs(host)
		if err != nil {
			return sides{}, err
		}
		if container == "" {
			container = here
		}
		switch {
		case slices.Contains(mounts, filepath.Clean(container)), !isDirectory(here) && isDirectory(container):
			// A container may have a directory of the host's name, too.
			node.YNode().Value = container + ":" + container
			return sides{host: host, written: written, here: node.YNode().Value}, nil
		case isDirectory(here):
			node.YNode().Value = here + ":" + container
			return sides{written: written, here: node.YNode().Value}, nil
		}
		return sides{}, fmt.Errorf("container.volume is %s, and there is neither a directory %s nor %s here: mount the host's as the other, or make it",
			mistake.Word(written), here, container)
	}
	return sides{}, nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// one is the only document of a text.
func one(text []byte) (*yaml.RNode, error) {
	documents, err := (&kio.ByteReader{Reader: bytes.NewReader(text), OmitReaderAnnotations: true, DisableUnwrapping: true}).Read()
	if err != nil {
		return nil, err
	}
	if len(documents) != 1 {
		return nil, fmt.Errorf("has %d documents: want one", len(documents))
	}
	return documents[0], nil
}

// Mounts are the paths where something is mounted, in order.
func Mounts() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return mountsOf(string(text)), nil
}

// unescaped are what proc(5) writes in octal.
var unescaped = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// mountsOf reads mountinfo (proc(5)): the fifth field of a line is where something is mounted.
func mountsOf(mountinfo string) []string {
	var all []string
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) >= 5 && strings.HasPrefix(fields[4], "/") {
			all = append(all, filepath.Clean(unescaped.Replace(fields[4])))
		}
	}
	return all
}
