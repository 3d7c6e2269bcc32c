package document

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// The largest text that is read, of the shapes that cost most, ends in seconds.
func TestBounds(t *testing.T) {
	fill := func(head, unit string) string { return head + strings.Repeat(unit, (tree.MaxText-len(head))/len(unit)) }
	for name, text := range map[string]string{
		"list":       fill(minimal+"\n  software:\n    packages:\n", "    - a\n"),
		"flow":       fill(minimal+"\n  software:\n    packages: [", "a,") + "]",
		"open":       fill(minimal, "["),
		"names":      fill(minimal+"\n  platform: vn\n  extraVars:\n"+manyNames(15_000), "    - {a: \"{{ unknown }}\"}\n"),
		"references": fill(minimal+"\n  software:\n    packages:\n", "    - \"{{ a }}\"\n"),
		"text":       fill(minimal+"\n  networking: {hostname: \"", "{{ hostname }}") + "\"}",
		"documents":  fill("", "---\na: b\n"),
		"secrets":    minimal + "\n  users:\n    user_management:\n" + manyUsers(15_000),
	} {
		start := time.Now()
		_, err := Parse(t.Context(), text[:min(len(text), tree.MaxText)], "p.yaml")
		assert.Error(t, err, name)
		assert.Less(t, time.Since(start), 20*time.Second, name)
		t.Logf("%s: %s", name, time.Since(start).Round(time.Millisecond))
	}
}

// manyUsers have passwords in plain text, which is a mistake of each.
func manyUsers(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "    - {name: user%d, password: plain-text-%d}\n", i, i)
	}
	return text.String()
}

// manyNames are variables, and a list that refers to as many that do not exist.
func manyNames(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "    variable%d: 1\n", i)
	}
	text.WriteString("    list:\n")
	for i := range n {
		fmt.Fprintf(&text, "    - \"{{ varable%d }}\"\n", i)
	}
	return text.String()
}
