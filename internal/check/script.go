package check

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// maxInterpreter is what Linux reads of a script's first line, in bytes (BINPRM_BUF_SIZE).
const maxInterpreter = 256

// Script checks a text that is run as a program: its interpreter line (execve(2)) and what makes
// every interpreter stumble.
func Script(text string) []string {
	var found problems
	if strings.TrimSpace(text) == "" {
		return []string{"is empty; want a script that begins with #!/bin/sh"}
	}
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.HasPrefix(first, "#!"):
		interpreter(&found, first)
	case strings.HasPrefix(first, "\uFEFF"):
		found.add(1, "begins with a byte order mark, before which the kernel finds no #!; remove it")
	case strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "#!"):
		found.add(1, "there is something before #!, which must be the first two characters")
	case strings.HasPrefix(first, "#/"), strings.HasPrefix(first, "!#"), strings.HasPrefix(first, "# !"):
		found.add(1, "%s is no interpreter line; did you mean #!/bin/sh?", mistake.Word(first))
	default:
		found.add(1, "has no interpreter; want #! and its path first, such as #!/bin/sh")
	}
	lines(&found, text)
	return found
}

func interpreter(found *problems, first string) {
	line := strings.TrimRight(strings.TrimPrefix(first, "#!"), "\r")
	words := strings.Fields(line)
	switch {
	case len(words) == 0:
		found.add(1, "names no interpreter; want its path behind #!, such as #!/bin/sh")
		return
	case !strings.HasPrefix(words[0], "/"):
		hint := "/usr/bin/env " + words[0]
		if words[0] == "sh" || words[0] == "bash" {
			hint = "/bin/" + words[0]
		}
		found.add(1, "%s is not an absolute path; want #!%s", mistake.Word(words[0]), hint)
	case strings.HasSuffix(words[0], "/"):
		found.add(1, "%s is a directory; want the interpreter's path", mistake.Word(words[0]))
	case path.Base(words[0]) == "env" && len(words) == 1:
		found.add(1, "env is given no program; want one, such as #!/usr/bin/env python3")
	case path.Base(words[0]) == "env" && len(words) > 2 && !strings.HasPrefix(words[1], "-"):
		// Linux hands all behind the interpreter over as one argument (execve(2)).
		found.add(1, "env would look for a program named %q; want #!/usr/bin/env -S %s",
			mistake.Word(strings.Join(words[1:], " ")), mistake.Word(strings.Join(words[1:], " ")))
	}
	if len(first) >= maxInterpreter {
		found.add(1, "is %d bytes long; Linux reads %d of an interpreter line", len(first), maxInterpreter-1)
	}
}

// lines reports what is wrong with a text whatever its language.
func lines(found *problems, text string) {
	if i := strings.IndexByte(text, 0); i >= 0 {
		found.add(lineOf(text, i), "has a NUL character")
	}
	if i := strings.Index(text, "\r\n"); i >= 0 {
		found.add(lineOf(text, i), "ends with a carriage return as Windows has it; want line feeds alone (dos2unix)")
	}
	if !utf8.ValidString(text) {
		found.add(0, "is not text in UTF-8")
	}
}

func lineOf(text string, offset int) int { return 1 + strings.Count(text[:offset], "\n") }
