package provenance

import (
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// external are the parameters that the profile and the template decide.
type external struct {
	Profile string        `json:"profile"`
	Target  plan.Target   `json:"target"`
	Action  string        `json:"action"`
	Outputs []plan.Output `json:"outputs"`
	// Base is the digest of what the build starts from.
	Base       string         `json:"base,omitempty"`
	Packages   []string       `json:"packages"`
	Unapproved []string       `json:"unapprovedPackages,omitempty"`
	Sources    []source       `json:"sources"`
	System     plan.System    `json:"system"`
	Variables  map[string]any `json:"variables,omitempty"`
}

type source struct {
	Name       string   `json:"name"`
	URI        string   `json:"uri"`
	Suite      string   `json:"suite"`
	Components []string `json:"components,omitempty"`
}

func externalOf(p plan.Plan) external {
	e := external{
		Profile: p.Profile, Target: p.Target, Action: p.Action, Outputs: p.Outputs, Base: baseOf(p),
		Packages: p.RootFS.Include, Unapproved: p.RootFS.Unapproved, Sources: []source{}, System: p.System, Variables: p.Variables,
	}
	for _, s := range p.RootFS.Sources {
		e.Sources = append(e.Sources, source{Name: s.Name, URI: store.Shown(s.URI), Suite: s.Suite, Components: s.Components})
	}
	return e
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
