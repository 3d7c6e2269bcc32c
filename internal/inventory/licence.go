package inventory

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// identifiers of licences and exceptions, one a line: the SPDX list with which CycloneDX 1.6 was published. Newer ones
// are no identifiers here, since who checks a document by that list refuses all of it for one.
//
//go:embed spdx.txt
var identifiers string

// spdx are the identifiers by their lower-case form.
var spdx = func() map[string]string {
	list := map[string]string{}
	for id := range strings.Lines(identifiers) {
		id = strings.TrimSpace(id)
		list[strings.ToLower(id)] = id
	}
	return list
}()

// aliases are short names that Debian's copyright format gives to licences that SPDX names otherwise, and usual ones.
// (Debian Policy, "Machine-readable debian/copyright file", 7.1.)
var aliases = map[string]string{
	"expat":        "MIT",
	"artistic":     "Artistic-1.0-Perl", // /usr/share/common-licenses/Artistic is Perl's
	"perl":         "GPL-1.0-or-later OR Artistic-1.0-Perl",
	"cc0":          "CC0-1.0",
	"boost-1.0":    "BSL-1.0",
	"zlib/libpng":  "Zlib",
	"openldap-2.8": "OLDAP-2.8",
	"wtfpl-2":      "WTFPL",
	"zope-1.1":     "ZPL-1.1",
	"zope-2.0":     "ZPL-2.0",
	"zope-2.1":     "ZPL-2.1",
}

// exceptions that the format names by a word before "exception", and that have one text alone. Those of Autoconf,
// Bison, Texinfo and OpenSSL have several, which the bare name does not tell.
var exceptions = map[string]string{
	"bison-2.2":          "Bison-exception-2.2",
	"classpath":          "Classpath-exception-2.0",
	"font":               "Font-exception-2.0",
	"gcc-runtime-3.1":    "GCC-exception-3.1",
	"libtool":            "Libtool-exception",
	"linux-syscall-note": "Linux-syscall-note",
	"llvm":               "LLVM-exception",
}

// gnu takes a GNU licence apart: name, without invariant sections, version, and whether later ones will do.
var gnu = regexp.MustCompile(`^(a?gpl|lgpl|gfdl)(-niv)?-([0-9]+(?:\.[0-9]+)?)(\+|-only|-or-later|)$`)

// licences are the SPDX names of what a copyright file names, sorted, each once.
func licences(named []string) []string {
	all := []string{}
	for _, synopsis := range named {
		all = append(all, parts(synopsis)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// parts of a synopsis that hold together: "A or B, and C" are two licences, A or B and C. What has no SPDX name stays as
// it is written.
func parts(synopsis string) []string {
	synopsis = strings.Join(strings.Fields(synopsis), " ")
	var all []string
	for _, part := range comma.Split(synopsis, -1) {
		if !or.MatchString(part) {
			for _, name := range and.Split(part, -1) {
				all = appendNamed(all, name)
			}
			continue
		}
		all = appendNamed(all, part)
	}
	return all
}

func appendNamed(all []string, part string) []string {
	part = strings.TrimSpace(part)
	if part == "" {
		return all
	}
	if expression, ok := expressionOf(part); ok {
		return append(all, expression)
	}
	return append(all, part)
}

var (
	comma = regexp.MustCompile(`(?i), and `)
	and   = regexp.MustCompile(`(?i) and `)
	// A comma before "or" changes nothing: "and" binds its names closer anyway.
	or   = regexp.MustCompile(`(?i),? or `)
	with = regexp.MustCompile(`(?i) with `)
)

// expressionOf is the SPDX expression that says the same as names between "and" and "or"; false where one of the names
// is none of SPDX's.
func expressionOf(part string) (string, bool) {
	var choices []string
	for _, choice := range or.Split(part, -1) {
		var together []string
		for _, name := range and.Split(choice, -1) {
			one, ok := licenceOf(name)
			if !ok {
				return "", false
			}
			together = append(together, one)
		}
		if len(together) > 1 && slices.ContainsFunc(together, or.MatchString) {
			return "", false // it would need brackets
		}
		choices = append(choices, strings.Join(together, " AND "))
	}
	return strings.Join(choices, " OR "), true
}

// licenceOf is the SPDX name of one licence, with its exception.
func licenceOf(name string) (string, bool) {
	base, exception, excepted := cut(name, with)
	one, ok := identifierOf(base)
	if !ok || !excepted {
		return one, ok
	}
	of, ok := exceptionOf(exception)
	return one + " WITH " + of, ok && !or.MatchString(one)
}

func cut(text string, at *regexp.Regexp) (before, after string, found bool) {
	if i := at.FindStringIndex(text); i != nil {
		return text[:i[0]], text[i[1]:], true
	}
	return text, "", false
}

func identifierOf(name string) (string, bool) {
	lower := strings.ToLower(name)
	if alias, ok := aliases[lower]; ok {
		return alias, true
	}
	if m := gnu.FindStringSubmatch(lower); m != nil {
		version, suffix := m[3], m[4]
		if !strings.Contains(version, ".") {
			version += ".0"
		}
		if suffix == "+" {
			suffix = "-or-later"
		} else if suffix == "" {
			suffix = "-only"
		}
		without := ""
		if m[2] != "" {
			without = "-no-invariants"
		}
		id, ok := spdx[m[1]+"-"+version+without+suffix]
		return id, ok
	}
	if id, ok := spdx[lower]; ok {
		return id, true
	}
	// Debian leaves out a version's last zero: Apache-2, MPL-2.
	id, ok := spdx[lower+".0"]
	return id, ok
}

func exceptionOf(name string) (string, bool) {
	lower := strings.ToLower(strings.TrimSpace(name))
	if id, ok := exceptions[strings.TrimSuffix(lower, " exception")]; ok {
		return id, true
	}
	id, ok := spdx[strings.ReplaceAll(lower, " ", "-")]
	return id, ok && (strings.Contains(id, "exception") || id == "Linux-syscall-note")
}

// Identifier says whether a licence of a Package is one SPDX identifier.
func Identifier(licence string) bool {
	return spdx[strings.ToLower(licence)] == licence && licence != ""
}

// Expression says whether a licence of a Package is an SPDX expression: an identifier, or several with OR, AND and WITH.
func Expression(licence string) bool {
	expression, ok := expressionOf(licence)
	return ok && expression == licence
}
