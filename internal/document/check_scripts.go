package document

import (
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
)

func (c *checker) scripts(list string, scripts []v1alpha1.Script) {
	for i, script := range scripts {
		field := fmt.Sprintf("%s[%d]", list, i)
		c.script(field+".file_content", script.FileContent)
		c.contexts(field, script.RunContexts)
	}
}

// script checks a text that is run. Of a template only the first line is certain, where it has none.
func (c *checker) script(field, text string) {
	if check.Template(text) {
		first, _, _ := strings.Cut(text, "\n")
		if jinja.MatchString(first) || strings.TrimSpace(first) == "" {
			return
		}
		text = first
	}
	c.problems(field, check.Script(text)...)
}

func (c *checker) banners(banners v1alpha1.Banners) {
	if banners.Motd != "" {
		c.script("spec.files.banners.motd", banners.Motd)
	}
	if strings.ContainsRune(banners.Login, 0) {
		c.wrong("spec.files.banners.login", "has a NUL character")
	}
}
