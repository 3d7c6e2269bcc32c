// Package krm is the command that the container of a release runs, as a KRM function and in place of Airship's image builder.
//
// A ResourceList, or what Airship's older entry points took, comes in on stdin and in the environment; packer build runs; the
// changed documents leave on stdout, or the image in the mounted volume. All that is said goes to stderr.
package krm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Environment is what the command runs with.
type Environment struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv reads a variable: BUILDER_CONFIG, IMAGE_TYPE and the others of Airship's entry points.
	Getenv func(string) string
	// Plugin is the program that Packer starts as plugin: this one.
	Plugin string
	// Mounts are the paths where something is mounted, as a container's volumes are.
	Mounts func() ([]string, error)
}

// variableConfig names the file of Airship's first entry point.
const variableConfig = "BUILDER_CONFIG"

// mostInput is far more than the documents of any site, bytes.
const mostInput = 256 << 20

// Run does what its input asks for. Where that is a ResourceList it is written to stdout, with what went wrong among its results.
func Run(ctx context.Context, e Environment) error {
	if config := e.Getenv(variableConfig); config != "" {
		return e.first(ctx, config)
	}
	input, err := io.ReadAll(io.LimitReader(e.Stdin, mostInput+1))
	if err != nil {
		return fmt.Errorf("read the documents: %w", err)
	}
	if len(input) > mostInput {
		return fmt.Errorf("the documents have more than %d MiB", mostInput>>20)
	}
	var head struct {
		Kind string `yaml:"kind"`
	}
	// What is no YAML is told by whoever reads the whole.
	_ = yaml.NewDecoder(bytes.NewReader(input)).Decode(&head)
	switch {
	case head.Kind == "ResourceList":
		return e.function(ctx, input)
	case strings.TrimSpace(string(input)) == "":
		return errors.New("there is nothing to build: want a ResourceList or a builder's configuration on stdin, or the path of one in " + variableConfig)
	case head.Kind != "":
		return fmt.Errorf("stdin has a document of the kind %s: want a ResourceList, which kustomize and airshipctl make of documents", head.Kind)
	}
	return e.second(ctx, input)
}
