package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
)

// bootsView is the boot check, a column a firmware.
type bootsView struct {
	Boots []bootView
	// Of names the firmwares that were asked: the columns of Differ.
	Of     []string
	Differ []bootRow
	Same   []bootRow
	Groups []answerGroup
}

// bootView is the verdict of one.
type bootView struct {
	Firmware, Reason string
	Verified         bool
}

// bootRow is one answer of all firmwares.
type bootRow struct {
	Name  string
	Cells []string // one where all have the same
}

// answerGroup is a table of answers, or a text.
type answerGroup struct {
	Title string
	// Of names the firmwares where not all gave the same.
	Of    string
	Head  []string
	Rows  [][]string
	Lines string // for one that is a text
	// Wrong: it is there only where something is not as it should be.
	Wrong bool
}

func firmwareName(f bootcheck.Firmware) string {
	switch f {
	case bootcheck.BIOS:
		return "BIOS"
	case bootcheck.UEFI:
		return "UEFI"
	case bootcheck.UEFISecure:
		return "UEFI with Secure Boot"
	}
	return string(f)
}

// answered: it said something, be it a login prompt.
func (b Boot) answered() bool {
	return b.Answers.Asked || b.Answers.State != "" || b.Answers.Prompt != ""
}

func newBootsView(boots []Boot) *bootsView {
	if len(boots) == 0 {
		return nil
	}
	v := &bootsView{}
	for _, b := range boots {
		v.Boots = append(v.Boots, bootView{Firmware: firmwareName(b.Firmware), Verified: b.Verified, Reason: b.Reason})
	}
	asked := slices.DeleteFunc(slices.Clone(boots), func(b Boot) bool { return !b.answered() })
	if len(asked) == 0 {
		return v
	}
	for _, b := range asked {
		v.Of = append(v.Of, firmwareName(b.Firmware))
	}
	v.compare(asked)
	v.groups(asked)
	return v
}

// compare puts the short answers side by side.
func (v *bootsView) compare(boots []Boot) {
	row := func(name string, answer func(bootcheck.Answers) string) {
		r := bootRow{Name: name}
		given, same := false, true
		for _, b := range boots {
			cell := clean(answer(b.Answers))
			given = given || cell != ""
			r.Cells = append(r.Cells, cmp.Or(cell, "\u2013"))
			same = same && r.Cells[0] == r.Cells[len(r.Cells)-1]
		}
		switch {
		case given && same:
			r.Cells = r.Cells[:1]
			v.Same = append(v.Same, r)
		case given:
			v.Differ = append(v.Differ, r)
		}
	}
	row("State", func(a bootcheck.Answers) string { return a.State })
	row("Login prompt of", func(a bootcheck.Answers) string { return a.Prompt })
	row("Host name", func(a bootcheck.Answers) string {
		if a.StaticHostname == "" || a.StaticHostname == a.Hostname {
			return a.Hostname
		}
		return a.Hostname + " (/etc/hostname: " + a.StaticHostname + ")"
	})
	row("Distribution", func(a bootcheck.Answers) string { return strings.TrimSpace(a.OS.Distribution + " " + a.OS.Suite) })
	row("Kernel", func(a bootcheck.Answers) string { return a.Kernel })
	row("Firmware", func(a bootcheck.Answers) string { return strings.ToUpper(a.Firmware) })
	row("Secure Boot", func(a bootcheck.Answers) string { return a.SecureBoot })
	row("Lockdown", func(a bootcheck.Answers) string { return a.Lockdown })
	row("Command line", func(a bootcheck.Answers) string { return a.Cmdline })
	row("Root file system", func(a bootcheck.Answers) string {
		if a.RootSize <= 0 {
			return ""
		}
		return size(a.RootSize)
	})
	row("Answers after", func(a bootcheck.Answers) string {
		if a.Uptime <= 0 {
			return ""
		}
		return duration(a.Uptime)
	})
}

// groups puts what is long below one another, once where all firmwares gave the same.
func (v *bootsView) groups(boots []Boot) {
	var all [][]answerGroup
	for _, b := range boots {
		all = append(all, answerGroups(b.Answers))
	}
	// Every firmware has the same titles in the same order.
	for i := range all[0] {
		first, same := all[0][i], true
		for _, of := range all[1:] {
			same = same && equalGroups(first, of[i])
		}
		if same {
			v.add(first)
			continue
		}
		for j, of := range all {
			one := of[i]
			one.Of = firmwareName(boots[j].Firmware)
			v.add(one)
		}
	}
}

func (v *bootsView) add(g answerGroup) {
	if len(g.Rows) > 0 || g.Lines != "" {
		v.Groups = append(v.Groups, g)
	}
}

func equalGroups(a, b answerGroup) bool {
	return a.Lines == b.Lines && slices.EqualFunc(a.Rows, b.Rows, slices.Equal[[]string])
}

// answerGroups are all of one firmware's, also those that are empty.
func answerGroups(a bootcheck.Answers) []answerGroup {
	groups := []answerGroup{
		{Title: "Questions without an answer", Head: []string{"Question", "Why"}, Rows: pairs(a.Errors), Wrong: true},
		{Title: "Failed units", Head: []string{"Unit", "Last lines of its log"}, Rows: failedRows(a.Failed), Wrong: true},
		{Title: "Units that were still being started", Head: []string{"Unit"}, Rows: column(a.Pending), Wrong: true},
		{Title: "grub.cfg made anew differs", Lines: text(a.Grub), Wrong: true},
		{Title: "Mounts", Head: []string{"At", "Device", "File system", "Options"}, Rows: mountRows(a.Mounts)},
		{Title: "Users", Head: []string{"User", "UID", "GID", "Home", "Shell", "Password"}, Rows: userRows(a.Users)},
		{Title: "Kernel parameters", Head: []string{"Name", "Value"}, Rows: sysctlRows(a.Sysctls)},
		{Title: "Kernel modules", Head: []string{"Module", "State", "Parameters"}, Rows: moduleRows(a.Modules)},
		{Title: "Blacklisted modules", Head: []string{"Module"}, Rows: column(a.Blacklist)},
		{Title: "Limits", Head: []string{"User", "Item", "Soft", "Hard"}, Rows: limitRows(a.Limits)},
		{Title: "Units", Head: []string{"Unit", "State"}, Rows: pairs(a.Units)},
		{Title: "Configured paths", Head: []string{"Path", "Type", "Mode", "Owner"}, Rows: pathRows(a.Paths)},
		{Title: "SSH host keys made at boot", Head: []string{"File"}, Rows: column(a.HostKeys)},
		{Title: "Record in /etc/imagebuilder/meta", Head: []string{"File", "SHA-256"}, Rows: pairs(a.Meta)},
	}
	if a.Motd != nil {
		groups = append(groups, answerGroup{
			Title: fmt.Sprintf("Message of the day (exit status %d)", a.Motd.Status), Lines: text(a.Motd.Lines), Wrong: a.Motd.Status != 0,
		})
	} else {
		groups = append(groups, answerGroup{})
	}
	if a.Live != nil {
		groups = append(groups, answerGroup{Title: "Files on the medium (/ is " + a.Live.Root + ")", Head: []string{"File", "SHA-256"}, Rows: pairs(a.Live.Files)})
	} else {
		groups = append(groups, answerGroup{})
	}
	for i := range groups {
		for _, row := range groups[i].Rows {
			for j := range row {
				row[j] = clean(row[j])
			}
		}
	}
	return groups
}

func text(lines []string) string { return clean(strings.Join(lines, "\n")) }

func pairs(of map[string]string) [][]string {
	var rows [][]string
	for _, key := range slices.Sorted(maps.Keys(of)) {
		rows = append(rows, []string{key, of[key]})
	}
	return rows
}

func column(of []string) [][]string {
	var rows [][]string
	for _, one := range of {
		rows = append(rows, []string{one})
	}
	return rows
}

func failedRows(units []bootcheck.Unit) [][]string {
	var rows [][]string
	for _, u := range units {
		rows = append(rows, []string{u.Name, strings.Join(u.Log, "\n")})
	}
	return rows
}

func mountRows(mounts []bootcheck.Mount) [][]string {
	var rows [][]string
	for _, m := range mounts {
		// A comma is no place to break a line at.
		rows = append(rows, []string{m.Target, m.Source, m.Type, strings.ReplaceAll(m.Options, ",", ", ")})
	}
	return rows
}

func userRows(users map[string]*bootcheck.Login) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(users)) {
		u := users[name]
		if u == nil {
			rows = append(rows, []string{name, "there is none", "", "", "", ""})
			continue
		}
		rows = append(rows, []string{name, strconv.Itoa(u.UID), strconv.Itoa(u.GID), u.Home, u.Shell, u.Password})
	}
	return rows
}

func sysctlRows(sysctls map[string]*string) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(sysctls)) {
		value := "there is none"
		if sysctls[name] != nil {
			value = *sysctls[name]
		}
		rows = append(rows, []string{name, value})
	}
	return rows
}

func moduleRows(modules map[string]bootcheck.LoadedModule) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		m := modules[name]
		var parameters []string
		for _, p := range pairs(m.Parameters) {
			parameters = append(parameters, p[0]+"="+p[1])
		}
		state := m.State
		if m.Why != "" {
			state += ": " + m.Why
		}
		rows = append(rows, []string{name, state, strings.Join(parameters, " ")})
	}
	return rows
}

func limitRows(limits map[string]map[string]bootcheck.Rlimit) [][]string {
	var rows [][]string
	for _, user := range slices.Sorted(maps.Keys(limits)) {
		if limits[user] == nil {
			rows = append(rows, []string{user, "there is no such user", "", ""})
		}
		for _, item := range slices.Sorted(maps.Keys(limits[user])) {
			l := limits[user][item]
			rows = append(rows, []string{user, item, l.Soft, l.Hard})
		}
	}
	return rows
}

func pathRows(paths []bootcheck.Path) [][]string {
	var rows [][]string
	for _, p := range paths {
		kind := p.Type
		if p.Link != "" {
			kind += " to " + p.Link
		}
		owner := ""
		if p.Mode != "" {
			owner = fmt.Sprintf("%d:%d", p.UID, p.GID)
		}
		rows = append(rows, []string{p.Path, kind, p.Mode, owner})
	}
	return rows
}
