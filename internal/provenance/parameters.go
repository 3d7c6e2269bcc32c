package provenance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
)

// external are the parameters that the profile and the template decide.
type external struct {
	Profile string        `json:"profile"`
	Target  plan.Target   `json:"target"`
	Action  string        `json:"action"`
	Outputs []plan.Output `json:"outputs"`
	// Base is the digest of what the build starts from.
	Base       string      `json:"base,omitempty"`
	Packages   []string    `json:"packages"`
	Unapproved []string    `json:"unapprovedPackages,omitempty"`
	Sources    []source    `json:"sources"`
	System     plan.System `json:"system"`
	// Variables are the profile's, texts by their digests.
	Variables any `json:"variables,omitempty"`
}

type source struct {
	Name       string   `json:"name"`
	URI        string   `json:"uri"`
	Suite      string   `json:"suite"`
	Components []string `json:"components,omitempty"`
}

func externalOf(p plan.Plan, secrets []string) (external, error) {
	variables, err := withoutTexts(p.Variables, secrets)
	if err != nil {
		return external{}, err
	}
	e := external{
		Profile: p.Profile, Target: p.Target, Action: p.Action, Outputs: p.Outputs, Base: baseOf(p),
		Packages: p.RootFS.Include, Unapproved: p.RootFS.Unapproved, Sources: []source{}, System: p.System, Variables: variables,
	}
	for _, s := range p.RootFS.Sources {
		e.Sources = append(e.Sources, source{Name: s.Name, URI: sbom.Address(s.URI), Suite: s.Suite, Components: s.Components})
	}
	return e, nil
}

// internal are those that the plugin decides.
type internal struct {
	// Plan are the digests of its stages.
	Plan plan.Digests `json:"plan"`
	// Epoch is SOURCE_DATE_EPOCH, the newest time in the image.
	Epoch     time.Time `json:"epoch"`
	Isolation string    `json:"isolation"`
	// Request is the digest of what the repositories were asked.
	Request string `json:"request"`
}

func internalOf(b Build) internal {
	return internal{
		Plan: b.Plan.Digests(), Epoch: time.Unix(b.Plan.Epoch, 0).UTC(), Isolation: b.Isolation, Request: b.Lock.Request,
	}
}

func baseOf(p plan.Plan) string {
	if p.RootFS.Base == nil {
		return ""
	}
	return p.RootFS.Base.Digest
}

// userData is the variable with cloud-init's user data, which may be in one line and hold a password all the same.
const userData = "airship_user_data"

// secret stands for what is one, and for a text with one in it.
const secret = "(secret)"

// withoutTexts puts the digest, sha256: and hex, for each value of several lines: files, scripts and user data are the
// image's, not everybody's who reads of it.
func withoutTexts(variables map[string]any, secrets []string) (any, error) {
	text, err := json.Marshal(variables)
	if err != nil {
		return nil, err
	}
	var plain map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return nil, err
	}
	if len(plain) == 0 {
		return nil, nil
	}
	for name, value := range plain {
		plain[name] = digested(value, name == userData, secrets)
	}
	return plain, nil
}

// digested is a value with digests of its texts: of those with several lines, or all. secrets are the digests that stand for those of the profile.
func digested(value any, all bool, secrets []string) any {
	switch value := value.(type) {
	case map[string]any:
		for key, one := range value {
			value[key] = digested(one, all, secrets)
		}
	case []any:
		for i, one := range value {
			value[i] = digested(one, all, secrets)
		}
	case string:
		switch {
		case slices.ContainsFunc(secrets, func(digest string) bool { return strings.Contains(value, digest) }):
			return secret
		case all || strings.Contains(strings.TrimSpace(value), "\n"):
			return digest(value)
		}
	}
	return value
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}
