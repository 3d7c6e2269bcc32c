package bootcheck

import (
	"embed"
	"maps"
	"slices"
)

// askScripts are what asks inside the guest: ask.py and what it imports.
//
//go:embed ask/*.py
var askScripts embed.FS

// questions is what ask.py reads beside itself.
type questions struct {
	Port string `json:"-"` // device that the report goes to, ask.py's standard error
	// Deadline is when to ask at the latest, finished or not: seconds after the kernel's start.
	Deadline int      `json:"deadline"`
	Users    []string `json:"users"`
	Sysctls  []string `json:"sysctls"`
	// Modules is name → names of parameters.
	Modules   map[string][]string `json:"modules"`
	Blacklist []string            `json:"blacklist"`
	Limits    []string            `json:"limits"` // users
	Units     []string            `json:"units"`
	Paths     []string            `json:"paths"`
	Motd      bool                `json:"motd"`
	Grub      bool                `json:"grub"`
	Live      bool                `json:"live"`
}

// questionsFor asks for all that is expected, and for nothing else.
func questionsFor(o Options) questions {
	e := o.Expect
	q := questions{
		Port:      reportPort(o.Plan.Target.Architecture),
		Deadline:  deadline(o.Timeout),
		Users:     each(e.Users, func(u User) string { return u.Name }),
		Sysctls:   slices.DeleteFunc(each(slices.Sorted(maps.Keys(e.Sysctls)), func(name string) string { return name }), isPattern),
		Modules:   map[string][]string{},
		Blacklist: e.Blacklist,
		Limits:    each(e.Limits, func(l Limit) string { return l.User }),
		Units:     each(e.Units, func(u UnitFile) string { return u.Name }),
		Paths:     each(e.Paths, func(p Path) string { return p.Path }),
		Motd:      e.Motd,
		Grub:      e.SameGrub,
		Live:      e.Live != nil,
	}
	for _, m := range e.Modules {
		q.Modules[m.Name] = each(m.Parameters, func(p Parameter) string { return p.Name })
	}
	return q
}

// each names things, each name once, in order; never nil, which Python could not go through.
func each[T any](things []T, name func(T) string) []string {
	names, known := make([]string, 0, len(things)), map[string]bool{}
	for _, thing := range things {
		if n := name(thing); !known[n] {
			known[n] = true
			names = append(names, n)
		}
	}
	return names
}
