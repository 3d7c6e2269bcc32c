// Command jsonschema makes one JSON schema for editors out of the CustomResourceDefinitions that
// controller-gen wrote: jsonschema DIRECTORY > FILE.
//
// The schema chooses by kind, refuses unknown fields and lets documents of other programs pass.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

type object = map[string]any

// definition is the part of a CustomResourceDefinition that is used here.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				OpenAPIV3Schema object `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: jsonschema DIRECTORY")
		os.Exit(2)
	}
	schema, err := combine(os.Args[1])
	if err == nil {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", " ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(schema)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "jsonschema:", err)
		os.Exit(1)
	}
}

func combine(directory string) (object, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no definitions in %s: %v", directory, err)
	}
	kinds, choices := object{}, []any{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var crd definition
		if err := yaml.Unmarshal(data, &crd); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		names := crd.Spec.Names
		for _, version := range crd.Spec.Versions {
			apiVersion := crd.Spec.Group + "/" + version.Name
			kinds[names.Kind] = document(version.Schema.OpenAPIV3Schema, apiVersion, names.Kind)
			choices = append(choices, object{
				"if": object{
					"required": []string{"apiVersion", "kind"},
					"properties": object{
						"apiVersion": object{"const": apiVersion}, "kind": object{"const": names.Kind},
					},
				},
				"then": object{"$ref": "#/definitions/" + names.Kind},
			})
		}
	}
	return object{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "Documents of airshipit.org/v1alpha1",
		"type":        "object",
		"required":    []string{"apiVersion", "kind"},
		"properties":  object{"apiVersion": object{"type": "string"}, "kind": object{"type": "string"}},
		"allOf":       choices,
		"definitions": kinds,
	}, nil
}

// document is a kind's schema with what Kubernetes checks by itself.
func document(schema object, apiVersion, kind string) object {
	out, _ := plain(schema).(object)
	properties, _ := out["properties"].(object)
	properties["apiVersion"] = object{"const": apiVersion}
	properties["kind"] = object{"const": kind}
	properties["metadata"] = object{
		"type": "object", "required": []string{"name"},
		"properties": object{
			"name": object{"type": "string", "pattern": `^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`, "maxLength": 253},
		},
	}
	required, _ := out["required"].([]any)
	out["required"] = append([]any{"apiVersion", "kind"}, required...)
	return out
}

// plain is a structural schema without Kubernetes' extensions; an object that has properties has no others.
func plain(schema any) any {
	switch schema := schema.(type) {
	case []any:
		out := make([]any, len(schema))
		for i, inner := range schema {
			out[i] = plain(inner)
		}
		return out
	case object:
		return plainObject(schema)
	default:
		return schema
	}
}

func plainObject(schema object) object {
	out := object{}
	if schema["x-kubernetes-int-or-string"] == true {
		// The plugin takes booleans and fractions as well.
		out["type"] = []string{"string", "number", "boolean"}
		if text, ok := schema["description"]; ok {
			out["description"] = text
		}
		return out
	}
	for key, value := range schema {
		switch key {
		case "properties":
			fields := object{}
			for name, inner := range value.(object) {
				fields[name] = plain(inner)
			}
			out[key] = fields
		case "items", "additionalProperties":
			out[key] = plain(value)
		case "x-kubernetes-preserve-unknown-fields", "format":
		default:
			out[key] = value
		}
	}
	switch out["type"] {
	case "array", "integer", "boolean":
		// A reference to a variable may stand for any value: "{{ ubuntu_packages }}".
		out["type"] = []any{out["type"], "string"}
		out["pattern"] = `^\{\{.*\}\}$`
	}
	_, fields := out["properties"]
	_, others := out["additionalProperties"]
	if fields && !others && schema["x-kubernetes-preserve-unknown-fields"] != true {
		out["additionalProperties"] = false
	}
	return out
}
