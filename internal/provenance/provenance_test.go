package provenance

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

func digestOf(digits string) string { return strings.Repeat(digits, 32) }

// build is one of every field.
func build() Build {
	base := &plan.Base{Digest: "sha256:" + digestOf("ba"), Packages: []plan.BasePackage{{Name: "apt", Version: "2.6.1", Architecture: "amd64"}}}
	started := time.Date(2026, 8, 1, 12, 0, 0, 999, time.FixedZone("", 7200))
	return Build{
		Plan: plan.Plan{
			Profile: "node", Epoch: 1783760400, Plugin: "0.1.0", Packer: "1.16.0", Toolbox: digestOf("70"), Action: "build-qcow",
			Target: plan.Target{Platform: "vm", Architecture: "amd64", Distribution: "debian", Suite: "bookworm"},
			RootFS: plan.RootFS{
				Base: base,
				Sources: []plan.Source{
					{Name: "debian", URI: "http://archive.example/debian", Mirrored: true, Suite: "bookworm", Components: []string{"main"}},
					{
						Name: "vendor", URI: "https://user:hunter2@vendor.example/apt?token=hunter2", Suite: "stable/",
						KeyringURL: "https://user:hunter2@vendor.example/key",
					},
				},
				Include: []string{"openssh-server", "sudo=1.9"}, Unapproved: []string{"telnetd"},
				Packages: []plan.Package{{Name: "sudo", Version: "1.9", Architecture: "amd64", Source: "debian", Filename: "pool/sudo.deb", SHA256: digestOf("ab")}},
			},
			System: plan.System{Hostname: "node01", Cmdline: []string{"console=ttyS0", "a=<&>"}, GrubTimeout: 5},
			Variables: map[string]any{
				"sysctl":            []any{map[string]any{"name": "kernel.panic", "value": 3}},
				"user_scripts":      []map[string]string{{"file_content": "#!/bin/sh\necho hunter2\n"}},
				"airship_user_data": "#cloud-config {password: hunter2}",
			},
			Outputs: []plan.Output{{Name: "node.qcow2", Format: "qcow2", Compression: "zlib"}, {Name: "node", Format: "directory"}},
		},
		Lock: plan.Lock{
			Format: plan.LockFormat, Request: digestOf("5e"), Base: base, Toolbox: digestOf("71"),
			Suites: []plan.LockedSuite{
				{Source: "debian", Suite: "bookworm", Date: time.Unix(1783760400, 0), InRelease: digestOf("1e")},
				{Source: "vendor", Suite: "stable/", Date: time.Unix(1783760401, 0), InRelease: digestOf("2e")},
			},
		},
		Toolbox: toolbox.Pin{
			Suite: "trixie", Date: time.Unix(1783760000, 0), Architecture: "amd64",
			Packages: []toolbox.PinnedPackage{{Name: "passwd", Version: "1:4.17.4-2+b1", Architecture: "amd64", Filename: "pool/passwd.deb", Size: 1, SHA256: digestOf("cd")}},
		},
		Isolation:  "namespace",
		Images:     []File{{Name: "node.qcow2", SHA256: digestOf("1a"), SHA512: digestOf("1b") + digestOf("1c")}, {Name: "node"}},
		Byproducts: []File{{Name: "node.qcow2.cdx.json", SHA256: digestOf("3a")}},
		Invocation: "0190a0b0-1234-7000-8000-000000000000", Started: started, Finished: started.Add(3 * time.Minute),
	}
}

func TestStatement(t *testing.T) {
	text, err := Statement(build())
	require.NoError(t, err)
	valid(t, text)
	golden(t, "statement.json", string(text))
	assert.NotContains(t, string(text), "hunter2")
	assert.NotContains(t, string(text), "token")
	again, err := Statement(build())
	require.NoError(t, err)
	assert.Equal(t, text, again)
}

// TestLeast is a build with as little as there can be.
func TestLeast(t *testing.T) {
	text, err := Statement(Build{Images: []File{{Name: "a", SHA256: digestOf("1a")}}})
	require.NoError(t, err)
	valid(t, text)
	assert.NotContains(t, string(text), "startedOn")
}

func TestNoSubject(t *testing.T) {
	for _, images := range [][]File{nil, {{Name: "node"}}} {
		_, err := Statement(Build{Images: images})
		assert.ErrorIs(t, err, ErrNoSubject)
	}
}

// valid holds a document to in-toto's own types and checks, which refuse a field that they do not know.
func valid(t *testing.T, text []byte) {
	t.Helper()
	require.NoError(t, check(text))
}

func check(text []byte) error {
	var statement intoto.Statement
	if err := protojson.Unmarshal(text, &statement); err != nil {
		return err
	}
	if err := statement.Validate(); err != nil {
		return err
	}
	inner, err := protojson.Marshal(statement.GetPredicate())
	if err != nil {
		return err
	}
	var provenance slsa.Provenance
	if err := protojson.Unmarshal(inner, &provenance); err != nil {
		return err
	}
	return provenance.Validate()
}

// TestCheckRefuses shows that the checks of in-toto find what is wrong.
func TestCheckRefuses(t *testing.T) {
	text, err := Statement(build())
	require.NoError(t, err)
	for _, c := range []struct{ from, to, problem string }{
		{`"_type": "https://in-toto.io/Statement/v1"`, `"_type": "https://in-toto.io/Statement/v2"`, "wrong statement type"},
		{`"sha256": "1a`, `"sha256": "`, "digest has incorrect length"},
		{`"buildType"`, `"buildtype"`, "unknown field"},
		{`"startedOn": "2026`, `"startedOn": "yesterday`, "google.protobuf.Timestamp"},
		{Builder + `"`, `"`, "builder.id required"},
	} {
		changed := strings.Replace(string(text), c.from, c.to, 1)
		require.NotEqual(t, string(text), changed, c.from)
		assert.ErrorContains(t, check([]byte(changed)), c.problem, c.from)
	}
}

const profileWithSecrets = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata:
  name: node
spec:
  software:
    packages: [openssh-server]
  extraVars: {pause: "registry.example.org/pause@sha256:0123456789012345678901234567890123456789012345678901234567890123"}
  cloudInit:
    userData: "#cloud-config\n{password: hunter2}\n"
  users:
    user_management:
    - {name: deployer, shell: /bin/bash, password: $6$plantedsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/}
`

// TestSecrets plans a profile with secrets as a build does: none of them is in the statement.
func TestSecrets(t *testing.T) {
	profile, err := document.Parse(t.Context(), profileWithSecrets, "profile.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, profile.Secrets())
	text, err := Statement(planned(t, profile))
	require.NoError(t, err)
	valid(t, text)
	assert.Contains(t, string(text), "deployer")
	assert.Contains(t, string(text), "pause@sha256:0123", "a digest that everybody may know")
	assert.Contains(t, string(text), `"password": "(secret)"`)
	for _, secret := range append(profile.Secrets(), "hunter2", "plantedsalt") {
		assert.NotContains(t, string(text), secret)
		assert.NotContains(t, string(text), fmt.Sprintf("%x", sha256.Sum256([]byte(secret))), "who has the digest of a short password has the password")
		quoted, err := json.Marshal(secret)
		require.NoError(t, err)
		assert.NotContains(t, string(text), strings.Trim(string(quoted), `"`))
	}
}

// planned is the build of a profile.
func planned(t *testing.T, profile *document.Profile) Build {
	t.Helper()
	variables, err := osconfig.PlanVariables(profile)
	require.NoError(t, err)
	request, err := plan.Ask(&profile.NodeProfile, plan.Form{})
	require.NoError(t, err)
	lock := plan.Lock{Format: plan.LockFormat, Request: request.Digest(), Toolbox: digestOf("71")}
	for _, s := range request.Sources {
		lock.Suites = append(lock.Suites, plan.LockedSuite{Source: s.Name, Suite: s.Suite, Date: time.Unix(1783760400, 0), InRelease: digestOf("1e")})
	}
	p, err := plan.New(&profile.NodeProfile, lock, plan.Options{Variables: variables})
	require.NoError(t, err)
	return Build{Plan: p, Secrets: profile.SecretDigests(), Lock: lock, Images: []File{{Name: "a", SHA256: digestOf("1a")}}}
}

// golden compares text with testdata/name; AIRSHIP_UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}
