package document

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// fetches checks downloads. No message repeats an address, which may hold a password or a token.
func (c *checker) fetches(fetches []v1alpha1.Fetch) {
	first := map[string]int{}
	for i, fetch := range fetches {
		field := fmt.Sprintf("spec.files.fetch_from_url[%d].url", i)
		if check.Template(fetch.URL) {
			continue
		}
		name, problem := fetchedName(fetch.URL)
		earlier, twice := first[name]
		switch {
		case problem != "":
			c.wrong(field, "%s", problem)
		case twice:
			c.wrong(field, "becomes the file %s, as fetch_from_url[%d] does; one would take the other's place", mistake.Word(name), earlier)
		default:
			first[name] = i
		}
	}
}

// fetchedName is the name that a download gets, or what is wrong with its address.
func fetchedName(text string) (name, problem string) {
	address, err := url.Parse(text)
	if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || isControl(r) }) {
		return "", "is not a URL"
	}
	switch address.Scheme {
	case "http", "https":
		if address.Hostname() == "" {
			return "", "names no host; want a URL such as https://files.example.org/agent.deb"
		}
	case "file":
		if address.Host != "" || !strings.HasPrefix(address.Path, "/") {
			return "", "is not a whole URL of a file; want file:// and an absolute path"
		}
	default:
		return "", "is not a URL with http, https or file"
	}
	if name = path.Base(address.Path); strings.HasSuffix(address.Path, "/") || name == "." || name == ".." || name == "/" {
		return "", "names no file, whose name would be the end of the URL's path"
	}
	return name, ""
}
