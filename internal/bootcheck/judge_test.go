package bootcheck

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(s string) *string { return &s }

// good answers everything that asked asks for.
func good() Answers {
	return Answers{
		Asked: true, Prompt: "node01", State: "running",
		Hostname: "node01", StaticHostname: "node01", MachineID: machineID,
		Cmdline: `BOOT_IMAGE=/boot/vmlinuz root=UUID=5a ro console=ttyS0 dyndbg="file a.c +p" quiet`,
		OS:      OS{Distribution: "debian", Suite: "bookworm"},
		Meta:    map[string]string{"vars.yaml": "12", "build.yaml": "34"},
		Users:   map[string]*Login{"ops": {Shell: "/bin/bash", Password: "locked"}, "ghost": nil},
		Sysctls: map[string]*string{"net.ipv4.tcp_rmem": text("1 2 3"), "net.bridge.x": nil},
		Mounts:  []Mount{{Target: "/", Type: "ext4", UUID: "5a"}, {Target: "/boot/efi", Type: "vfat", UUID: "A1B2-C3D4"}},

		Modules: map[string]LoadedModule{
			"br-netfilter": {State: "loaded"}, "bonding": {State: "loaded", Parameters: map[string]string{"miimon": "100"}},
			"i40e": {State: "hardware"},
		},
		Blacklist: []string{"krbd"},
		Limits: map[string]map[string]Rlimit{
			"root": {"nofile": {"65536", "1048576"}}, "nobody": {"memlock": {"65536", "unlimited"}}, "kafka": nil,
		},
		OpenFiles: "1048576",
		Units:     map[string]string{"site.service": "enabled", "apt-daily.timer": "masked"},
		Paths: []Path{
			{Path: "/etc/site", Type: "directory", Mode: "0750", GID: 4},
			{Path: "/etc/site/a", Type: "file", Mode: "0644", SHA256: "12"},
			{Path: "/boot/efi/a", Type: "file", Mode: "0755", SHA256: "34"},
		},
		Motd: &Motd{Lines: []string{"Welcome"}},
	}
}

var asked = Expectations{
	Hostname: "node01", Distribution: "debian", Suite: "bookworm",
	Cmdline:       []string{"quiet", `dyndbg="file a.c +p"`, "console=ttyS0"},
	Users:         []User{{Name: "ops", Shell: "/bin/bash", Password: "locked"}},
	Sysctls:       map[string]string{"net.ipv4.tcp_rmem": "1\t2 3"},
	Meta:          map[string]string{"vars.yaml": "12", "build.yaml": ""},
	Mounts:        []Mount{{Target: "/", Type: "ext4", UUID: "5a"}, {Target: "/boot/efi", UUID: "a1b2-c3d4"}},
	NoFailedUnits: true,
	SameGrub:      true,

	Modules: []Module{
		{Name: "br-netfilter"},
		{Name: "bonding", Parameters: []Parameter{{"miimon", "100"}, {"mode", "4"}}},
		{Name: "i40e", Parameters: []Parameter{{"debug", "1"}}},
	},
	Blacklist: []string{"krbd"},
	Limits: []Limit{
		{"root", "root", "hard", "nofile", 1048576},
		{"root", "root", "soft", "nofile", 65536},
		{"nobody", "*", "soft", "memlock", 65536},
		{"kafka", "kafka", "soft", "nproc", 5},
	},
	Units: []UnitFile{{Name: "apt-daily.timer"}, {Name: "site.service", Enabled: true, Written: true}},
	Paths: []Path{
		{Path: "/boot/efi/a", Type: "file", SHA256: "34"},
		{Path: "/etc/site", Type: "directory", Mode: "0750", GID: 4},
		{Path: "/etc/site/a", Type: "file", Mode: "0644", SHA256: "12"},
	},
	Motd: true,
}

// judgement is what Judge finds where expectations or answers are not those of asked and good.
type judgement struct {
	name   string
	expect func(*Expectations)
	answer func(*Answers)
	want   Mismatches
}

func (test judgement) run(t *testing.T) {
	e, a := asked, good()
	if test.expect != nil {
		test.expect(&e)
	}
	if test.answer != nil {
		test.answer(&a)
	}
	err := Judge(e, a)
	if test.want == nil {
		require.NoError(t, err)
		return
	}
	var got Mismatches
	require.ErrorAs(t, err, &got)
	assert.Equal(t, test.want, got)
}

func TestJudge(t *testing.T) {
	for _, test := range []judgement{
		{name: "all as asked"},
		{
			"host name", nil, func(a *Answers) { a.Hostname, a.StaticHostname = "debian", "" },
			Mismatches{"host name: asked for node01, the node says debian", "/etc/hostname: asked for node01, the node says nothing"},
		},
		{
			"release", nil, func(a *Answers) { a.OS = OS{"ubuntu", "noble"} },
			Mismatches{"distribution: asked for debian, the node says ubuntu", "suite: asked for bookworm, the node says noble"},
		},
		{
			"part of an argument", func(e *Expectations) { e.Cmdline = []string{"console=ttyS", "root"} }, func(a *Answers) { a.Cmdline = "console=ttyS0 root=a" },
			Mismatches{
				"command line: asked for console=ttyS, the node was started with console=ttyS0 root=a",
				"command line: asked for root, the node was started with console=ttyS0 root=a",
			},
		},
		{
			"users", func(e *Expectations) { e.Users = append(e.Users, User{Name: "ghost"}, User{Name: "other"}) },
			func(a *Answers) { a.Users["ops"] = &Login{Shell: "/bin/sh", Password: "none"} },
			Mismatches{
				"user ops: asked for shell /bin/bash, the node says /bin/sh",
				"user ops: asked for a password that is locked, the node says none",
				"user ghost: the node has none", "user other: the node has none",
			},
		},
		{
			"sysctls", func(e *Expectations) {
				e.Sysctls = map[string]string{"net.ipv4.tcp_rmem": "1 2 4", "net.bridge.x": "1"}
			}, nil,
			Mismatches{
				"sysctl net.bridge.x: the node's kernel has none (is its module loaded?)",
				"sysctl net.ipv4.tcp_rmem: asked for 1 2 4, the node says 1 2 3",
			},
		},
		{
			"sysctls as the kernel writes them", func(e *Expectations) {
				e.Sysctls = map[string]string{
					"net.ipv4.tcp_rmem": "0x1 02\t3", "net.ipv4.conf.*.rp_filter": "1", "vm.compact_memory": "1",
				}
			},
			nil, nil,
		},
		{
			"sysctls that are no numbers", func(e *Expectations) {
				e.Sysctls = map[string]string{"net.bridge.x": "0x11 b"}
			},
			func(a *Answers) { a.Sysctls = map[string]*string{"net.bridge.x": text("16 c")} },
			Mismatches{"sysctl net.bridge.x: asked for 0x11 b, the node says 16 c"},
		},
		{
			"meta", nil, func(a *Answers) { a.Meta = map[string]string{"vars.yaml": "13"} },
			Mismatches{
				"/etc/imagebuilder/meta/build.yaml: the node has none",
				"/etc/imagebuilder/meta/vars.yaml: its content is not what was written (SHA-256 12, the node says 13)",
			},
		},
		{
			"mounts", nil, func(a *Answers) { a.Mounts = []Mount{{Target: "/", Type: "xfs", UUID: "5b"}} },
			Mismatches{
				"mount /: asked for ext4, the node says xfs", "mount /: asked for file system 5a, the node says 5b",
				"mount /boot/efi: the node has none",
			},
		},
		{
			"failed units", nil, func(a *Answers) {
				a.State, a.Failed = "degraded", []Unit{{"ssh.service", []string{"no host keys", "exiting"}}}
			},
			Mismatches{"unit ssh.service failed:\n  no host keys\n  exiting"},
		},
		{
			"unfinished", nil, func(a *Answers) { a.State, a.Pending = "starting", []string{"a.service", "multi-user.target"} },
			Mismatches{"the node does not finish starting: it waits for a.service, multi-user.target"},
		},
		{"maintenance", nil, func(a *Answers) { a.State = "maintenance" }, Mismatches{"the node is maintenance, not running"}},
		{
			"failed units do not matter", func(e *Expectations) { e.NoFailedUnits = false },
			func(a *Answers) { a.State, a.Failed = "degraded", []Unit{{Name: "x"}} }, nil,
		},
		{"machine id", nil, func(a *Answers) { a.MachineID = "uninitialized" }, Mismatches{"machine id: the node has uninitialized"}},
		{
			"grub", nil, func(a *Answers) { a.Grub = []string{"-a", "+b"} },
			Mismatches{"grub.cfg: update-grub on the node would change it:\n  -a\n  +b"},
		},
		{
			"questions that failed", nil, func(a *Answers) { a.Errors = map[string]string{"mounts": "no findmnt"} },
			Mismatches{"mounts: could not be asked: no findmnt"},
		},
		{"prompt alone", nil, func(a *Answers) { *a = Answers{Prompt: "node01"} }, nil},
		{
			"prompt alone, another's", nil, func(a *Answers) { *a = Answers{Prompt: "debian"} },
			Mismatches{`host name: asked for node01, the login prompt says "debian"`},
		},
	} {
		t.Run(test.name, test.run)
	}
}
