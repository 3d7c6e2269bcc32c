package document

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

var flagName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// kubelet checks arguments of the kubelet, which stand as --NAME=VALUE in the ExecStart= of its unit.
func (c *checker) kubelet(arguments []v1alpha1.Argument) {
	for i, a := range arguments {
		field := fmt.Sprintf("spec.software.kubelet.extra_systemd_args[%d]", i)
		switch bare := strings.TrimLeft(a.Name, "-"); {
		case bare != a.Name && flagName.MatchString(bare):
			c.wrong(field+".name", "%s is written without dashes: %s", mistake.Word(a.Name), bare)
		case !flagName.MatchString(a.Name):
			c.wrong(field+".name", "%s is not an argument's name; want one such as node-labels, and the value beside it", mistake.Word(a.Name))
		}
		if a.Value == nil {
			continue
		}
		value := string(*a.Value)
		switch {
		case strings.ContainsFunc(value, isControl):
			c.wrong(field+".value", "want one line of text")
		case strings.Contains(value, " ") && !strings.ContainsAny(value, `"'`):
			c.wrong(field+".value", "has a space, at which systemd ends the argument; put it in quotes inside of YAML's")
		}
	}
}
