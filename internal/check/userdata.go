package check

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// userDataKinds are the beginnings that cloud-init knows, in any case and behind any space
// (INCLUSION_TYPES_MAP in cloudinit/handlers/__init__.py), the longer before the shorter.
var userDataKinds = []string{
	"#cloud-config-archive", "#cloud-config-jsonp", "#cloud-boothook", "## template: jinja", "#include-once",
	"#cloud-config", "#part-handler", "#include", "#!",
}

// maxHeader is where cloud-init looks for MIME-Version, in bytes (convert_string in user_data.py).
const maxHeader = 4096

// UserData checks cloud-init's user data: that it begins with what tells its kind, and that it is of
// that kind. cloud-init writes a line to its log about anything else, and the node boots without it.
func UserData(text string) []string {
	var found problems
	trimmed := strings.TrimLeft(text, " \t\r\n\v\f")
	if trimmed == "" {
		return nil
	}
	// Behind this no other beginning counts.
	if strings.Contains(strings.ToLower(text[:min(len(text), maxHeader)]), "mime-version:") {
		mimeParts(&found, text)
		return found
	}
	if first := firstLine(trimmed); strings.HasPrefix(strings.ToLower(first), "content-type:") {
		found.add(1, "has no MIME-Version: 1.0 in its first %d bytes, without which cloud-init takes it for plain text and ignores it", maxHeader)
		return found
	}
	offset := strings.Count(text[:len(text)-len(trimmed)], "\n")
	userDataPart(&found, trimmed, offset)
	return found
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimRight(first, "\r")
}

// userDataPart checks one text by its beginning. offset is the number of lines before it.
func userDataPart(found *problems, text string, offset int) {
	lower := strings.ToLower(text[:min(len(text), 64)])
	i := slices.IndexFunc(userDataKinds, func(kind string) bool { return strings.HasPrefix(lower, kind) })
	if i < 0 {
		unknownKind(found, firstLine(text), offset)
		return
	}
	switch userDataKinds[i] {
	case "#cloud-config":
		cloudConfig(found, text, offset, yaml.MappingNode, "a mapping")
	case "#cloud-config-archive":
		cloudConfig(found, text, offset, yaml.SequenceNode, "a list")
	case "#!":
		for _, problem := range Script(text) {
			found.add(0, "the script: %s", problem)
		}
	case "#include", "#include-once":
		includes(found, text, offset)
	case "## template: jinja":
		// cloud-init fills in the template first; only the second line's kind is certain.
		_, rest, _ := strings.Cut(text, "\n")
		lower := strings.ToLower(strings.TrimLeft(rest, " \t\r\n"))
		if !slices.ContainsFunc(userDataKinds, func(kind string) bool { return strings.HasPrefix(lower, kind) }) {
			unknownKind(found, firstLine(rest), offset+1)
		}
	}
}

func unknownKind(found *problems, first string, offset int) {
	word, _, _ := strings.Cut(first, ":")
	if near := mistake.Near(strings.TrimSpace(word), userDataKinds); near != "" && strings.HasPrefix(word, "#") {
		found.add(offset+1, "%s is not known to cloud-init, which ignores the user data; did you mean %s?", mistake.Word(first), near)
		return
	}
	// The line is not repeated: where it is no header it may be anything, a password too.
	found.add(offset+1, "cloud-init ignores user data that does not begin with #cloud-config, #!, #include or MIME headers")
}

func cloudConfig(found *problems, text string, offset int, kind yaml.Kind, want string) {
	var node yaml.Node
	err := yaml.Unmarshal([]byte(text), &node)
	if err == nil {
		var value any
		err = node.Decode(&value) // finds keys that are there twice
	}
	if err != nil {
		problem := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n")
		found.add(0, "is not valid YAML: %s", strings.Join(strings.Fields(problem), " "))
		return
	}
	if len(node.Content) > 0 && node.Content[0].Kind != kind {
		found.add(offset+node.Content[0].Line, "want %s of cloud-init's modules below the first line", want)
	}
}

// includes checks URLs, one a line; the first may stand behind #include.
func includes(found *problems, text string, offset int) {
	any := false
	number := offset
	for line := range strings.SplitSeq(text, "\n") {
		number++
		lower := strings.ToLower(line)
		for _, word := range []string{"#include-once", "#include"} {
			if strings.HasPrefix(lower, word) {
				line = strings.TrimLeft(line[len(word):], " \t")
				break
			}
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		any = true
		address, err := url.Parse(line)
		if err != nil || !slices.Contains([]string{"http", "https", "ftp", "ftps", "file"}, address.Scheme) && !strings.HasPrefix(line, "/") {
			found.add(number, "is not a URL, one of which #include wants a line")
		}
	}
	if !any {
		found.add(0, "#include is given no URL; want one a line")
	}
}

// mimeParts checks a MIME message and the parts that tell their kind by their type.
func mimeParts(found *problems, text string) {
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		found.add(0, "is not a MIME message: %s", err)
		return
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		found.add(0, "has no right Content-Type: %s", err)
		return
	}
	body, err := io.ReadAll(message.Body)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return // cloud-init tells the kind of a single part by its type or its beginning
	}
	if parameters["boundary"] == "" {
		found.add(0, "%s has no boundary", kind)
		return
	}
	// A message that ends before its last boundary is read all the same, by Python as by cloud-init.
	if _, err := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]).NextRawPart(); err != nil {
		found.add(0, "has no parts between its boundaries, --%s", mistake.Word(parameters["boundary"]))
	}
}
