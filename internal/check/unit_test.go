package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/internal/check"
)

func TestUnitName(t *testing.T) {
	table(t, check.UnitName,
		row{"site.service", ""}, row{"site@.service", ""}, row{"site@one.service", ""}, row{`srv-my\x2ddata.mount`, ""},
		row{"a.b.timer", ""}, row{"getty@tty1.service", ""},
		row{"", "want a unit's name"}, row{"site", "has no type"}, row{"site.srvice", "did you mean service?"},
		row{"/etc/systemd/system/site.service", "is a path"}, row{"10-site.conf", "is a drop-in"},
		row{"a b.service", "characters that no unit's name has"}, row{".service", "characters"},
		row{`a\b.service`, "is no escape"}, row{`a\x2.service`, "is no escape"}, row{`a\x2`, "has no type"},
		row{"x.scope", "has no file"}, row{strings.Repeat("a", 250) + ".service", "systemd takes 255"},
	)
}

func TestUnit(t *testing.T) {
	const (
		run     = "[Service]\nExecStart=/bin/true\n"
		install = "[Install]\nWantedBy=multi-user.target\n"
	)
	for name, c := range map[string]struct {
		unit, text string
		disabled   bool
		want       []string
	}{
		"right":           {text: "# a comment\n; another\n[Unit]\nDescription=x\n" + run + install},
		"a continuation":  {text: "[Service]\nExecStart=/bin/echo a \\\n# a comment between\n  b \\\n  [c]\n" + install},
		"a template line": {text: "[Service]\n{% if x %}\nExecStart=/bin/true\n{% endif %}\n{{ more }}\n" + install},
		"others' section": {text: run + install + "[X-Site]\nwhatever=1\n"},
		"twice a section": {text: run + "[Service]\nRestart=always\n" + install},
		"Windows' lines":  {text: strings.ReplaceAll(run+install, "\n", "\r\n")},

		"empty":                    {text: " \n", want: []string{"is empty"}},
		"enabled by nothing":       {text: run, want: []string{"is enabled, but no [Install] says for what"}},
		"disabled":                 {text: run, disabled: true},
		"an empty [Install]":       {text: run + "[Install]\nWantedBy=\n", want: []string{"is enabled, but no [Install]"}},
		"a misspelt section":       {text: "[Unit]\n[Sevice]\nExecStart=/bin/true\n" + install, want: []string{"line 2: unknown section [Sevice]; did you mean Service?"}},
		"another type's section":   {text: run + install + "[Timer]\nOnCalendar=daily\n", want: []string{"line 5: [Timer] is a section of a .timer unit"}},
		"an open section":          {text: run + install + "[Unit\n", want: []string{"line 5: [Unit is no section; want a ]"}},
		"a misspelt WantedBy":      {text: run + "[Install]\nWantedby=multi-user.target\n", want: []string{"line 4: [Install] has no Wantedby=; did you mean WantedBy?"}},
		"a target without a type":  {text: run + "[Install]\nWantedBy=multi-user\n", want: []string{"line 4: WantedBy=multi-user is no unit"}},
		"an alias of another type": {text: run + "[Install]\nAlias=b.socket\n", want: []string{"line 4: the alias b.socket has another type"}},
		"no setting":               {text: run + install + "hello\n", want: []string{"line 5: hello is no setting"}},
		"no key":                   {text: run + install + "=x\n", want: []string{"line 5: has no key"}},
		"before any section":       {text: "Description=x\nAfter=y\n" + run + install, want: []string{"line 1: Description= is before the first [Section]"}},
		"a NUL":                    {text: run + install + "#\x00", want: []string{"line 5: has a NUL"}},

		"no ExecStart":            {text: "[Service]\nType=simple\n" + install, want: []string{"has no ExecStart="}},
		"a misspelt ExecStart":    {text: "[Service]\nExecStrt=/bin/true\n" + install, want: []string{"has no ExecStart=, without which systemd refuses the unit; did you mean ExecStart by ExecStrt?"}},
		"only ExecStop":           {text: "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/bin/true\n" + install},
		"only ExecStop, simple":   {text: "[Service]\nType=simple\nRemainAfterExit=yes\nExecStop=/bin/true\n" + install, want: []string{"has no ExecStart="}},
		"only an action":          {text: "[Unit]\nSuccessAction=reboot-force\n[Service]\n" + install},
		"two ExecStart":           {text: run + "ExecStart=/bin/false\n" + install, want: []string{"line 3: is a second ExecStart="}},
		"two ExecStart, emptied":  {text: run + "ExecStart=\nExecStart=/bin/false\n" + install},
		"two ExecStart, one shot": {text: run + "ExecStart=/bin/false\nType=oneshot\n" + install},
		"one shot, restarted":     {text: run + "Type=oneshot\nRestart=always\n" + install, want: []string{"line 4: Restart=always is not for Type=oneshot"}},
		"a relative program":      {text: "[Service]\nExecStart=-bin/true x\n" + install, want: []string{"line 2: bin/true is not an absolute path; ExecStart= wants one"}},
		"a program's name":        {text: "[Service]\nExecStart=@sleep x 5\n" + install},
		"a variable":              {text: "[Service]\nExecStart=${PROGRAM} x\n" + install, want: []string{"line 2: ${PROGRAM}: the program cannot be a variable"}},
		"a home":                  {text: "[Service]\nExecStart=~/bin/x\n" + install, want: []string{"line 2: ~/bin/x: no shell reads"}},
		"a type":                  {text: run + "Type=one-shot\n" + install, want: []string{"line 3: unknown type of service one-shot; did you mean oneshot?"}},
		"no bus name":             {text: run + "Type=dbus\n" + install, want: []string{"line 3: Type=dbus needs BusName="}},

		"a timer":                      {unit: "a.timer", text: "[Timer]\nOnCalendar=daily\n" + install},
		"a timer of no time":           {unit: "a.timer", text: "[Timer]\nPersistent=yes\n" + install, want: []string{"[Timer] has no OnCalendar="}},
		"a socket":                     {unit: "a.socket", text: "[Socket]\nListenStream=80\n" + install},
		"a socket of nothing":          {unit: "a.socket", text: "[Socket]\nAccept=yes\n" + install, want: []string{"[Socket] has no Listen*="}},
		"a mount":                      {unit: `srv-my\x2ddata.mount`, text: "[Mount]\nWhat=/dev/vdb\nWhere=/srv/my-data\n" + install},
		"a mount of another name":      {unit: "data.mount", text: "[Mount]\nWhat=/dev/vdb\nWhere=/srv/my-data\n" + install, want: []string{`line 3: the unit of Where=/srv/my-data must have the name srv-my\x2ddata.mount`}},
		"a mount of nothing":           {unit: "srv.mount", text: "[Mount]\nWhere=/srv\n" + install, want: []string{"[Mount] has no What="}},
		"an automount's relative path": {unit: "srv.automount", text: "[Automount]\nWhere=srv\n" + install, want: []string{"line 2: Where=srv is not an absolute path"}},
		"a target":                     {unit: "a.target", text: "[Unit]\nDescription=x\n" + install},
	} {
		t.Run(name, func(t *testing.T) {
			unit := c.unit
			if unit == "" {
				unit = "a.service"
			}
			found := check.Unit(unit, c.text, !c.disabled)
			if assert.Len(t, found, len(c.want), "%q", found) {
				for i, part := range c.want {
					assert.Contains(t, found[i], part)
				}
			}
		})
	}
}

func TestUnitOfAnotherFormat(t *testing.T) {
	found := check.Unit("a.service", strings.Repeat("{\"a\": 1}\n", 10000), true)
	assert.Len(t, found, 11, "the number of problems of one text is bounded")
}
