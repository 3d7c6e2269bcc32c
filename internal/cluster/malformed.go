package cluster

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
)

// malformed says what is wrong with the files that clientcmd refused. Its own errors are not shown as they are:
// some quote the text around the mistake, which may be a key.
func malformed(files []string) error {
	var all []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			all = append(all, fmt.Errorf("kubeconfig %w", pathError(err)))
		default:
			if err := diagnose(text); err != nil {
				all = append(all, fmt.Errorf("kubeconfig %s: %w", file, err))
			}
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("kubeconfig %s can't be read", strings.Join(files, ", "))
	}
	return errors.Join(all...)
}

var (
	// quoted is what an error of a YAML or JSON reader repeats of its input.
	quoted = regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`")
	// jsonField is all that is safe and useful in an error of encoding/json.
	jsonField = regexp.MustCompile(`cannot unmarshal (\w+) into Go struct field \w*\.(\S+) of type`)
)

func diagnose(text []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return errors.New("no YAML: " + quoted.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "…"))
	}
	if len(document.Content) == 0 {
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return errors.New("no kubeconfig: it has no fields")
	}
	if kind := field(root, "kind"); kind != nil && kind.Value != "Config" {
		return fmt.Errorf("no kubeconfig: its kind is not Config (line %d)", kind.Line)
	}
	if err := undecodable(root); err != nil {
		return err
	}
	_, err := clientcmd.Load(text)
	if err == nil {
		return nil
	}
	if found := jsonField.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Errorf("no kubeconfig: %s has a value of the wrong type (%s)", found[2], found[1])
	}
	return errors.New("no kubeconfig: a field has a value of the wrong type")
}

// undecodable finds a value that is to be base64 and is not.
func undecodable(n *yaml.Node) error {
	var all []error
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.ScalarNode {
			switch key := n.Content[i-1].Value; key {
			case "certificate-authority-data", "client-certificate-data", "client-key-data":
				if _, err := base64.StdEncoding.DecodeString(child.Value); err != nil {
					all = append(all, fmt.Errorf("line %d: %s is no base64", child.Line, key))
				}
			}
		}
		all = append(all, undecodable(child))
	}
	return errors.Join(all...)
}

func field(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}
