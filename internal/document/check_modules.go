package document

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
)

// modules checks which modules are loaded and which are kept out, by osKernel and by drivers.
func (c *checker) modules(spec *v1alpha1.NodeProfileSpec) {
	const own = "spec.osKernel.kernel.modules"
	m := &modules{checker: c, loaded: map[string]loaded{}, kept: map[string]string{}}
	for i, module := range spec.OSKernel.Kernel.Modules.Blacklist {
		m.keepOut(own+".blacklist", fmt.Sprintf("%s.blacklist[%d].name", own, i), module.Name)
	}
	for i, driver := range spec.Drivers {
		list := fmt.Sprintf("spec.drivers[%d].blacklist", i)
		for j, name := range driver.Blacklist {
			m.keepOut(list, fmt.Sprintf("%s[%d]", list, j), name)
		}
	}
	m.load(own+".load", spec.OSKernel.Kernel.Modules.Load)
	for i, driver := range spec.Drivers {
		m.load(fmt.Sprintf("spec.drivers[%d].modules", i), driver.Modules)
	}
}

// modules are those of all lists so far, by the name that the kernel gives them.
type modules struct {
	*checker
	loaded map[string]loaded
	kept   map[string]string // the field that keeps it out
}

type loaded struct {
	list, field string
	args        []v1alpha1.Argument
}

// kernelName has the underscores that the kernel and its tools take hyphens for.
func kernelName(name string) string { return strings.ReplaceAll(name, "-", "_") }

func (m *modules) keepOut(list, field, name string) {
	if problem := check.Module(name); problem != "" {
		m.wrong(field, "%s", problem)
		return
	}
	earlier, twice := m.kept[kernelName(name)]
	if twice && strings.HasPrefix(earlier, list) {
		m.wrong(field, "%s is also in %s", name, earlier)
	}
	if !twice {
		m.kept[kernelName(name)] = field
	}
}

func (m *modules) load(list string, modules []v1alpha1.Module) {
	for i, module := range modules {
		field := fmt.Sprintf("%s[%d]", list, i)
		m.arguments(field, module.Args)
		if problem := check.Module(module.Name); problem != "" {
			m.wrong(field+".name", "%s", problem)
			continue
		}
		name := kernelName(module.Name)
		if at, out := m.kept[name]; out {
			m.wrong(field+".name", "%s is also in %s, which keeps it from being loaded", module.Name, at)
		}
		switch earlier, twice := m.loaded[name]; {
		case !twice:
			m.loaded[name] = loaded{list: list, field: field, args: module.Args}
		case earlier.list == list:
			m.wrong(field+".name", "%s is also in %s", module.Name, earlier.field)
		case !sameArguments(earlier.args, module.Args):
			m.wrong(field+".name", "%s is loaded with other arguments in %s", module.Name, earlier.field)
		}
	}
}

func sameArguments(a, b []v1alpha1.Argument) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

func (m *modules) arguments(module string, arguments []v1alpha1.Argument) {
	for i, a := range arguments {
		field := fmt.Sprintf("%s.args[%d]", module, i)
		if problem := check.ModuleArgument(a.Name, ""); problem != "" {
			m.wrong(field+".name", "%s", problem)
		} else if a.Value != nil {
			m.problems(field+".value", check.ModuleArgument(a.Name, string(*a.Value)))
		}
	}
}
