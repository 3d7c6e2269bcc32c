package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/internal/check"
)

// row is a value and part of its problem; empty for none.
type row struct{ value, want string }

func table(t *testing.T, checked func(string) string, rows ...row) {
	t.Helper()
	for _, r := range rows {
		if problem := checked(r.value); r.want == "" {
			assert.Empty(t, problem, r.value)
		} else {
			assert.Contains(t, problem, r.want, r.value)
		}
	}
}

// joined is a check of lines as a check of one value.
func joined(checked func(string) []string) func(string) string {
	return func(value string) string { return strings.Join(checked(value), "\n") }
}

func TestPath(t *testing.T) {
	table(t, check.Path,
		row{"/etc/site/agent.conf", ""}, row{"/runner/x", ""}, row{"/etc/a b", ""},
		row{"", "want an absolute path"},
		row{"etc/x", "is not an absolute path"},
		row{"~/x", "no shell reads this"},
		row{"/", "is the image itself"},
		row{"/etc/x/", "ends with /; write /etc/x"},
		row{"/etc/../x", "goes round about; write /x"},
		row{"/etc//x", "write /etc/x"},
		row{"/proc/sys/vm", "sysctl"},
		row{"/dev/foo", "udev"},
		row{"/run/site", "tmpfiles.d"},
		row{"/var/run/site", "/var/run is empty"},
		row{"/etc/a\nb", "control characters"},
		row{"/" + strings.Repeat("a", 256), "Linux takes 255"},
		row{strings.Repeat("/aaaaaaa", 600), "Linux takes 4095"},
	)
}

func TestMode(t *testing.T) {
	table(t, check.Mode,
		row{"0644", ""}, row{"644", ""}, row{"1777", ""}, row{"02755", ""}, row{"0000", ""}, row{"755", ""},
		row{"420", `420 is what YAML makes of 0644 without quotes; write "0644", or "0420" if that is meant`},
		row{"493", `493 is what YAML makes of 0755 without quotes; write "0755"`},
		row{"1023", `write "01777"`},
		row{"0o644", `write "0644"`},
		row{"u=rw,g=r", "symbolic"},
		row{"0888", "no 8 and 9"},
		row{"07777777", "is not a mode"}, row{"", "is not a mode"}, row{"-1", "want a mode in octal"},
	)
}

func TestAccountAndFileName(t *testing.T) {
	table(t, func(name string) string { return check.Account("group", name) },
		row{"root", ""}, row{"_apt", ""}, row{"systemd-network", ""}, row{"0", ""}, row{"65534", ""},
		row{"Root", "is not the name of a group"}, row{"a b", "is not the name"}, row{"", "is not the name"},
		row{"4294967295", "too large for the number of a group"},
	)
	table(t, check.FileName, row{"core_dump", ""}, row{"a/b", "cannot be"}, row{".x", "cannot be"}, row{"", "cannot be"})
}

func TestScript(t *testing.T) {
	table(t, joined(check.Script),
		row{"#!/bin/sh\necho\n", ""}, row{"#! /usr/bin/env bash\n", ""}, row{"#!/usr/bin/env -S python3 -I\n", ""}, row{"#!/bin/sh -eu", ""},
		row{"", "is empty"}, row{" \n", "is empty"},
		row{"echo hello", "line 1: has no interpreter"},
		row{"#/bin/sh\n", "did you mean #!/bin/sh?"}, row{"!#/bin/sh\n", "did you mean"},
		row{"\n#!/bin/sh", "something before #!"},
		row{"\ufeff#!/bin/sh", "byte order mark"},
		row{"#!\n", "names no interpreter"},
		row{"#!bash\n", "want #!/bin/bash"}, row{"#!python3\n", "want #!/usr/bin/env python3"},
		row{"#!/usr/bin/env\n", "env is given no program"},
		row{"#!/usr/bin/env bash -e\n", "want #!/usr/bin/env -S bash -e"},
		row{"#!/bin/\n", "is a directory"},
		row{"#!/bin/sh\r\necho\r\n", "line 1: ends with a carriage return"},
		row{"#!/bin/sh\necho \x00", "line 2: has a NUL"},
		row{"#!/bin/sh\n\xff", "is not text in UTF-8"},
		row{"#!/bin/sh " + strings.Repeat("x", 300), "Linux reads 255"},
	)
}

func TestLimits(t *testing.T) {
	domain := func(item string) func(string) string {
		return func(domain string) string { return check.LimitDomain(domain, item) }
	}
	table(t, domain("nofile"),
		row{"root", ""}, row{"@adm", ""}, row{"*", ""}, row{"1000:", ""}, row{":1000", ""}, row{"1000:2000", ""}, row{"@500:600", ""},
		row{"", "is no domain"}, row{"a b", "is no domain"}, row{"%adm", "for maxlogins alone"},
		row{"2000:1000", "is empty"}, row{"a:b", "is not a range"}, row{":", "is not a range"},
	)
	table(t, domain("maxlogins"), row{"%", ""}, row{"%adm", ""}, row{"%:100", ""}, row{"%1:100", "is not a range"})
	table(t, check.LimitType, row{"soft", ""}, row{"-", ""}, row{"hrd", "did you mean hard?"}, row{"both", "both is written -"})
	table(t, check.LimitItem, row{"nofile", ""}, row{"nofiles", "did you mean nofile?"}, row{"memory", "unknown item"})
	value := func(item string) func(string) string {
		return func(value string) string { return check.LimitValue(item, value) }
	}
	table(t, value("nofile"), row{"65536", ""}, row{"unlimited", ""}, row{"-1", ""}, row{"unlimted", "did you mean unlimited?"}, row{"-5", "is not a value"}, row{"many", "is not a value"})
	table(t, value("memlock"), row{"64M", "want the number of KiB alone"})
	table(t, value("nice"), row{"-20", ""}, row{"20", "from -20 to 19"}, row{"unlimited", "from -20 to 19"})
	table(t, value("nonewprivs"), row{"1", ""}, row{"yes", "known: 0, 1"})
	table(t, value("chroot"), row{"/srv", ""}, row{"srv", "absolute"})
	table(t, value("nofiles"), row{"whatever", ""})
}

func TestModules(t *testing.T) {
	table(t, check.Module,
		row{"br_netfilter", ""}, row{"8021q", ""}, row{"snd-hda-intel", ""},
		row{"dummy.ko", "write its name: dummy"}, row{"kernel/net/dummy.ko.xz", "write its name: dummy"},
		row{"a b", "is not a module's name"}, row{"", "is not a module's name"},
		row{strings.Repeat("a", 56), "at most 55"},
	)
	argument := func(value string) string { return check.ModuleArgument("mode", value) }
	table(t, argument, row{"4", ""}, row{"", ""}, row{"0:1,2", ""}, row{`"a b"`, ""},
		row{"a b", "has spaces"}, row{"a\nb", "not one line"}, row{`a\`, "joins the next line"})
	assert.Contains(t, check.ModuleArgument("mode=4", ""), "is not a parameter's name")
}

func TestKernelArgument(t *testing.T) {
	flag := func(name string) string { return check.KernelArgument(name, nil) }
	table(t, flag, row{"quiet", ""}, row{"systemd.unified_cgroup_hierarchy", ""}, row{"", "want an argument's name"},
		row{"a=b", "is not an argument's name"}, row{"a b", "is not"}, row{"crashkernel", "needs a value"})
	value := func(name string) func(string) string {
		return func(value string) string { return check.KernelArgument(name, &value) }
	}
	table(t, value("dpdk-socket-mem"), row{"4096,4096", ""}, row{"", ""}, row{"a b", "has a space"}, row{"$x", "cannot hold"})
	table(t, value("console"), row{"ttyS0,115200n8", ""}, row{"tty0", ""}, row{"ttyAMA0,115200", ""}, row{"hvc0", ""}, row{"", ""},
		row{"ttyS0,115200m8", "are not options"}, row{"/dev/ttyS0", "without /dev/"}, row{"serial", "unknown console"})
	table(t, value("crashkernel"), row{"768M", ""}, row{"768MB", "write 768M"})
}

func TestCrashkernel(t *testing.T) {
	table(t, check.Crashkernel,
		row{"768M", ""}, row{"64M@16M", ""}, row{"512m,high", ""}, row{"0,low", ""}, row{"1G-2G:128M,2G-:256M", ""}, row{"2G-:256M@32M", ""}, row{"0x10000000", ""},
		row{"auto", "Red Hat's"}, row{"768", "did you mean 768M?"}, row{"0", "reserves nothing"}, row{"", "is not a size"},
		row{"768MiB", "write 768M"}, row{"lots", "is not a size"}, row{"1.5G", "is not a size"},
		row{"512M,hihg", "unknown kind of memory"}, row{"512M@1M,high", "is not a size"}, row{"512M,high@1M", "has an offset"},
		row{"2G-1G:256M", "is empty"}, row{"2G:256M", "is not a range"}, row{"2G-:256M,512M", "is not a range"}, row{"2G-:", "is not a size"},
		row{"99999999999999999999M", "too large"}, row{"9999999999T", "too large"},
	)
}

func TestNamePolicies(t *testing.T) {
	table(t, joined(check.NamePolicy), row{"kernel database onboard path slot", ""}, row{"mac keep", ""}, row{"", ""},
		row{"kernal", "did you mean kernel?"}, row{"path,slot", "separated by spaces"})
	table(t, joined(check.AlternativeNamesPolicy), row{"database onboard path slot mac", ""},
		row{"kernel path", "for NamePolicy alone"}, row{"onbord", "did you mean onboard?"})
}

func TestDatasource(t *testing.T) {
	table(t, check.Datasource, row{"ConfigDrive", ""}, row{"None", ""}, row{"nocloud", "did you mean NoCloud?"}, row{"Openstak", "did you mean OpenStack?"})
}

func TestSerialOption(t *testing.T) {
	option := func(name string) func(string) string {
		return func(value string) string { return check.SerialOption(name, value) }
	}
	table(t, option("speed"), row{"115200", ""}, row{"9600", ""},
		row{"ttyS0,115200n8", "GRUB wants the speed alone: 115200"}, row{"115200n8", "GRUB wants the speed alone: 115200"},
		row{"fast", "is not a speed"}, row{"115201", "is not a speed"})
	table(t, option("word"), row{"8", ""}, row{"9", "unknown word length"})
	table(t, option("parity"), row{"no", ""}, row{"none", "unknown parity"})
	table(t, option("stop"), row{"1", ""}, row{"3", "unknown number"})
	table(t, option("unit"), row{"0", ""}, row{"ttyS0", "whole number"})
	table(t, option("port"), row{"0x3f8", ""}, row{"", "wants a value"})
	table(t, option("--speed"), row{"115200", "want the name alone: speed"})
	table(t, option("sped"), row{"115200", "did you mean speed?"})
}

func TestUserData(t *testing.T) {
	multipart := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==b==\"\n\n--==b==\nContent-Type: text/cloud-config\n\n#cloud-config\n"
	table(t, joined(check.UserData),
		row{"", ""}, row{"#cloud-config\nusers: []\n", ""}, row{"\n #Cloud-Config\n", ""}, row{"#cloud-config-archive\n- x\n", ""},
		row{"#!/bin/sh\ntrue\n", ""}, row{"#include\nhttps://example.org/a\n# more\n", ""}, row{"#include https://example.org/a", ""},
		row{"## template: jinja\n#cloud-config\n{% if x %}a: {{ b }}{% endif %}\n", ""},
		row{multipart + "\n--==b==--\n", ""}, row{multipart, ""}, row{"#part-handler\n", ""},
		row{"hello", "cloud-init ignores user data"}, row{"users: []", "ignores user data"},
		row{"#cloudconfig\nusers: []", "did you mean #cloud-config?"}, row{"# cloud-config\n", "did you mean #cloud-config?"},
		row{"#cloud-config\n- a", "line 2: want a mapping"}, row{"\n\n#cloud-config\n- a", "line 4: want a mapping"},
		row{"#cloud-config\na: [", "is not valid YAML"},
		row{"#cloud-config\na: 1\na: 2\n", `already defined`}, row{"#cloud-config-archive\na: 1", "want a list"},
		row{"#!sh\n", "the script: line 1: sh is not an absolute path"},
		row{"#include\nexample\n", "line 2: is not a URL"}, row{"#include\n", "is given no URL"},
		row{"## template: jinja\nusers: []\n", "line 2: cloud-init ignores"},
		row{"Content-Type: multipart/mixed; boundary=b\n\n", "has no MIME-Version"},
		row{"MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n", "has no boundary"},
		row{"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b--\n", "has no parts"},
		row{"MIME-Version: 1.0\nContent-Type: ;\n\n", "has no right Content-Type"},
	)
	assert.NotContains(t, joined(check.UserData)("hunter2"), "hunter2", "a text of another kind may be a secret")
}

func TestTemplate(t *testing.T) {
	assert.True(t, check.Template("kubelet={{ k8s_version }}"))
	assert.True(t, check.Template("{% if x %}"))
	assert.False(t, check.Template("${x} {y}"))
}

func FuzzTexts(f *testing.F) {
	f.Add("[Unit]\nA=b\\\n c\n[Install]\nWantedBy=x.target")
	f.Add("#cloud-config\na: {b: [1]}")
	f.Add("#!/bin/sh\r\n")
	f.Add("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--")
	f.Add("1G-2G:128M,2G-:256M@4M")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.service", "a.mount", "a@.timer", text} {
			assert.LessOrEqual(t, len(check.Unit(name, text, true)), 11)
			check.UnitName(text)
		}
		check.UserData(text)
		check.Script(text)
		check.Crashkernel(text)
		check.KernelArgument("console", &text)
		check.Mode(text)
		check.Path(text)
		check.SerialOption("speed", text)
		check.LimitDomain(text, "maxlogins")
		check.LimitValue("nofile", text)
		check.Module(text)
		check.NamePolicy(text)
	})
}
