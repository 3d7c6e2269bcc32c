package bootcheck

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// Mismatches are all the answers that are not as expected, each a sentence.
type Mismatches []string

func (m Mismatches) Error() string { return strings.Join(m, "\n") }

func (m *Mismatches) add(format string, args ...any) { *m = append(*m, fmt.Sprintf(format, args...)) }

// Judge compares answers with what is expected: nil or Mismatches. Of an image that could not be
// asked it knows the host name at its login prompt.
func Judge(e Expectations, a Answers) error {
	var m Mismatches
	if !a.Asked {
		if e.Hostname != "" && a.Prompt != e.Hostname {
			m.add("host name: asked for %s, the login prompt says %q", e.Hostname, a.Prompt)
		}
		return m.orNil()
	}
	for _, question := range slices.Sorted(maps.Keys(a.Errors)) {
		m.add("%s: could not be asked: %s", question, a.Errors[question])
	}
	m.system(e, a)
	m.users(e.Users, a.Users)
	m.sysctls(e.Sysctls, a.Sysctls)
	m.modules(e, a)
	m.limits(e.Limits, a)
	m.unitFiles(e.Units, a)
	m.paths(e.Paths, a)
	m.motd(e, a)
	m.meta(e.Meta, a.Meta)
	m.mounts(e.Mounts, a.Mounts)
	m.live(e.Live, a)
	if e.NoFailedUnits {
		m.units(e, a)
	}
	if e.SameGrub && len(a.Grub) > 0 {
		m.add("grub.cfg: update-grub on the node would change it:\n  %s", strings.Join(a.Grub, "\n  "))
	}
	return m.orNil()
}

func (m Mismatches) orNil() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

var validMachineID = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (m *Mismatches) system(e Expectations, a Answers) {
	differ := func(what, want, got string) {
		if want != "" && want != got {
			m.add("%s: asked for %s, the node says %s", what, want, orNothing(got))
		}
	}
	differ("host name", e.Hostname, a.Hostname)
	differ("/etc/hostname", e.Hostname, a.StaticHostname)
	differ("distribution", e.Distribution, a.OS.Distribution)
	differ("suite", e.Suite, a.OS.Suite)
	for _, argument := range e.Cmdline {
		// An argument may be quoted and hold blanks, so fields are not compared.
		if !strings.Contains(" "+a.Cmdline+" ", " "+argument+" ") {
			m.add("command line: asked for %s, the node was started with %s", argument, orNothing(a.Cmdline))
		}
	}
	if !validMachineID.MatchString(a.MachineID) {
		m.add("machine id: the node has %s", orNothing(a.MachineID))
	}
}

func (m *Mismatches) users(want []User, got map[string]*Login) {
	for _, user := range want {
		login := got[user.Name]
		if login == nil {
			m.add("user %s: the node has none", user.Name)
			continue
		}
		if user.Shell != "" && user.Shell != login.Shell {
			m.add("user %s: asked for shell %s, the node says %s", user.Name, user.Shell, orNothing(login.Shell))
		}
		if user.Password != "" && user.Password != login.Password {
			m.add("user %s: asked for a password that is %s, the node says %s", user.Name, user.Password, orNothing(login.Password))
		}
	}
}

func (m *Mismatches) sysctls(want map[string]string, got map[string]*string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		said, readable := got[name]
		switch {
		case isPattern(name) || !readable:
		case said == nil:
			m.add("sysctl %s: the node's kernel has none (is its module loaded?)", name)
		case !slices.EqualFunc(strings.Fields(want[name]), strings.Fields(*said), sameSetting):
			m.add("sysctl %s: asked for %s, the node says %s", name, strings.Join(strings.Fields(want[name]), " "), orNothing(*said))
		}
	}
}

// isPattern tells the names in which systemd-sysctl(8) sees a wildcard.
func isPattern(sysctl string) bool { return strings.ContainsAny(sysctl, "*?[") }

// sameSetting takes numbers as the kernel does, which reads 0x10 and 020 and answers 16.
func sameSetting(want, said string) bool {
	if want == said {
		return true
	}
	asked, ok := new(big.Int).SetString(want, 0)
	if !ok {
		return false
	}
	answer, ok := new(big.Int).SetString(said, 0)
	return ok && asked.Cmp(answer) == 0
}

func (m *Mismatches) meta(want, got map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch digest, ok := got[name]; {
		case !ok:
			m.add("/etc/imagebuilder/meta/%s: the node has none", name)
		case want[name] != "" && want[name] != digest:
			m.add("/etc/imagebuilder/meta/%s: its content is not what was written (SHA-256 %s, the node says %s)", name, want[name], digest)
		}
	}
}

func (m *Mismatches) mounts(want, got []Mount) {
	for _, mount := range want {
		i := slices.IndexFunc(got, func(g Mount) bool { return g.Target == mount.Target })
		if i < 0 {
			m.add("mount %s: the node has none", mount.Target)
			continue
		}
		if mount.Type != "" && mount.Type != got[i].Type {
			m.add("mount %s: asked for %s, the node says %s", mount.Target, mount.Type, orNothing(got[i].Type))
		}
		// vfat's are written in capitals or not.
		if mount.UUID != "" && !strings.EqualFold(mount.UUID, got[i].UUID) {
			m.add("mount %s: asked for file system %s, the node says %s", mount.Target, mount.UUID, orNothing(got[i].UUID))
		}
	}
}

func (m *Mismatches) units(e Expectations, a Answers) {
	for _, unit := range a.Failed {
		if unit.Name == loadsModules && lacksHardware(e, a) {
			continue
		}
		m.add("unit %s failed:\n  %s", unit.Name, strings.Join(unit.Log, "\n  "))
	}
	switch {
	case len(a.Pending) > 0:
		m.add("the node does not finish starting: it waits for %s", strings.Join(a.Pending, ", "))
	case a.State != "running" && (a.State != "degraded" || len(a.Failed) == 0):
		m.add("the node is %s, not running", orNothing(a.State))
	}
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}
