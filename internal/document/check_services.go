package document

import (
	"fmt"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
)

func (c *checker) units(units []v1alpha1.Unit) {
	written := perContext{}
	for i, unit := range units {
		field := fmt.Sprintf("spec.services.systemd[%d]", i)
		c.contexts(field, unit.RunContexts)
		if unit.FileContent == "" && unit.Enabled == nil {
			c.wrong(field, "does nothing; want file_content, the unit's text, or enabled for the unit of a package")
		}
		if check.Template(unit.Name) {
			continue
		}
		if problem := check.UnitName(unit.Name); problem != "" {
			c.wrong(field+".name", "%s", problem)
			continue
		}
		if earlier := written.add(unit.Name, unit.RunContexts, field); earlier != "" {
			c.wrong(field+".name", "%s is also in %s", unit.Name, earlier)
		}
		if text := unit.FileContent; text != "" && !check.Template(text) {
			c.problems(field+".file_content", check.Unit(unit.Name, text, unit.Enabled != nil && *unit.Enabled)...)
		}
	}
}
