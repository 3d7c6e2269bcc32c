package bootcheck

import (
	"fmt"
	"slices"
	"strings"
)

// States of `systemctl is-enabled` that are right. A static unit has nothing to enable or disable, and
// others start it; an indirect one is enabled by another name or has others enabled.
var (
	enabledStates  = []string{"enabled", "enabled-runtime", "alias", "static", "indirect", "generated"}
	disabledStates = []string{"disabled", "masked", "masked-runtime", "static", "indirect"}
)

func (m *Mismatches) unitFiles(want []UnitFile, a Answers) {
	if _, failed := a.Errors["units"]; failed {
		return
	}
	for _, unit := range want {
		state, right, asked := a.Units[unit.Name], enabledStates, "enabled"
		if !unit.Enabled {
			right, asked = disabledStates, "disabled"
			if state == "not-found" && !unit.Written {
				continue // no package brings it
			}
		}
		if !slices.Contains(right, state) {
			m.add("unit %s: asked to be %s, the node says %s", unit.Name, asked, orNothing(state))
		}
	}
}

func (m *Mismatches) paths(want []Path, a Answers) {
	if _, failed := a.Errors["paths"]; failed {
		return
	}
	found := map[string]Path{}
	for _, p := range a.Paths {
		found[p.Path] = p
	}
	for _, p := range want {
		if got, ok := found[p.Path]; ok {
			m.path(p, got)
		} else {
			m.add("%s: a %s was made, the node has none", p.Path, p.Type)
		}
	}
}

func (m *Mismatches) path(want, got Path) {
	if want.Type != got.Type {
		m.add("%s: a %s was made, the node has a %s", want.Path, want.Type, orNothing(got.Type))
		return
	}
	differ := func(what, want, got string) {
		if want != got {
			m.add("%s %s, the node says %s", what, want, orNothing(got))
		}
	}
	if want.Mode != "" {
		differ(want.Path+": was made with mode", want.Mode, got.Mode)
		differ(want.Path+": was made for user and group", owner(want), owner(got))
	}
	differ(want.Path+": was made to lead to", want.Link, got.Link)
	if want.SHA256 != got.SHA256 {
		m.add("%s: its content is not what was written (SHA-256 %s, the node says %s); something changes it as the node boots",
			want.Path, want.SHA256, orNothing(got.SHA256))
	}
}

func owner(p Path) string { return fmt.Sprintf("%d:%d", p.UID, p.GID) }

func (m *Mismatches) motd(e Expectations, a Answers) {
	if !e.Motd {
		return
	}
	if _, failed := a.Errors["motd"]; failed {
		return
	}
	switch {
	case a.Motd == nil:
		m.add("/etc/update-motd.d/00-motd: asked to run at each login, the node says nothing")
	case a.Motd.Status != 0:
		m.add("/etc/update-motd.d/00-motd: asked to run at each login, on the node it fails with status %d:\n  %s",
			a.Motd.Status, strings.Join(a.Motd.Lines, "\n  "))
	}
}
