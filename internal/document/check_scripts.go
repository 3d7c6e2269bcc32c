package document

import (
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

func (c *checker) scripts(list string, scripts []v1alpha1.Script) {
	for i, script := range scripts {
		field := fmt.Sprintf("%s[%d]", list, i)
		if strings.ContainsFunc(script.Name, isControl) {
			c.wrong(field+".name", "want the script's name, one line of text")
		}
		problems := check.Script
		if script.Template == nil || *script.Template {
			problems = scriptTemplate
		}
		for _, problem := range problems(script.FileContent) {
			if script.Name != "" {
				problem = mistake.Word(script.Name) + ": " + problem
			}
			c.wrong(field+".file_content", "%s", problem)
		}
		c.contexts(field, script.RunContexts)
	}
}

// scriptTemplate checks a text that is run once it is filled in. Of a template only the first line is certain,
// where it has none.
func scriptTemplate(text string) []string {
	if check.Template(text) {
		first, _, _ := strings.Cut(text, "\n")
		if jinja.MatchString(first) || strings.TrimSpace(first) == "" {
			return nil
		}
		text = first
	}
	return check.Script(text)
}

func (c *checker) banners(banners v1alpha1.Banners) {
	if banners.Motd != "" {
		c.problems("spec.files.banners.motd", scriptTemplate(banners.Motd)...)
	}
	if strings.ContainsRune(banners.Login, 0) {
		c.wrong("spec.files.banners.login", "has a NUL character")
	}
}
