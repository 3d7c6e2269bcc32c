package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

// A profile that uses every area, over Airship's defaults, has nothing wrong with it.
func TestAreas(t *testing.T) {
	_, err := read(t, []string{"testdata/good/areas.yaml"})
	require.NoError(t, err)
}

// How often downloads are tried again is not for documents to say, which they are told where they do.
func TestRetriesHaveNoEffect(t *testing.T) {
	profile, err := Parse(t.Context(), minimal+"{software: {multistrap_retries: 4, multistrap_retries_delay: 3}}", "p.yaml")
	require.NoError(t, err)
	require.Equal(t, []string{
		"p.yaml:4: spec.software.multistrap_retries: has no effect: a download that breaks off is tried again anyway",
	}, profile.Warnings)
}

func TestWithoutWords(t *testing.T) {
	const secret = "[Unit]\nDescription=the key hunter2\nPassword: swordfish, and more of the same line\nredacted\n"
	for problem, want := range map[string]string{
		"line 3: Password: swordfish, and more of the same l… is no setting":                           "<redacted> 3: <redacted>: <redacted>, and <redacted> of the <redacted> <redacted> is no setting",
		"line 3: " + mistake.Word("Password: swordfish, and more of the same line") + " is no setting": "<redacted> 3: <redacted> is no setting",
		"line 2: hunter2 is not a path":        "<redacted> 2: <redacted> is not a path",
		`would look for "swordfish and hunt…"`: `would look for "<redacted> and <redacted>"`,
		"has no interpreter; want #!/bin/sh":   "has no interpreter; want #!/bin/sh",
	} {
		m := &mistake.Mistake{Field: "secret", Problem: problem}
		newHiding(map[string]bool{"secret": true}, []string{secret}).hide(m)
		require.Equal(t, want, m.Problem)
	}
}

// Checks of texts quote lines; of an encrypted one they do not.
func TestChecksOfSecretTexts(t *testing.T) {
	key := sopstest.NewKey(t)
	file := filepath.Join(t.TempDir(), "site.yaml")
	text := profileText("node", `
  cloudInit: {userData: "#cloud-confog opensesame\n"}
  services:
    systemd:
      - {name: a.service, enabled: true, file_content: "[Unit]\nopensesame again\n[Service]\nExecStart=opensesame/bin\n"}
  files:
    user_scripts:
      - {file_content: "# !opensesame\n"}
    fetch_from_url:
      - {url: "https://files.example.org/opensesame"}
      - {url: "https://other.example.org/opensesame"}
`)
	encrypted := key.Encrypt(t, strings.TrimSuffix(text, "---\n"), "--encrypted-regex", "^(userData|file_content|url)$")
	require.NoError(t, os.WriteFile(file, encrypted, 0o600))
	key.Use(t)
	_, err := Source{Documents: []string{file}}.Read(t.Context())
	require.Error(t, err)
	var fields []string
	for _, m := range mistake.All(err) {
		fields = append(fields, m.Field)
	}
	require.Equal(t, []string{
		"spec.cloudInit.userData", "spec.services.systemd[0].file_content", "spec.services.systemd[0].file_content",
		"spec.services.systemd[0].file_content", "spec.files.user_scripts[0].file_content", "spec.files.fetch_from_url[1].url",
	}, fields, err.Error())
	require.NotContains(t, err.Error(), "opensesame")
}
