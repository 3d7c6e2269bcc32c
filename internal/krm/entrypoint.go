package krm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/document"
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
	volume, err := e.inside(configuration)
	if err != nil {
		return err
	}
	return inDirectory(func(directory string) error {
		name := filepath.Base(config)
		if err := writeDocuments(name, []*yaml.RNode{configuration}); err != nil {
			return err
		}
		b := build{Documents: []string{name}, Host: volume.host}
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
	return inDirectory(func(directory string) error {
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

// volume is the mounted directory below the root that the image goes to: /config, which Airship's documents mount, else the last one.
func (e Environment) volume() (string, error) {
	mounts, err := e.Mounts()
	if err != nil {
		return "", err
	}
	for _, mount := range mounts {
		if mount == "/config" {
			return mount, nil
		}
	}
	if len(mounts) == 0 {
		return "", errors.New("no volume is mounted below the root directory, so there is no place for the image: mount one as /config")
	}
	return mounts[len(mounts)-1], nil
}

// sides are where a volume is: here, and on the host that mounts it.
type sides struct{ host string }

// inside lets a document's container.volume, HOST:CONTAINER, name the directory that is here. In the container that is its own side;
// the host's is kept for those who read the image's metadata there.
func (e Environment) inside(configuration *yaml.RNode) (sides, error) {
	for _, path := range [][]string{{"container", "volume"}, {"spec", "container", "volume"}} {
		node, err := configuration.Pipe(yaml.Lookup(path...))
		if err != nil || node == nil {
			continue
		}
		host, container := transpose.Sides(node.YNode().Value)
		if container == "" || isDirectory(host) || !isDirectory(container) {
			continue
		}
		node.YNode().Value = container + ":" + container
		return sides{host: host}, nil
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

// Mounts are the directories of the root that are mounts of their own, in order, without those that every container has.
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

// mountsOf reads mountinfo (proc(5)): the fifth field of a line is where something is mounted.
func mountsOf(mountinfo string) []string {
	var all []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		name, ok := strings.CutPrefix(fields[4], "/")
		if !ok || name == "" || strings.Contains(name, "/") {
			continue
		}
		switch name {
		case "proc", "sys", "dev", "tmp", "run":
		default:
			all = append(all, "/"+name)
		}
	}
	return all
}
