package document

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// Whatever the text is, reading it ends, in mistakes or in a profile that reads back as itself.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/mistakes/*.yaml", "testdata/good/*.yaml", "testdata/good/site/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(text))
		}
	}
	f.Add(catalogues + profileText("base", `{software: {packages: [aa], packages_append: "{{ more }}"}, extraVars: {more: [bb]}}`) +
		profileText("node", `{extends: [base, airship-default], valuesFrom: [{kind: Secret, name: keys, fieldPath: data.token, targetPath: extraVars.x}]}`) +
		imageText("image", `{nodeProfileRef: {name: node}, params: {platform: vm, extraVars: {y: 1.5, z: 2020-01-01, n: null}}, builder: {outputFileName: x.qcow2}}`))
	f.Add(profileText("a", `{extends: [b]}`) + profileText("b", `{extends: [a, a, c]}`) + profileText("a", `{platform: vm}`))
	f.Add(resolvedMark + "\n" + warningMark + "w\n" + profileText("a", `{files: {files: [{name: /a, file_content: "{{ x }}{% raw %}"}]}}`) + imageText("a", `{params: {platform: vm}}`))
	f.Add(profileText("a", `{files: {user_scripts: [{name: "{{ x }}", file_content: "#!/bin/sh\n{{ x }}", template: "{{ no }}"}], userScriptDirectories: [{path: /nowhere}]}, extraVars: {no: false}}`))
	f.Fuzz(func(t *testing.T, text string) {
		profile, err := Parse(t.Context(), text, "fuzz.yaml")
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		resolved, err := canonical(profile.NodeProfile)
		require.NoError(t, err)
		again, err := Parse(t.Context(), resolved, "again.yaml")
		require.NoError(t, err, resolved)
		twice, err := canonical(again.NodeProfile)
		require.NoError(t, err)
		require.Equal(t, resolved, twice)
		vars, err := variables.Render(profile.NodeProfile)
		require.NoError(t, err)
		_, err = vars.AnsibleYAML()
		require.NoError(t, err)
		sourced, err := profile.SourcedYAML()
		require.NoError(t, err)
		if len(profile.secretValues()) == 0 {
			handed, err := Parse(t.Context(), sourced, "handed.yaml")
			require.NoError(t, err, sourced)
			third, err := canonical(handed.NodeProfile)
			require.NoError(t, err)
			require.Equal(t, resolved, third, sourced)
		}
		profile.Redacted()
	})
}
