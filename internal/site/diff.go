package site

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Diff is what changes, as a unified diff that git and patch apply. Values of Secrets and passwords that stand beside a change
// are not shown in it; of a site that has such ones it is to be read alone.
func (c *Changes) Diff() string {
	var out strings.Builder
	for _, change := range c.Files {
		if filepath.Base(change.Name) == recordFile {
			continue // for no reader
		}
		name := filepath.ToSlash(change.Name)
		from, to := "a/"+strings.TrimPrefix(name, "/"), "b/"+strings.TrimPrefix(name, "/")
		if change.Before == nil {
			from = "/dev/null"
		}
		// Writing to memory does not fail.
		_ = difflib.WriteUnifiedDiff(&out, difflib.UnifiedDiff{
			A: lines(change.Before), B: lines(change.After), FromFile: from, ToFile: to, Context: 3,
		})
	}
	return mistake.NewMask(c.secrets).Text(out.String())
}

// lines are those of a text, with their breaks, a missing one at the end as diffs mark it. The library's own would add one.
func lines(data []byte) []string {
	var all []string
	for line := range bytes.Lines(data) {
		text := string(line)
		if !strings.HasSuffix(text, "\n") {
			text += "\n\\ No newline at end of file\n"
		}
		all = append(all, text)
	}
	return all
}
