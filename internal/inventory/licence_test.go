package inventory

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLicences(t *testing.T) {
	for synopsis, want := range map[string][]string{
		"Expat":                           {"MIT"},
		"GPL-2":                           {"GPL-2.0-only"},
		"GPL-2+":                          {"GPL-2.0-or-later"},
		"GPL-2.0+":                        {"GPL-2.0-or-later"},
		"gpl-3.0-or-later":                {"GPL-3.0-or-later"},
		"LGPL-2":                          {"LGPL-2.0-only"},
		"LGPL-2.1+":                       {"LGPL-2.1-or-later"},
		"LGPL-3+":                         {"LGPL-3.0-or-later"},
		"AGPL-3+":                         {"AGPL-3.0-or-later"},
		"GFDL-1.3":                        {"GFDL-1.3-only"},
		"GFDL-NIV-1.3+":                   {"GFDL-1.3-no-invariants-or-later"},
		"GPL":                             {"GPL"}, // of no version: SPDX has no name for it
		"GPL-2.7":                         {"GPL-2.7"},
		"Apache-2":                        {"Apache-2.0"},
		"MPL-2":                           {"MPL-2.0"},
		"BSD-3-clause":                    {"BSD-3-Clause"},
		"BSD-3-clause-Regents":            {"BSD-3-clause-Regents"},
		"ZLIB":                            {"Zlib"},
		"CC0":                             {"CC0-1.0"},
		"Artistic":                        {"Artistic-1.0-Perl"},
		"Perl":                            {"GPL-1.0-or-later OR Artistic-1.0-Perl"},
		"public-domain":                   {"public-domain"},
		"GPL-1+ or Artistic":              {"GPL-1.0-or-later OR Artistic-1.0-Perl"},
		"MIT OR Apache-2.0":               {"MIT OR Apache-2.0"},
		"GPL-1+ or Artistic-odd":          {"GPL-1+ or Artistic-odd"},
		"LGPL-2+ and Expat":               {"LGPL-2.0-or-later", "MIT"},
		"OpenLDAP-2.8 and UMich":          {"OLDAP-2.8", "UMich"},
		"MIT or GPL-2 and Zlib":           {"MIT OR GPL-2.0-only AND Zlib"},
		"Expat or GPL-1+, or Perl":        {"MIT OR GPL-1.0-or-later OR GPL-1.0-or-later OR Artistic-1.0-Perl"},
		"Perl and Expat or Zlib":          {"Perl and Expat or Zlib"}, // would need brackets
		"  GPL-2+ \t or  Artistic ":       {"GPL-2.0-or-later OR Artistic-1.0-Perl"},
		"":                                {},
		"REGCOMP, and GPL-1+ or Artistic": {"GPL-1.0-or-later OR Artistic-1.0-Perl", "REGCOMP"},
		"GPL-2+ or AFL-2.1, and Expat and Tcl-BSDish": {
			"GPL-2.0-or-later OR AFL-2.1", "MIT", "Tcl-BSDish",
		},
		"GPL-2 with Linux-syscall-note exception": {"GPL-2.0-only WITH Linux-syscall-note"},
		"GPL-2.0-only WITH Linux-syscall-note":    {"GPL-2.0-only WITH Linux-syscall-note"},
		"Apache-2.0 with LLVM exception":          {"Apache-2.0 WITH LLVM-exception"},
		"Apache-2.0 with LLVM-exception":          {"Apache-2.0 WITH LLVM-exception"},
		"GPL-3+ with GCC-Runtime-3.1 exception":   {"GPL-3.0-or-later WITH GCC-exception-3.1"},
		"GPL-3+ with OpenSSL exception":           {"GPL-3+ with OpenSSL exception"},
		"GPL-2 with MIT":                          {"GPL-2 with MIT"}, // no exception
		"Perl with Font exception":                {"Perl with Font exception"},
		"GPL-2 with Linux-syscall-note exception or MIT": {
			"GPL-2.0-only WITH Linux-syscall-note OR MIT",
		},
		"(MIT OR Apache-2.0) AND Zlib": {"(MIT OR Apache-2.0) AND Zlib"},
	} {
		assert.Equal(t, want, licences([]string{synopsis}), synopsis)
	}
	assert.Equal(t, []string{"GPL-2.0-only", "MIT", "own"}, licences([]string{"own", "GPL-2", "MIT", "Expat", "GPL-2 and own"}))
}

func TestSPDX(t *testing.T) {
	for licence, is := range map[string]struct{ identifier, expression bool }{
		"MIT":                              {true, true},
		"mit":                              {},
		"Expat":                            {},
		"":                                 {},
		"GPL-2.0-only":                     {true, true},
		"MIT OR Zlib":                      {false, true},
		"MIT or Zlib":                      {},
		"GPL-2.0-only WITH LLVM-exception": {false, true},
		"public-domain":                    {},
	} {
		assert.Equal(t, is.identifier, Identifier(licence), licence)
		assert.Equal(t, is.expression, Expression(licence), licence)
	}
	for _, alias := range aliases {
		assert.True(t, Expression(alias), alias)
	}
	for _, id := range exceptions {
		assert.True(t, Identifier(id), id)
	}
}

// TestIdentifiers holds spdx.txt to the list that CycloneDX publishes; AIRSHIP_UPDATE_GOLDEN=1 takes it over.
func TestIdentifiers(t *testing.T) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), "schema", "spdx.schema.json"))
	require.NoError(t, err)
	var schema struct{ Enum []string }
	require.NoError(t, json.Unmarshal(text, &schema))
	want := strings.Join(schema.Enum, "\n") + "\n"
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile("spdx.txt", []byte(want), 0o644))
	}
	have, err := os.ReadFile("spdx.txt")
	require.NoError(t, err)
	assert.Equal(t, want, string(have))
}

func FuzzLicences(f *testing.F) {
	for _, synopsis := range []string{
		"GPL-2+ or AFL-2.1, and Expat and Tcl-BSDish", "GPL-2 with Linux-syscall-note exception or MIT", "Perl and Perl", " and , or with ",
		"LGPL-2.1-or-later WITH  LLVM-exception OR", "İ", "GFDL-NIV-1.3+,  and \xff",
	} {
		f.Add(synopsis)
	}
	f.Fuzz(func(t *testing.T, synopsis string) {
		all := licences([]string{synopsis})
		for _, one := range all {
			assert.NotEmpty(t, strings.TrimSpace(one))
			assert.False(t, utf8.ValidString(synopsis) && !utf8.ValidString(one), "%q", one)
			if Identifier(one) {
				assert.True(t, Expression(one), "%q", one)
			}
			if Expression(one) {
				again := licences([]string{one})
				for _, part := range again {
					assert.True(t, Expression(part), "%q of %q", part, one)
				}
			}
		}
		// What was mapped once stays as it is.
		assert.Equal(t, all, licences(all))
	})
}
