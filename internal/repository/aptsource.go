package repository

import (
	"errors"
	"slices"
	"strings"
)

// aptSource is one URI of apt's sources with what it is used for.
type aptSource struct {
	uri        string
	suites     []string
	components []string
	signedBy   string
}

// parseAptSources reads a file of apt's sources (sources.list(5)), in deb822 format where its name
// ends in .sources, else in the one-line format. Source packages and disabled entries are left out.
// With an error come the entries that could be read.
func parseAptSources(name, text string) ([]aptSource, error) {
	if strings.HasSuffix(name, ".sources") {
		return parseDeb822Sources(text)
	}
	var all []aptSource
	var wrong error
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		s, binary, err := parseSourceLine(line)
		if err != nil {
			wrong = errors.Join(wrong, err)
		} else if binary {
			all = append(all, s)
		}
	}
	return all, wrong
}

// parseSourceLine reads TYPE [OPTION=VALUE…] URI SUITE COMPONENT…
func parseSourceLine(line string) (s aptSource, binary bool, err error) {
	kind, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
	rest = strings.TrimSpace(rest)
	if options, found := strings.CutPrefix(rest, "["); found {
		if options, rest, found = strings.Cut(options, "]"); !found {
			return s, false, errors.New("options without a closing bracket")
		}
		for option := range strings.FieldsSeq(options) {
			if key, value, _ := strings.Cut(option, "="); strings.EqualFold(strings.TrimRight(key, "+-"), "signed-by") {
				s.signedBy = value
			}
		}
	}
	columns := strings.Fields(rest)
	if len(columns) < 2 {
		return s, false, errors.New("a line has no URI and suite")
	}
	s.uri, s.suites, s.components = columns[0], columns[1:2], columns[2:]
	return s, kind == "deb", nil
}

func parseDeb822Sources(text string) ([]aptSource, error) {
	stanzas, err := paragraphs(text)
	if err != nil {
		return nil, err
	}
	var all []aptSource
	for _, stanza := range stanzas {
		values := map[string]string{}
		for _, f := range stanza {
			values[f.name] = strings.TrimSpace(f.value + " " + strings.Join(f.lines, " "))
		}
		disabled := slices.Contains([]string{"no", "false", "0", "off"}, strings.ToLower(values["enabled"]))
		if disabled || !slices.Contains(strings.Fields(values["types"]), "deb") {
			continue
		}
		for uri := range strings.FieldsSeq(values["uris"]) {
			all = append(all, aptSource{
				uri: uri, suites: strings.Fields(values["suites"]),
				components: strings.Fields(values["components"]), signedBy: values["signed-by"],
			})
		}
	}
	return all, nil
}
