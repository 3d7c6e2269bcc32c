package check

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// execKeys are the settings whose value is a command line (systemd.service(5)).
var execKeys = []string{
	"ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecReload", "ExecReloadPost", "ExecStop", "ExecStopPost",
}

func execKey(key string) bool { return slices.Contains(execKeys, key) }

var serviceTypes = []string{"simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"}

// service checks what makes systemd refuse a service (service_verify in its src/core/service.c).
func (u *unit) service(found *problems) {
	for _, a := range u.set {
		if a.section == "Service" && execKey(a.key) {
			u.command(found, a)
		}
	}
	kind := u.value("Service", "Type")
	if kind != "" && !Template(kind) {
		if problem := oneOf("type of service", kind, serviceTypes); problem != "" {
			found.add(u.values("Service", "Type")[0].line, "%s", problem)
			return
		}
	}
	start := u.values("Service", "ExecStart")
	stop := len(u.values("Service", "ExecStop")) > 0
	stays := slices.Contains([]string{"yes", "true", "on", "1"}, strings.ToLower(u.value("Service", "RemainAfterExit")))
	once := kind == "" || kind == "oneshot" // which a service without ExecStart= is by itself
	switch {
	case len(start) == 0 && !(stop && stays && once) && u.value("Unit", "SuccessAction") == "":
		found.add(0, "[Service] has no ExecStart=, without which systemd refuses the unit%s", u.near("Service", "ExecStart"))
	case len(start) > 1 && kind != "oneshot":
		found.add(start[1].line, "is a second ExecStart=, which Type=oneshot alone may have; empty the first with ExecStart= or chain them in a script")
	}
	if restart := u.value("Service", "Restart"); kind == "oneshot" && slices.Contains([]string{"always", "on-success"}, restart) {
		found.add(u.values("Service", "Restart")[0].line, "Restart=%s is not for Type=oneshot, which systemd refuses", restart)
	}
	if kind == "dbus" && u.value("Service", "BusName") == "" {
		found.add(u.values("Service", "Type")[0].line, "Type=dbus needs BusName=")
	}
}

// command checks the program of a command line: an absolute path, or since systemd 239 a bare name.
func (u *unit) command(found *problems, a assignment) {
	program := strings.TrimLeft(a.value, "@-:+!|")
	program, _, _ = strings.Cut(strings.TrimSpace(program), " ")
	program = strings.Trim(program, `"'`)
	switch {
	case program == "" || Template(a.value) || strings.HasPrefix(program, "%"):
	case strings.HasPrefix(program, "$"):
		found.add(a.line, "%s: the program cannot be a variable; systemd fills in arguments alone", mistake.Word(program))
	case strings.HasPrefix(program, "~"):
		found.add(a.line, "%s: no shell reads %s=; want an absolute path", mistake.Word(program), a.key)
	case strings.Contains(program, "/") && !strings.HasPrefix(program, "/"):
		found.add(a.line, "%s is not an absolute path; %s= wants one", mistake.Word(program), a.key)
	case strings.HasSuffix(program, "/"):
		found.add(a.line, "%s is a directory; want a program's path", mistake.Word(program))
	}
}

// mount checks a path against the unit's name, which must be made of it.
func (u *unit) mount(found *problems) {
	section := unitSections[unitType(u.name)]
	where := u.values(section, "Where")
	if len(where) == 0 {
		return
	}
	a := where[len(where)-1]
	if Template(a.value) || strings.Contains(a.value, "%") || strings.Contains(u.name, "@") {
		return
	}
	if !strings.HasPrefix(a.value, "/") {
		found.add(a.line, "Where=%s is not an absolute path", mistake.Word(a.value))
		return
	}
	if want := unitOfPath(a.value) + "." + unitType(u.name); want != u.name {
		found.add(a.line, "the unit of Where=%s must have the name %s", mistake.Word(a.value), want)
	}
}

// unitNeeds are the settings of which a unit of a type has at least one, or systemd refuses it. One
// that ends with * is a beginning.
var unitNeeds = map[string][]string{
	"socket": {"Listen*"},
	"timer": {
		"OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec",
		"OnClockChange", "OnTimezoneChange",
	},
	"path":      {"PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"},
	"mount":     {"What"},
	"automount": {"Where"},
	"swap":      {"What"},
}

func (u *unit) required(found *problems) {
	needs := unitNeeds[unitType(u.name)]
	section := unitSections[unitType(u.name)]
	if len(needs) == 0 {
		return
	}
	for at := range u.last {
		for _, key := range needs {
			beginning, many := strings.CutSuffix(key, "*")
			if at[0] == section && (at[1] == key || many && strings.HasPrefix(at[1], beginning)) {
				return
			}
		}
	}
	names := make([]string, len(needs))
	for i, key := range needs {
		names[i] = key + "="
	}
	hint := ""
	for _, key := range needs {
		if hint == "" {
			hint = u.near(section, key)
		}
	}
	found.add(0, "[%s] has no %s, without which systemd refuses the unit%s", section, strings.Join(names, " or "), hint)
}

// installKeys are all there are in [Install]; UpheldBy since systemd 254.
var installKeys = []string{"WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also", "DefaultInstance"}

// install checks what systemctl enable reads.
func (u *unit) install(found *problems, enabled bool) {
	installs := false
	for _, a := range u.set {
		if a.section != "Install" {
			continue
		}
		switch {
		case strings.HasPrefix(a.key, "X-"):
			continue
		case !slices.Contains(installKeys, a.key):
			found.add(a.line, "[Install] has no %s=%s", mistake.Word(a.key), mistake.Suggest(a.key, installKeys))
			// One mistake is told, not that nothing enables the unit as well.
			installs = installs || mistake.Near(a.key, installKeys) != ""
			continue
		case a.key == "DefaultInstance":
			continue
		}
		for _, name := range strings.Fields(a.value) {
			installs = true
			if !strings.ContainsAny(name, "%{") {
				u.installName(found, a, name)
			}
		}
	}
	if enabled && !installs {
		found.add(0, "is enabled, but no [Install] says for what; want WantedBy=multi-user.target below [Install], or enabled: false")
	}
}

func (u *unit) installName(found *problems, a assignment, name string) {
	kind := unitType(name)
	_, known := unitSections[kind]
	switch {
	case !strings.Contains(name, ".") || !known:
		found.add(a.line, "%s=%s is no unit; want its type at its end, such as multi-user.target", a.key, mistake.Word(name))
	case a.key == "Alias" && kind != unitType(u.name):
		found.add(a.line, "the alias %s has another type than %s", mistake.Word(name), mistake.Word(u.name))
	}
}
