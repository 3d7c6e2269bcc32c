package sops_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

const small = `kind: Secret
password: hunter2
list:
    - hunter2
open_unencrypted: open
`

// What was done to a file by hand is said with its place, and nothing that was decrypted is.
func TestChanged(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	encrypted := string(key.Encrypt(t, small))
	other := string(key.Encrypt(t, small))
	sealed := regexp.MustCompile(`password: (ENC.*)`).FindStringSubmatch(encrypted)[1]
	metadata := encrypted[strings.Index(encrypted, "sops:\n"):]
	for name, test := range map[string]struct {
		text string
		want []string // parts of the message
	}{
		"clear value": {replace(t, encrypted, sealed, "hunter2"), []string{"site.yaml:2:11: password: is not encrypted"}},
		"two clear values": {
			replace(t, replace(t, encrypted, sealed, "12345"), "open_unencrypted", "open"),
			[]string{"2 mistakes", "site.yaml:2:11: password: is not encrypted", "site.yaml:5:7: open: is not encrypted"},
		},
		"damaged value":       {replace(t, encrypted, sealed, "ENC[AES256_GCM,data:*,iv:AA==,tag:AA==,type:str]"), []string{"site.yaml:2:11: password: is a damaged encrypted value"}},
		"renamed":             {replace(t, encrypted, "password:", "passwort:"), []string{"site.yaml: a value in it cannot be decrypted"}},
		"renamed to clear":    {replace(t, encrypted, "password:", "password_unencrypted:"), []string{"site.yaml:2:23: password_unencrypted: is encrypted, but its name says that it is not"}},
		"clear value changed": {replace(t, encrypted, "open_unencrypted: open", "open_unencrypted: closed"), []string{"sops.mac: the file was changed after it was encrypted: its message authentication code"}},
		"value removed":       {replace(t, encrypted, "password: "+sealed+"\n", ""), []string{"was changed after it was encrypted"}},
		"no metadata":         {replace(t, encrypted, metadata, ""), []string{"site.yaml:1:1: has no sops metadata, so its encrypted values cannot be decrypted"}},
		"no mac and no time": {
			regexp.MustCompile(`(?m)^    (mac|lastmodified):.*\n`).ReplaceAllString(encrypted, ""),
			[]string{"2 mistakes", "sops.mac: is missing or damaged", "sops.lastmodified: is missing or not a time"},
		},
		"no recipients":          {regexp.MustCompile(`(?s)    age:.*(    lastmodified)`).ReplaceAllString(encrypted, "$1"), []string{"sops.age: the file is encrypted for nobody"}},
		"key cut off":            {replace(t, encrypted, "-----END AGE ENCRYPTED FILE-----", ""), []string{"sops.age: the key encrypted for " + key.Recipient + " is damaged"}},
		"metadata a list":        {replace(t, encrypted, metadata, "sops: [mac]\n"), []string{"site.yaml:6:7: sops's metadata is not of the form"}},
		"added document":         {encrypted + "---\npassword: hunter2\n", []string{":1: document 2 of the file has no sops metadata"}},
		"after a clear document": {"a: b\n---\n" + encrypted, []string{"site.yaml:9:5: document 2 of the file was encrypted, but not those before it"}},
		"two files":              {encrypted + "---\n" + other, []string{"document 2 of the file was encrypted apart"}},
		"empty":                  {"", []string{"site.yaml: is empty"}},
		"alias":                  {replace(t, replace(t, encrypted, sealed, "&a "+sealed), "open_unencrypted: open", "open_unencrypted: *a"), []string{"site.yaml:2:11: sops writes no anchors"}},
		"exploding aliases":      {bomb() + encrypted, []string{"site.yaml:1:4: sops writes no anchors"}},
		"key twice":              {"password: hunter2\n" + encrypted, []string{"site.yaml:3:1: the key password is here twice, first in line 1"}},
		"number as a key":        {"1: a\n" + encrypted, []string{"site.yaml:1:1: this key is not a text"}},
		"list":                   {"- a\n---\n" + encrypted, []string{"site.yaml:1:1: is not a mapping"}},
		"syntax":                 {"\tpassword: hunter2\n" + encrypted, []string{"site.yaml:1: not valid YAML: a tab"}},
		"deep":                   {"a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "\n" + encrypted, []string{"nested too deeply"}},
		"many values":            {"a: [" + strings.Repeat("a,", tree.MaxNodes) + "]\n" + encrypted, []string{"site.yaml:1:199", "the document is too large: it has more than 100000 values"}},
		"large":                  {encrypted + strings.Repeat("#", tree.MaxText), []string{"site.yaml: is larger than 1024 KiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sops.Decrypt(t.Context(), "site.yaml", []byte(test.text))
			require.Error(t, err)
			for _, part := range test.want {
				assert.Contains(t, err.Error(), part)
			}
			assertSilent(t, err, key)
			assert.NotEmpty(t, mistake.All(err))
		})
	}
}

// assertSilent: an error that anyone may read.
func assertSilent(t *testing.T, err error, keys ...sopstest.Key) {
	t.Helper()
	t.Log(err)
	assert.NotContains(t, err.Error(), "hunter2")
	assert.NotContains(t, err.Error(), "12345")
	for _, key := range keys {
		assert.NotContains(t, err.Error(), key.Identity)
	}
}

func replace(t *testing.T, text, old, replacement string) string {
	t.Helper()
	require.Contains(t, text, old)
	return strings.Replace(text, old, replacement, 1)
}

func bomb() string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		last, name := string(rune('0'+i-1)), string(rune('0'+i))
		text += "a" + name + ": &a" + name + " [" + strings.Repeat("*a"+last+", ", 9) + "*a" + last + "]\n"
	}
	return strings.Replace(text, "a0: ", "a: ", 1)
}

func TestNoKey(t *testing.T) {
	mine, yours, theirs := sopstest.NewKey(t), sopstest.NewKey(t), sopstest.NewKey(t)
	mine.Use(t)
	encrypted := sopstest.Encrypt(t, small, "--age", yours.Recipient+","+theirs.Recipient)
	fails := func() string {
		_, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
		require.Error(t, err)
		assertSilent(t, err, mine)
		return err.Error()
	}
	message := fails()
	assert.Contains(t, message, "site.yaml: no key for it was found; it is encrypted for "+yours.Recipient+", "+theirs.Recipient+
		"; keys of age are looked for in SOPS_AGE_KEY (set), SOPS_AGE_KEY_FILE (not set), SOPS_AGE_KEY_CMD (not set), ")
	if runtime.GOOS == "linux" {
		assert.Contains(t, message, filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "sops/age/keys.txt")+": no such file")
	}
	t.Setenv("SOPS_AGE_KEY", "hunter2 "+mine.Identity+"x")
	assert.Contains(t, fails(), "SOPS_AGE_KEY (set)")
	t.Setenv("SOPS_AGE_KEY", "")
	t.Setenv("SOPS_AGE_KEY_FILE", "none.txt")
	t.Setenv("SOPS_AGE_KEY_CMD", "false "+mine.Identity)
	assert.Contains(t, fails(), "SOPS_AGE_KEY (not set), SOPS_AGE_KEY_FILE (none.txt: no such file or directory), SOPS_AGE_KEY_CMD (set)")
}

// Keys come from all the places that sops knows.
func TestKeySources(t *testing.T) {
	key := sopstest.NewKey(t)
	sopstest.Install(t)
	encrypted := key.Encrypt(t, small)
	file := filepath.Join(t.TempDir(), "key.txt")
	require.NoError(t, os.WriteFile(file, []byte("# a key\n"+key.Identity+"\n"), 0o600))
	decrypts := func(t *testing.T) {
		t.Helper()
		got, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
		require.NoError(t, err)
		assert.Contains(t, string(got.Text), "password: hunter2")
	}
	for variable, value := range map[string]string{
		"SOPS_AGE_KEY": key.Identity, "SOPS_AGE_KEY_FILE": file, "SOPS_AGE_KEY_CMD": "cat " + file,
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			decrypts(t)
		})
	}
	t.Run("default", func(t *testing.T) {
		directory := filepath.Join(t.TempDir(), "sops", "age")
		require.NoError(t, os.MkdirAll(directory, 0o700))
		require.NoError(t, os.Rename(file, filepath.Join(directory, "keys.txt")))
		t.Setenv("XDG_CONFIG_HOME", filepath.Dir(filepath.Dir(directory)))
		decrypts(t)
	})
	t.Run("none", func(t *testing.T) {
		_, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
		require.ErrorContains(t, err, "no key for it was found")
	})
}

// With groups, a key of each opens a file; other kinds of keys are named.
func TestGroupsAndServices(t *testing.T) {
	mine, yours := sopstest.NewKey(t), sopstest.NewKey(t)
	mine.Use(t)
	config := filepath.Join(t.TempDir(), ".sops.yaml")
	require.NoError(t, os.WriteFile(config, []byte("creation_rules: [{shamir_threshold: 2, key_groups: [{age: ["+mine.Recipient+"]}, {age: ["+yours.Recipient+"]}]}]\n"), 0o600))
	t.Setenv("SOPS_CONFIG", config)
	encrypted := sopstest.Encrypt(t, small)
	_, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
	require.ErrorContains(t, err, mine.Recipient+", "+yours.Recipient+" in 2 groups, and wants a key of each of 2")
	assertSilent(t, err, mine)
	t.Setenv("SOPS_AGE_KEY", mine.Identity+" "+yours.Identity)
	_, err = sops.Decrypt(t.Context(), "site.yaml", encrypted)
	require.NoError(t, err)

	t.Setenv("SOPS_CONFIG", "")
	t.Setenv("SOPS_AGE_KEY", "")
	text := replace(t, string(mine.Encrypt(t, small)), "    lastmodified", "    pgp:\n        - fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n"+
		"          created_at: \"2024-01-01T00:00:00Z\"\n          enc: none\n    lastmodified")
	t.Setenv("GNUPGHOME", t.TempDir())
	_, err = sops.Decrypt(t.Context(), "site.yaml", []byte(text))
	require.ErrorContains(t, err, mine.Recipient+", PGP 85D77543B3D624B63CEA9E6DBC17301B491B3F21; keys of age are looked for in SOPS_AGE_KEY (not set)")
	require.ErrorContains(t, err, "; sops says: Group 0: FAILED")
	assertSilent(t, err, mine)
}

// A key that asks for its passphrase finds no terminal, and ends.
func TestPassphrase(t *testing.T) {
	key := sopstest.NewKey(t)
	sopstest.Install(t)
	encrypted := key.Encrypt(t, small)
	t.Setenv("GNUPGHOME", t.TempDir()) // no agent
	recipient, err := age.NewScryptRecipient("hunter2")
	require.NoError(t, err)
	recipient.SetWorkFactor(10)
	var locked bytes.Buffer
	w, err := age.Encrypt(&locked, recipient)
	require.NoError(t, err)
	_, err = w.Write([]byte(key.Identity))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	file := filepath.Join(t.TempDir(), "key.age")
	require.NoError(t, os.WriteFile(file, locked.Bytes(), 0o600))
	t.Setenv("SOPS_AGE_KEY_FILE", file)
	_, err = sops.Decrypt(t.Context(), "site.yaml", encrypted)
	require.ErrorContains(t, err, "a key there wants a passphrase, which cannot be asked for here")
	assertSilent(t, err, key)
}

// No program, another program, an old one, one that hangs, one that writes without end.
func TestTool(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	encrypted := key.Encrypt(t, small)
	fails := func(ctx context.Context, tool sops.Tool) string {
		_, err := tool.Decrypt(ctx, "site.yaml", encrypted)
		require.Error(t, err)
		assertSilent(t, err, key)
		return err.Error()
	}
	assert.Contains(t, fails(t.Context(), sops.Tool{Path: "/none/sops"}), "site.yaml: is encrypted, and the program /none/sops cannot be run: no such file or directory; want sops 3.10.0 or newer")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Contains(t, fails(canceled, sops.Tool{}), "was not decrypted: context canceled")
	if runtime.GOOS != "windows" {
		sleeps := standIn(t, "sleep 1000 & wait")
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: sleeps, Timeout: 100 * time.Millisecond}), "did not decrypt it within 100ms; does its key wait")
		old := standIn(t, `for a; do case $a in --version) echo "sops 3.9.0"; exit;; esac; done; echo "Error: no file specified" >&2; exit 100`)
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: old}), "is sops 3.9.0; want sops 3.10.0 or newer")
		other := standIn(t, `echo "hunter2: what?" >&2; exit 3`)
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: other}), "gives exit code 3; is it sops 3.10.0 or newer?")
		endless := standIn(t, `while :; do echo "a: hunter2"; done`)
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: endless}), "is larger than 1024 KiB once it is decrypted")
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: standIn(t, `echo "a: ["`)}), "gave something else than the documents in it, 1")
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: standIn(t, `true`)}), "gave something else")
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: standIn(t, `echo "a: ENC[AES256_GCM,x]"`)}), "still encrypted")
		file := filepath.Join(t.TempDir(), "text")
		require.NoError(t, os.WriteFile(file, []byte("no program"), 0o700))
		assert.Contains(t, fails(t.Context(), sops.Tool{Path: file}), "does not run: exec format error")
	}
	config := filepath.Join(t.TempDir(), ".sops.yaml")
	require.NoError(t, os.WriteFile(config, []byte("stores: [\n"), 0o600))
	t.Setenv("SOPS_CONFIG", config)
	assert.Contains(t, fails(t.Context(), sops.Tool{}), "is there a mistake in its configuration (SOPS_CONFIG, .sops.yaml)?")
	t.Setenv("SOPS_CONFIG", "")
	t.Setenv("PATH", t.TempDir())
	assert.Contains(t, fails(t.Context(), sops.Tool{}), "is encrypted, and there is no program sops on PATH; install sops 3.10.0 or newer")
}

// standIn is a shell script in the place of sops, for what the real one does not do.
func standIn(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stand-in")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	return path
}
