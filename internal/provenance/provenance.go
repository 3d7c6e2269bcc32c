// Package provenance says how images came about: an in-toto statement with a SLSA provenance.
//
// The Plan of a build, the lock, the tools and what happened when enter; a JSON document leaves, for whoever is to decide
// whether an image is trusted. It is not signed. Times and the kind of machine are in it, which no image knows of.
//
// The statement is of https://in-toto.io/Statement/v1 (in-toto/attestation, spec/v1/statement.md), the predicate of
// https://slsa.dev/provenance/v1. What the fields hold that a build type decides is written down in docs/provenance.md,
// where BuildType leads; a change of their meaning is another build type. Secrets are digests in a Plan; texts of several
// lines become digests here, and addresses are shown without passwords.
//
// The types are written here because those of in-toto/attestation are Protocol Buffers, whose JSON is of purpose not the
// same from one run to the next; the tests hold the documents to them.
package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

const (
	// Ending of the document's name, behind the first image's.
	Ending = ".provenance.json"
	// MediaType of a statement without its envelope (IANA).
	MediaType = "application/vnd.in-toto+json"

	statementType = "https://in-toto.io/Statement/v1"
	// PredicateType is SLSA's provenance.
	PredicateType = "https://slsa.dev/provenance/v1"

	page = "https://github.com/airshipit/packer-plugin-airship/blob/main/docs/provenance.md"
	// BuildType says what the parameters and dependencies mean.
	BuildType = page + "#build-type-v1"
	// Builder is a build on some machine: whoever runs it can forge what it says. SLSA's Build L1 asks no more.
	Builder = page + "#builder"
)

// ErrNoSubject says that none of the images is a file.
var ErrNoSubject = errors.New("provenance is of files, and no image is one")

// Build is what happened.
type Build struct {
	Plan plan.Plan
	Lock plan.Lock
	// Toolbox are the tools.
	Toolbox toolbox.Pin
	// Secrets are the digests that stand for the profile's secrets in the Plan.
	Secrets []string
	// Isolation is the kind of machine: namespace or qemu.
	Isolation string
	// Images are what was built; one without digests, a directory, is left out. Byproducts lie beside them.
	Images, Byproducts []File
	// Invocation tells this run from others of the same plan.
	Invocation        string
	Started, Finished time.Time
}

// File is a name and digests in hex.
type File struct {
	Name           string
	SHA256, SHA512 string
}

// Statement is the document. Without an image that is a file the error is ErrNoSubject.
func Statement(b Build) ([]byte, error) {
	subjects := descriptors(b.Images)
	if len(subjects) == 0 {
		return nil, ErrNoSubject
	}
	parameters, err := externalOf(b.Plan, b.Secrets)
	if err != nil {
		return nil, fmt.Errorf("write the provenance: %w", err)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(statement{
		Type: statementType, Subject: subjects, PredicateType: PredicateType,
		Predicate: predicate{
			BuildDefinition: buildDefinition{
				BuildType: BuildType, ExternalParameters: parameters, InternalParameters: internalOf(b),
				ResolvedDependencies: dependencies(b),
			},
			RunDetails: runDetails{
				Builder: builder{ID: Builder, Version: versions(b.Plan)},
				Metadata: metadata{
					InvocationID: b.Invocation, StartedOn: second(b.Started), FinishedOn: second(b.Finished),
				},
				Byproducts: descriptors(b.Byproducts),
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("write the provenance: %w", err)
	}
	return text.Bytes(), nil
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// versions of what SLSA counts to the builder. The toolbox has no version but its digest.
func versions(p plan.Plan) map[string]string {
	all := map[string]string{"packer-plugin-airship": p.Plugin}
	if p.Packer != "" {
		all["packer"] = p.Packer
	}
	if p.Toolbox != "" {
		all["toolbox"] = p.Toolbox
	}
	return all
}

func descriptors(files []File) []descriptor {
	var all []descriptor
	for _, f := range files {
		digest := map[string]string{}
		if f.SHA256 != "" {
			digest["sha256"] = f.SHA256
		}
		if f.SHA512 != "" {
			digest["sha512"] = f.SHA512
		}
		if len(digest) > 0 {
			all = append(all, descriptor{Name: f.Name, Digest: digest})
		}
	}
	return all
}
