package osconfig

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// applied are the fields of a profile that a build applies, by the builder or by the role, each with
// all that is in it. extraVars are for plays of the operator's own, and how often a download is tried
// again is for the plugin.
var applied = []string{
	"spec.extends", "spec.valuesFrom", "spec.platform", "spec.architecture", "spec.distribution", "spec.suite",
	"spec.networking.hostname",
	"spec.software.repos", "spec.software.repos_append", "spec.software.packages", "spec.software.packages_append",
	"spec.software.ubuntu_packages", "spec.software.ubuntu_packages_append", "spec.software.unapproved_packages",
	"spec.software.k8s_version", "spec.software.multistrap_retries", "spec.software.multistrap_retries_delay",
	"spec.osKernel.kernel_base_pkg", "spec.osKernel.kernel_headers_pkg", "spec.osKernel.sysctl", "spec.osKernel.grub",
	"spec.osKernel.grub_cmdline_linux_default_append",
	"spec.drivers[].name", "spec.drivers[].packages", "spec.drivers[].dkms", "spec.drivers[].firmware",
	"spec.storage", "spec.users", "spec.extraVars",
}

// CheckApplied finds fields of a profile that are understood and that neither builder nor provisioner
// applies: without it they would be lost without a word. It is a document.Check; its error is nil or of
// *mistake.Mistakes.
func CheckApplied(profile *v1alpha1.NodeProfile) error {
	var mistakes []*mistake.Mistake
	unapplied(reflect.ValueOf(profile.Spec), "spec", "spec", func(field string) {
		mistakes = append(mistakes, &mistake.Mistake{
			Field:   field,
			Problem: `is not applied by this version's provisioner: remove it, or apply vars_yaml with provisioner "ansible"`,
		})
	})
	return mistake.Join(mistakes)
}

// unapplied reports each field of value that holds something and is not in applied. known is field with
// [] for its indices.
func unapplied(value reflect.Value, field, known string, report func(field string)) {
	for _, name := range applied {
		if name == known {
			return
		}
	}
	switch {
	case value.Kind() == reflect.Struct:
		for i := range value.NumField() {
			name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
			unapplied(value.Field(i), field+"."+name, known+"."+name, report)
		}
	case value.Kind() == reflect.Slice && partly(known+"[]"):
		for i := range value.Len() {
			unapplied(value.Index(i), fmt.Sprintf("%s[%d]", field, i), known+"[]", report)
		}
	case value.Kind() == reflect.Slice || value.Kind() == reflect.Map:
		if value.Len() > 0 {
			report(field)
		}
	case !value.IsZero():
		report(field)
	}
}

// partly tells whether some of the fields of a list's elements are applied.
func partly(known string) bool {
	for _, name := range applied {
		if strings.HasPrefix(name, known+".") {
			return true
		}
	}
	return false
}
