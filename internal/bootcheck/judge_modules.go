package bootcheck

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
)

func (m *Mismatches) modules(e Expectations, a Answers) {
	if _, failed := a.Errors["modules"]; !failed {
		for _, module := range e.Modules {
			m.module(module, a.Modules[module.Name])
		}
	}
	if _, failed := a.Errors["blacklist"]; failed {
		return
	}
	for _, name := range e.Blacklist {
		if !slices.Contains(a.Blacklist, name) {
			m.add("module %s: asked to be blacklisted, the node's modprobe has no such line", name)
		}
	}
}

func (m *Mismatches) module(want Module, got LoadedModule) {
	switch got.State {
	case "loaded", "builtin":
	case "hardware":
		return // it has no parameters before it is loaded
	case "late":
		m.add("module %s: asked to be loaded, the node has not loaded it at boot, though it can (is something else keeping it out?)", want.Name)
		return
	default:
		m.add("module %s: asked to be loaded, the node says %s", want.Name, orNothing(got.Why))
		return
	}
	for _, p := range want.Parameters {
		said, readable := got.Parameters[p.Name]
		if !readable || sameParameter(p.Value, said) {
			continue
		}
		hint := ""
		if got.State == "builtin" {
			hint = "; it is built into the kernel, so that its parameters belong on the command line: " + want.Name + "." + p.Name
		}
		m.add("module %s: asked for %s=%s, the node says %s%s", want.Name, p.Name, p.Value, orNothing(said), hint)
	}
}

// loadsModules is the unit that fails where a module cannot be loaded.
const loadsModules = "systemd-modules-load.service"

// lacksHardware tells whether modules kept loadsModules from success only because this machine lacks what
// they drive; systemd excuses devices alone, not a processor's features.
func lacksHardware(e Expectations, a Answers) bool {
	lacks := false
	for _, module := range e.Modules {
		switch a.Modules[module.Name].State {
		case "loaded", "builtin":
		case "hardware":
			lacks = true
		default:
			return false
		}
	}
	return lacks
}

// chosen is how a parameter with a list of choices answers: default [performance] powersave.
var chosen = regexp.MustCompile(`\[(\S+)\]`)

// sameParameter compares a value with what sysfs says, element by element: a list may have more elements
// than were set. What the kernel answers in words of its own, a number for a name, cannot be compared and
// is taken for equal.
func sameParameter(want, said string) bool {
	want = strings.Trim(want, `"`)
	if match := chosen.FindStringSubmatch(said); match != nil {
		said = match[1]
	}
	if want == said {
		return true
	}
	wanted, answered := strings.Split(want, ","), strings.Split(said, ",")
	if len(wanted) > len(answered) {
		return false
	}
	for i := range wanted {
		if !sameElement(strings.TrimSpace(wanted[i]), strings.TrimSpace(answered[i])) {
			return false
		}
	}
	return true
}

func sameElement(want, said string) bool {
	yes, isBoolean := truth(want)
	if no, answersBoolean := truth(said); isBoolean && answersBoolean && !(isNumber(want) && isNumber(said)) {
		return yes == no
	}
	switch {
	case said == "(null)": // a text that was never set
		return false
	case isNumber(want) != isNumber(said):
		return true
	}
	return sameSetting(want, said)
}

// truth is a boolean as kstrtobool() of lib/kstrtox.c reads it, but for its t and f, which may be anything.
func truth(text string) (value, ok bool) {
	switch text {
	case "1", "y", "Y", "on", "On", "ON":
		return true, true
	case "0", "n", "N", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

func isNumber(text string) bool {
	_, ok := new(big.Int).SetString(text, 0)
	return ok
}
