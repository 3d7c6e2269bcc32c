package kustomization

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// patchFor is kustomize's function that makes a document what it became; nil where nothing changed.
func patchFor(name string, id identity, before, after *tree.Node) (*tree.Node, error) {
	var operations []map[string]any
	if err := difference(before, after, "", &operations); err != nil || len(operations) == 0 {
		return nil, err
	}
	text, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("render a patch: %w", err)
	}
	group, version := id.group()
	target := map[string]any{"name": regexp.QuoteMeta(id.name), "kind": regexp.QuoteMeta(id.kind), "version": regexp.QuoteMeta(version)}
	if group != "" {
		target["group"] = regexp.QuoteMeta(group)
	}
	if id.namespace != "" {
		target["namespace"] = regexp.QuoteMeta(id.namespace)
	}
	return tree.Of(map[string]any{
		"apiVersion": "builtin", "kind": "PatchTransformer", "metadata": map[string]any{"name": name},
		"patch": string(text), "target": target,
	}, after.Place)
}

// difference lists the JSON6902 operations that make one tree of another.
func difference(before, after *tree.Node, path string, operations *[]map[string]any) error {
	if before == after {
		return nil
	}
	if before.IsMapping() && after.IsMapping() {
		var err error
		after.Fields(func(key, value *tree.Node) {
			if err != nil {
				return
			}
			inner := path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key.Value)
			if _, old := before.Field(key.Value); old != nil {
				err = difference(old, value, inner, operations)
			} else {
				err = operate("add", inner, value, operations)
			}
		})
		return err
	}
	if before.IsList() && after.IsList() && len(before.Content) == len(after.Content) {
		for i := range after.Content {
			if err := difference(before.Content[i], after.Content[i], fmt.Sprintf("%s/%d", path, i), operations); err != nil {
				return err
			}
		}
		return nil
	}
	return operate("replace", path, after, operations)
}

func operate(op, path string, value *tree.Node, operations *[]map[string]any) error {
	decoded, err := value.Decode()
	if err != nil {
		return fmt.Errorf("render a patch: %w", err)
	}
	*operations = append(*operations, map[string]any{"op": op, "path": path, "value": decoded})
	return nil
}
