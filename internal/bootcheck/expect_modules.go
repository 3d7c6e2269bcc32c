package bootcheck

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
)

// Module is a kernel module that is loaded at boot.
type Module struct {
	Name       string
	Parameters []Parameter
}

// Parameter of a module. Those that the kernel lets nobody read are not compared.
type Parameter struct{ Name, Value string }

// modulesOf are those of osKernel and of all drivers, each once.
func modulesOf(spec *v1alpha1.NodeProfileSpec) []Module {
	wanted := slices.Clone(spec.OSKernel.Kernel.Modules.Load)
	for _, driver := range spec.Drivers {
		wanted = append(wanted, driver.Modules...)
	}
	var modules []Module
	for _, w := range wanted {
		if check.Template(w.Name) {
			continue
		}
		if i := slices.IndexFunc(modules, func(m Module) bool { return sameModule(m.Name, w.Name) }); i >= 0 {
			if len(modules[i].Parameters) == 0 {
				modules[i].Parameters = parametersOf(w.Args)
			}
			continue
		}
		modules = append(modules, Module{Name: w.Name, Parameters: parametersOf(w.Args)})
	}
	return modules
}

func parametersOf(arguments []v1alpha1.Argument) []Parameter {
	var all []Parameter
	for _, a := range arguments {
		// Without a value the kernel sets a boolean parameter.
		value := "1"
		if a.Value != nil {
			value = string(*a.Value)
		}
		if !check.Template(a.Name) && !check.Template(value) {
			all = append(all, Parameter{a.Name, value})
		}
	}
	return all
}

func blacklistOf(spec *v1alpha1.NodeProfileSpec) []string {
	var all []string
	add := func(name string) {
		if !check.Template(name) && !slices.ContainsFunc(all, func(known string) bool { return sameModule(known, name) }) {
			all = append(all, name)
		}
	}
	for _, module := range spec.OSKernel.Kernel.Modules.Blacklist {
		add(module.Name)
	}
	for _, driver := range spec.Drivers {
		for _, name := range driver.Blacklist {
			add(name)
		}
	}
	return all
}

// sameModule compares names as the kernel and its tools do, which take - for _.
func sameModule(a, b string) bool {
	return strings.ReplaceAll(a, "-", "_") == strings.ReplaceAll(b, "-", "_")
}
