package bootcheck

import (
	"maps"
	"slices"
	"strings"
)

// live compares what an ISO has for cloud-init with the plan, and looks for what should not be on it.
func (m *Mismatches) live(want map[string]string, a Answers) {
	if _, failed := a.Errors["live"]; failed || want == nil {
		return
	}
	if a.Live == nil {
		m.add("live system: the node says nothing of it")
		return
	}
	if a.Live.Root != "overlay" {
		m.add("live system: / is to be an overlay in memory, the node says %s", orNothing(a.Live.Root))
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch got, found := a.Live.Files[name]; {
		case !found:
			m.add("ISO: it was to have %s, the node finds none", name)
		case got != want[name]:
			m.add("ISO: %s is not what was planned (SHA-256 %s, the node says %s)", name, want[name], got)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Live.Files)) {
		_, planned := want[name]
		if !planned && name != "AIRSHIP" && !strings.HasPrefix(name, "boot/") {
			m.add("ISO: nothing was to be at %s", name)
		}
	}
}
