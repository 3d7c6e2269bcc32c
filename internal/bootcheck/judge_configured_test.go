package bootcheck

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestJudgeConfigured is TestJudge of what the provisioner configures.
func TestJudgeConfigured(t *testing.T) {
	for _, test := range []judgement{
		{
			"modules", nil, func(a *Answers) {
				a.Modules = map[string]LoadedModule{
					"br-netfilter": {State: "missing", Why: "modprobe: FATAL: Module br-netfilter not found"},
					"bonding":      {State: "late"},
				}
				a.Blacklist = nil
			},
			Mismatches{
				"module br-netfilter: asked to be loaded, the node says modprobe: FATAL: Module br-netfilter not found",
				"module bonding: asked to be loaded, the node has not loaded it at boot, though it can (is something else keeping it out?)",
				"module i40e: asked to be loaded, the node says nothing",
				"module krbd: asked to be blacklisted, the node's modprobe has no such line",
			},
		},
		{
			"parameters", nil, func(a *Answers) {
				a.Modules["bonding"] = LoadedModule{State: "builtin", Parameters: map[string]string{"miimon": "0", "mode": "4"}}
			},
			Mismatches{"module bonding: asked for miimon=100, the node says 0; it is built into the kernel, so that its parameters belong on the command line: bonding.miimon"},
		},
		{
			"modules whose hardware is not here", nil, func(a *Answers) {
				a.State, a.Failed = "degraded", []Unit{{"systemd-modules-load.service", []string{"Failed to insert module"}}}
			}, nil,
		},
		{
			"modules that are not there, too", nil, func(a *Answers) {
				a.State, a.Failed = "degraded", []Unit{{"systemd-modules-load.service", []string{"Failed to insert module"}}}
				a.Modules["bonding"] = LoadedModule{State: "missing", Why: "Exec format error"}
			},
			Mismatches{
				"module bonding: asked to be loaded, the node says Exec format error",
				"unit systemd-modules-load.service failed:\n  Failed to insert module",
			},
		},
		{
			"limits", nil, func(a *Answers) {
				a.Limits["root"] = map[string]Rlimit{"nofile": {"1024", "unlimited"}}
				a.Limits["nobody"] = map[string]Rlimit{}
			},
			Mismatches{
				"limit root hard nofile: asked for 1048576, a session of root has unlimited",
				"limit root soft nofile: asked for 65536, a session of root has 1024",
				"limit * soft memlock: asked for 65536, a session of nobody has nothing",
			},
		},
		{
			"limits that the kernel caps", func(e *Expectations) {
				e.Limits = []Limit{{"nobody", "*", "soft", "nproc", 65536}, {"root", "root", "hard", "nofile", Unlimited}, {"root", "root", "soft", "nofile", Unlimited}}
			},
			func(a *Answers) {
				a.Limits = map[string]map[string]Rlimit{"nobody": {"nproc": {"3800", "3800"}}, "root": {"nofile": {"1048576", "1048576"}}}
			}, nil,
		},
		{
			"limits below what the kernel allows", func(e *Expectations) {
				e.Limits = []Limit{{"nobody", "*", "soft", "nproc", 65536}, {"root", "root", "hard", "nproc", Unlimited}}
			},
			func(a *Answers) {
				a.Limits = map[string]map[string]Rlimit{"nobody": {"nproc": {"3800", "4000"}}, "root": {"nproc": {"1", "1048576"}}}
			},
			Mismatches{
				"limit * soft nproc: asked for 65536, a session of nobody has 3800",
				"limit root hard nproc: asked for unlimited, a session of root has 1048576",
			},
		},
		{
			"units", nil, func(a *Answers) {
				a.Units = map[string]string{"site.service": "masked", "apt-daily.timer": "enabled"}
			},
			Mismatches{
				"unit apt-daily.timer: asked to be disabled, the node says enabled",
				"unit site.service: asked to be enabled, the node says masked",
			},
		},
		{
			"units that no package brings", func(e *Expectations) {
				e.Units = []UnitFile{{Name: "absent.service"}, {Name: "gone.service", Written: true}, {Name: "lost.service", Enabled: true}}
			},
			func(a *Answers) {
				a.Units = map[string]string{"absent.service": "not-found", "gone.service": "not-found", "lost.service": "not-found"}
			},
			Mismatches{
				"unit gone.service: asked to be disabled, the node says not-found",
				"unit lost.service: asked to be enabled, the node says not-found",
			},
		},
		{
			"paths", nil, func(a *Answers) {
				a.Paths = []Path{
					{Path: "/boot/efi/a", Type: "file", Mode: "0700", UID: 1, SHA256: "34"},
					{Path: "/etc/site", Type: "directory", Mode: "0755", UID: 1, GID: 4},
					{Path: "/etc/site/a", Type: "file", Mode: "0644", SHA256: "13"},
				}
			},
			Mismatches{
				"/etc/site: was made with mode 0750, the node says 0755",
				"/etc/site: was made for user and group 0:4, the node says 1:4",
				"/etc/site/a: its content is not what was written (SHA-256 12, the node says 13); something changes it as the node boots",
			},
		},
		{
			"paths of another type", func(e *Expectations) {
				e.Paths = append(e.Paths, Path{Path: "/srv/l", Type: "link", Mode: "0777", Link: "/a"})
			},
			func(a *Answers) {
				a.Paths = []Path{
					{Path: "/boot/efi/a", Type: "directory"},
					{Path: "/etc/site", Type: "file"},
					{Path: "/srv/l", Type: "link", Mode: "0777", Link: "/b"},
				}
			},
			Mismatches{
				"/boot/efi/a: a file was made, the node has a directory",
				"/etc/site: a directory was made, the node has a file",
				"/etc/site/a: a file was made, the node has none",
				"/srv/l: was made to lead to /a, the node says /b",
			},
		},
		{
			"motd", nil, func(a *Answers) { a.Motd = &Motd{Status: 127, Lines: []string{"figlet: not found"}} },
			Mismatches{"/etc/update-motd.d/00-motd: asked to run at each login, on the node it fails with status 127:\n  figlet: not found"},
		},
		{
			"what could not be asked is said once", nil, func(a *Answers) {
				a.Errors = map[string]string{}
				for _, question := range []string{"blacklist", "limits", "modules", "motd", "paths", "units"} {
					a.Errors[question] = "no"
				}
				a.Blacklist, a.Limits, a.Modules, a.Motd, a.Paths, a.Units = nil, nil, nil, nil, nil, nil
			},
			Mismatches{
				"blacklist: could not be asked: no", "limits: could not be asked: no", "modules: could not be asked: no",
				"motd: could not be asked: no", "paths: could not be asked: no", "units: could not be asked: no",
			},
		},
	} {
		t.Run(test.name, test.run)
	}
}

func TestSameParameter(t *testing.T) {
	for _, test := range []struct {
		want, said string
		same       bool
	}{
		{"1", "Y", true},
		{"on", "Y", true},
		{"n", "N", true},
		{"0", "Y", false},
		{"1", "N", false},
		{"0x10", "16", true},
		{"16", "17", false},
		{"1", "0", false},
		{"1,2", "1,2,0,0", true},
		{"1,2", "1", false},
		{"1,3", "1,2,0,0", false},
		{`"a b"`, "a b", true},
		{"performance", "default [performance] powersave", true},
		{"performance", "[default] performance powersave", false},
		{"a", "b", false},
		{"a", "(null)", false},
		// Words of the kernel's own.
		{"64M", "67108864", true},
		{"auto", "-1", true},
		{"4", "802.3ad", true},
	} {
		assert.Equal(t, test.same, sameParameter(test.want, test.said), "%s %s", test.want, test.said)
	}
}
