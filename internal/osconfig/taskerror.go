package osconfig

import (
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// TaskError is a task that failed on the target.
type TaskError struct {
	// Task is the task's name.
	Task string
	// Item is what the task was doing it to; empty where it has no items.
	Item string
	// Place is FILE:LINE of a task in a play of the operator's; empty for the roles' own.
	Place string
	// Message is the module's, and after it the last lines of a command's output.
	Message string
	// Problems are what is wrong with items of the profile, by their fields; document.Profile.Locate
	// gives them their files and lines.
	Problems []*mistake.Mistake
	// packages are those that a problem without a field is about.
	packages []string
}

// Unwrap gives Problems to mistake.All.
func (e *TaskError) Unwrap() []error {
	var all []error
	for _, p := range e.Problems {
		all = append(all, p)
	}
	return all
}

func (e *TaskError) Error() string {
	where := fmt.Sprintf("task %q", e.Task)
	if e.Place != "" {
		where = e.Place + ": " + where
	}
	if len(e.Problems) > 0 {
		text := mistake.Join(e.Problems).Error()
		if len(e.Problems) > 1 {
			text = "\n" + text
		} else {
			text = " " + text
		}
		if e.Message != "" {
			text += "; the last lines of its output:\n  " + strings.ReplaceAll(e.Message, "\n", "\n  ")
		}
		return where + ":" + text
	}
	if e.Item != "" {
		where += fmt.Sprintf(", item %q", e.Item)
	}
	return where + ": " + e.Message
}

// NamePackages gives problems that are about a package the fields of a profile that ask for it.
func (e *TaskError) NamePackages(spec *v1alpha1.NodeProfileSpec) {
	for i, name := range e.packages {
		if name != "" && e.Problems[i].Field == "" {
			e.Problems[i].Field = packageField(spec, name)
		}
	}
}

// packageField is the field that asks for a package; empty where none does.
func packageField(spec *v1alpha1.NodeProfileSpec, name string) string {
	type packages struct {
		field string
		names []string
	}
	lists := []packages{{"spec.software.packages", spec.Software.Packages}, {"spec.software.ubuntu_packages", spec.Software.UbuntuPackages}}
	for i, repo := range spec.Software.Repos {
		lists = append(lists, packages{fmt.Sprintf("spec.software.repos[%d].packages", i), repo.Packages})
	}
	for i, d := range spec.Drivers {
		field := fmt.Sprintf("spec.drivers[%d].", i)
		lists = append(lists, packages{field + "packages", d.Packages}, packages{field + "dkms", d.DKMS}, packages{field + "firmware", d.Firmware})
	}
	for _, list := range lists {
		for i, asked := range list.names {
			if bare, _, _ := strings.Cut(asked, "="); bare == name {
				return fmt.Sprintf("%s[%d]", list.field, i)
			}
		}
	}
	switch name {
	case spec.OSKernel.KernelBasePkg:
		return "spec.osKernel.kernel_base_pkg"
	case spec.OSKernel.KernelHeadersPkg:
		return "spec.osKernel.kernel_headers_pkg"
	}
	return ""
}

// LostError says that the target could not be reached any more.
type LostError struct {
	// Task is the one that was running.
	Task    string
	Message string
}

func (e *LostError) Error() string {
	return fmt.Sprintf("the machine cannot be reached any more (task %q): %s", e.Task, e.Message)
}
