package document

import (
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// unsupported reports a field that Airship knows and the types here do not; false where Airship
// does not know it either.
func unsupported(r *tree.Report, at tree.Place, area, name string) bool {
	inArea := strings.HasPrefix(area, "spec.") && !strings.ContainsAny(area[len("spec."):], ".[")
	if !inArea && area != "spec" {
		return false
	}
	if inArea && variables.HasNoEffect(name) {
		r.Warn(at, "is accepted and has no effect here%s", variables.Instead(name))
		return true
	}
	belongs, known := variables.Field(name)
	if !known || belongs == area+"."+name {
		return false
	}
	r.Mistake(at, "unknown field; want %s", belongs)
	return true
}
