package document

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

const plainScript = "#!/bin/sh\ntrue\n"

// The scripts of directories follow the document's own, as they are, and stand in what is resolved.
func TestScriptDirectories(t *testing.T) {
	const braces = "#!/bin/bash\n# {{ k8s_version }} {{ nothing }} {% raw %}\necho ${#x[@]}\n"
	files := map[string]string{
		"site.yaml": profileText("base", `{files: {userScriptDirectories: [{path: base/scripts}]}, extraVars: {where: more}}`) +
			profileText("node", `
  extends: [base]
  software: {k8s_version: "1.18.6-00"}
  files:
    user_scripts:
    - {file_content: "#!/bin/sh\necho {{ k8s_version }}\n"}
    - {name: as is, template: no, file_content: "#!/bin/sh\necho {{ k8s_version }}\n"}
    userScriptDirectories:
    - path: base/scripts
    - {path: "{{ where }}", run_contexts: [qcow]}`),
		"base/scripts/b.sh": plainScript, "base/scripts/B.sh": braces, "base/scripts/10": plainScript, "base/scripts/9": plainScript,
		"base/scripts/README.md": "no script", "base/scripts/.10.swp": "no script", "base/scripts/lib/inner.sh": plainScript,
		"more/{{ where }}": plainScript,
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	require.NoError(t, os.Symlink(filepath.Join(dir, "base/scripts/b.sh"), filepath.Join(dir, "more/link")))
	p, err := one(chooseAll(t, Source{Documents: []string{dir}}, Selection{Name: "node"}))
	require.NoError(t, err)

	off := new(bool)
	assert.Equal(t, []v1alpha1.Script{
		{FileContent: "#!/bin/sh\necho 1.18.6-00\n"},
		{Name: "as is", FileContent: "#!/bin/sh\necho {{ k8s_version }}\n", Template: off},
		{Name: "10", FileContent: plainScript, Template: off},
		{Name: "9", FileContent: plainScript, Template: off},
		{Name: "B.sh", FileContent: braces, Template: off},
		{Name: "b.sh", FileContent: plainScript, Template: off},
		{Name: "link", FileContent: plainScript, Template: off, RunContexts: []string{"qcow"}},
		{Name: "{{ where }}", FileContent: plainScript, Template: off, RunContexts: []string{"qcow"}},
	}, p.NodeProfile.Spec.Files.UserScripts)
	assert.Empty(t, p.NodeProfile.Spec.Files.UserScriptDirectories)
	file := filepath.Join(dir, "site.yaml")
	assert.Equal(t, []string{file + ":17: spec.files.userScriptDirectories[0].path: directories in it are passed over: lib"}, p.Warnings)

	// Whoever reads it again needs no directory, changes nothing and names the same places.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "base")))
	for _, render := range []func() (string, error){p.YAML, p.SourcedYAML} {
		text, err := render()
		require.NoError(t, err)
		assert.NotContains(t, strings.Split(text, "spec:")[1], "userScriptDirectories:")
		again, err := Parse(t.Context(), text, "profile_yaml")
		require.NoError(t, err)
		assert.Equal(t, p.NodeProfile, again.NodeProfile)
		if strings.Contains(text, placeMark) {
			assert.Equal(t, p.Warnings, again.Warnings)
			for _, field := range []string{"[2].file_content", "[6].run_contexts[0]"} {
				one := &mistake.Mistake{Field: "spec.files.user_scripts" + field}
				two := &mistake.Mistake{Field: one.Field}
				assert.Equal(t, p.Locate(one), again.Locate(two), text)
				assert.Equal(t, file, one.File)
				assert.Contains(t, one.Field, "userScriptDirectories")
			}
		}
	}
	vars, err := variables.Render(p.NodeProfile)
	require.NoError(t, err)
	assert.NotContains(t, vars, "airship_user_script_directories")
}

func TestScriptDirectoriesThatAreWrong(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/1-none": "echo\n", "a/2-windows": "#!/bin/sh\r\necho\r\n", "a/3-bytes": "#!/bin/sh\n\xff\n", "a/4-empty": "", "a/5-right": plainScript,
		"a/6-large": strings.Repeat("#!/bin/sh\n", 60_000), "a/7\nlines": plainScript,
		"a/8-sealed":     `{"data": "` + sealedMark + `,data:AA==]", "sops": {}}`,
		"none/README.md": "", "file": plainScript,
		"large/1": "#!/bin/sh\n" + strings.Repeat("#", 300<<10), "large/2": "#!/bin/sh\n" + strings.Repeat("#", 300<<10),
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "a", "9-link")))
	for i := range maxScriptEntries + 1 {
		path := filepath.Join(dir, "many", fmt.Sprint(i))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	const field = "spec.files.userScriptDirectories[0].path"
	file := filepath.Join(dir, "site.yaml")
	wrong := func(directory string) string {
		require.NoError(t, os.WriteFile(file, []byte(profileText("node", "\n  files:\n    userScriptDirectories: ["+directory+"]")), 0o600))
		_, err := read(t, []string{file})
		require.Error(t, err)
		return strings.ReplaceAll(err.Error(), dir+"/", "")
	}
	at := "site.yaml:6:36: " + field + ": "
	assert.Equal(t, "9 mistakes:\n  "+strings.Join([]string{
		at + "a/1-none: line 1: has no interpreter; want #! and its path first, such as #!/bin/sh",
		at + "a/2-windows: line 1: ends with a carriage return as Windows has it; want line feeds alone (dos2unix)",
		at + "a/3-bytes: is not text in UTF-8",
		at + "a/4-empty: is empty; want a script that begins with #!/bin/sh",
		at + "a/6-large: is larger than 512 KiB, too large for a script",
		at + "a: \"7\\nlines\": want a name of one line in UTF-8",
		at + "a/8-sealed: is encrypted by sops; a script of a directory is taken as it is: write this one into user_scripts of an encrypted document",
		at + "a/9-link: there is no such file or directory",
		"site.yaml:6:54: spec.files.userScriptDirectories[0].run_contexts[0]: unknown context iso; known: common, qcow",
	}, "\n  "), wrong("{path: a, run_contexts: [iso]}"))
	for directory, problem := range map[string]string{
		"{path: nowhere}": at + "nowhere: there is no such file or directory",
		"{path: file}":    at + "file: is not a directory",
		"{path: none}":    at + "none: holds no script",
		"{path: many}":    at + "many: holds more than 1000 files",
		"{path: large}": at + "the scripts of all directories are larger than 512 KiB together; " +
			"want large files among the node's packages or in fetch_from_url",
		`{path: ""}`:             at + "want the path of a directory of scripts",
		`{path: "{{ x }}"}`:      at + "unknown variable x; it is not set in this profile",
		"{run_contexts: [qcow]}": "site.yaml:6:29: spec.files.userScriptDirectories[0].path: is required; want a string",
		"{path: [a]}":            "site.yaml:6:30: " + field + ": want a string, found a list",
	} {
		assert.Equal(t, problem, wrong(directory))
	}
	_, err := Parse(t.Context(), minimal+"{files: {userScriptDirectories: [{path: a}]}}", "profile_yaml")
	assert.EqualError(t, err, "profile_yaml:4:47: "+field+": a relative path needs a document that is a file; want an absolute path")
	_, err = Parse(t.Context(), minimal+"{files: {userScriptDirectories: [{path: "+dir+"/none}]}}", "profile_yaml")
	assert.EqualError(t, err, "profile_yaml:4:47: "+field+": "+dir+"/none: holds no script")
}

// A directory whose path is encrypted is read once it is decrypted; a secret that a script repeats is one there, too.
func TestScriptDirectoriesOfSecrets(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	dir := t.TempDir()
	text := strings.TrimSuffix(profileText("node", `
  files: {userScriptDirectories: [{path: hidden-scripts}]}
  extraVars: {token: opensesame-1}
`), "---\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "site.yaml"), key.Encrypt(t, text, "--encrypted-regex", "^(path|token)$"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "hidden-scripts"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hidden-scripts", "a.sh"), []byte("#!/bin/sh\necho opensesame-1\n"), 0o600))
	for _, closed := range []bool{false, true} {
		source := Source{Documents: []string{dir}, LeaveEncrypted: closed}
		p, err := one(chooseAll(t, source, Selection{}))
		require.NoError(t, err)
		sourced, err := p.SourcedYAML()
		require.NoError(t, err)
		assert.NotContains(t, sourced, "opensesame")
		assert.NotContains(t, sourced, "hidden")
		again, err := parse(t.Context(), sourced, "profile_yaml", true, nil)
		require.NoError(t, err)
		require.Len(t, again.NodeProfile.Spec.Files.UserScripts, 1)
		assert.Equal(t, "#!/bin/sh\necho opensesame-1\n", again.NodeProfile.Spec.Files.UserScripts[0].FileContent)
	}
}

// Airship's own fields are paths in its container.
func TestScriptDirectoriesOfAirship(t *testing.T) {
	p, err := Parse(t.Context(), minimal+"{files: {user_scripts_dir_default: /config/scripts}}", "p.yaml")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"p.yaml:4: spec.files.user_scripts_dir_default: is accepted and has no effect here; directories of scripts are listed in spec.files.userScriptDirectories",
	}, p.Warnings)
}

// A directory that profiles share is read once.
func TestScriptDirectoriesAreShared(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte(plainScript), 0o600))
	s := &scriptDirectories{}
	assert.Same(t, s.directory(dir, ""), s.directory(filepath.Base(dir), filepath.Dir(dir)))
	assert.Equal(t, len(plainScript), s.size)
	s.size = maxScriptsOfSet + 1
	assert.Equal(t, []string{filepath.Dir(dir) + ": the scripts of all profiles are larger than 64 MiB together"}, s.directory(filepath.Dir(dir), "").problems)
}

// Whether a script is a template may be a variable's to say.
func TestScriptsAsTheyAre(t *testing.T) {
	script := `file_content: "#!/bin/sh\necho {{ x }}{# #}{{ y | z }}\n"`
	p := choose(t, profileText("node", `
  extraVars: {x: 1, literally: false}
  files:
    user_scripts: [{`+script+`, template: "{{ literally }}"}, {`+script+`, template: true}]
    qcow_container_runtime_scripts: [{file_content: "#!/bin/sh\n{{ x }}", template: false}, {file_content: "#!/bin/sh\n{{ x }}"}]
`), Selection{})
	files := p.NodeProfile.Spec.Files
	assert.Equal(t, "#!/bin/sh\necho {{ x }}{# #}{{ y | z }}\n", files.UserScripts[0].FileContent)
	assert.Equal(t, "#!/bin/sh\n{{ x }}", files.QcowContainerRuntimeScripts[0].FileContent)
	assert.Equal(t, "#!/bin/sh\n1", files.QcowContainerRuntimeScripts[1].FileContent)
	// Nothing of it is made by a template, so all of it is checked.
	assert.Contains(t, refused(t, profileText("node", `{files: {user_scripts: [{name: s, file_content: "{{ x }}", template: false}]}}`), Selection{}),
		"spec.files.user_scripts[0].file_content: s: line 1: has no interpreter")
	assert.Contains(t, refused(t, profileText("node", `{files: {user_scripts: [{name: "a\nb", file_content: "#!/bin/sh"}]}}`), Selection{}),
		"spec.files.user_scripts[0].name: want the script's name, one line of text")
}
