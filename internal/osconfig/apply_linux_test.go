package osconfig

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// TestRole runs everything in one machine, since filling a target takes longer than most of it.
func TestRole(t *testing.T) {
	m := newTarget(t)
	t.Run("syntax", func(t *testing.T) { testSyntax(t, m) })
	t.Run("apply", func(t *testing.T) { testApply(t, m) })
	t.Run("failures", func(t *testing.T) { testFailures(t, m) })
	t.Run("failure without a task", func(t *testing.T) { testFailureWithoutTask(t, m) })
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, m) })
	t.Run("arguments", func(t *testing.T) { testArguments(t, m) })
	t.Run("meta", func(t *testing.T) { testWriteMeta(t, m) })
	t.Run("everything", func(t *testing.T) { testEverything(t, m) })
	t.Run("problems", func(t *testing.T) { testProblems(t, m) })
	t.Run("plays", func(t *testing.T) { testPlays(t, m) })
	t.Run("no python", func(t *testing.T) { testNeedsPython(t, m) })
}

func testApply(t *testing.T, m *recorder) {
	ctx := t.Context()
	var progress lines
	options := Options{VarsYAML: []byte(testVars), Secrets: []string{plantedHash}, Epoch: testEpoch, Progress: progress.add}

	began := time.Now()
	recap, err := Apply(ctx, m, Chroot{Runner: m}, options)
	require.NoError(t, err)
	t.Logf("first run %.1f s: %s", time.Since(began).Seconds(), recap)
	assert.Equal(t, 4, recap.Changed, "%s", strings.Join(progress.all, "\n"))
	assert.Contains(t, progress.all, "Make the accounts: changed (deployer, locked, plain)")
	assert.Contains(t, progress.all, "Set the passwords: changed")

	passwd := m.read(t, "etc/passwd")
	assert.Regexp(t, `(?m)^deployer:x:\d+:\d+::/home/deployer:/bin/bash$`, passwd)
	assert.Regexp(t, `(?m)^locked:x:\d+:\d+::/home/locked:/bin/sh$`, passwd)
	assert.NotContains(t, passwd, "elsewhere")
	shadow := m.read(t, "etc/shadow")
	assert.Contains(t, shadow, "\ndeployer:"+plantedHash+":19675:0:99999:7:::\n")
	assert.Contains(t, shadow, "\nlocked:!"+plantedHash+":19675:0:99999:7:::\n")
	assert.Contains(t, shadow, "\nplain:!:19675:0:99999:7:::\n")
	assert.Equal(t, `# Written by the osconfig role from the node profile's sysctl.
kernel.panic = 3
net.ipv4.ip_local_port_range = 32768 60999
`, m.read(t, "etc/sysctl.d/60-airship.conf"))
	assert.Equal(t, "644 root:root\n", m.output(t, "stat", "--format=%a %U:%G", "/target/etc/sysctl.d/60-airship.conf"))
	m.assertNoTrace(t, "etc", "home")
	assertNotContains(t, strings.Join(append(progress.all, m.commands...), "\n"), plantedHash)

	progress.all = nil
	began = time.Now()
	recap, err = Apply(ctx, m, Chroot{Runner: m}, options)
	require.NoError(t, err)
	t.Logf("second run %.1f s: %s", time.Since(began).Seconds(), recap)
	assert.Zero(t, recap.Changed, "a second run changes nothing: %s", strings.Join(progress.all, "\n"))
	assert.Equal(t, shadow, m.read(t, "etc/shadow"))
	m.assertNoTrace(t, "etc", "home")

	options.VarsYAML = []byte(`user_management: [{name: locked, shell: /bin/bash, password: "` + otherHash + `"}]`)
	recap, err = Apply(ctx, m, Chroot{Runner: m}, options)
	require.NoError(t, err)
	assert.Equal(t, 3, recap.Changed)
	assert.Contains(t, m.read(t, "etc/shadow"), "\nlocked:"+otherHash+":")
	assert.Regexp(t, `(?m)^locked:x:\d+:\d+::/home/locked:/bin/bash$`, m.read(t, "etc/passwd"))
}

// testArguments records the arguments of the programs that change accounts: every user of the host
// can read them in /proc.
func testArguments(t *testing.T, m *recorder) {
	const programs = "useradd usermod chpasswd"
	m.output(t, "sh", "-c", `cd /target/usr/sbin && for p in `+programs+`; do mv $p $p.away
		printf '#!/bin/sh\necho %s "$@" >> /root/arguments\nexec $0.away "$@"\n' $p > $p; chmod 755 $p; done`)
	defer m.output(t, "sh", "-c", `rm /target/root/arguments; cd /target/usr/sbin && for p in `+programs+`; do mv $p.away $p; done`)

	vars := func(hash string) []byte {
		return []byte("user_management: [{name: hidden, password: '" + hash + "', password_lock: true}, {name: games, password_lock: true}, {name: bin}]")
	}
	for _, hash := range []string{plantedHash, otherHash} {
		_, err := Apply(t.Context(), m, Chroot{Runner: m}, Options{VarsYAML: vars(hash), Epoch: testEpoch})
		require.NoError(t, err)
		shadow := m.read(t, "etc/shadow")
		assert.Contains(t, shadow, "\nhidden:!"+hash+":19675:")
		assert.Regexp(t, `\ngames:!\*:`, shadow)
		assert.Regexp(t, `\nbin:\*:`, shadow)
	}
	called := m.read(t, "root/arguments")
	assert.Contains(t, called, "useradd -m hidden\n")
	assert.Contains(t, called, "chpasswd --encrypted\n")
	assertNotContains(t, called, plantedHash)
	assert.NotContains(t, called, "othersalt")
}

func testFailures(t *testing.T, m *recorder) {
	for name, c := range map[string]struct{ vars, want string }{
		"a bad account": {
			"user_management: [{name: first}, {name: x y, password: '" + plantedHash + "'}]",
			`task "Make the accounts", item "x y": useradd: invalid user name 'x y': use --badname to ignore`,
		},
		"an undefined variable": {
			`sysctl: [{name: kernel.panic, value: "{{ absent }}"}]`,
			`task "Write the configuration": Finalization of task args for 'airship_items' failed: Error while resolving value for 'entries': 'absent' is undefined`,
		},
		"an undefined variable beside a hash": {
			`user_management: [{name: one, password: "{{ absent }}` + plantedHash + `"}]`,
			`task "Make the accounts": 'absent' is undefined`,
		},
		"a wrong shape": {
			`user_management: 3`,
			"task \"Make the accounts\": The `loop` value must resolve to a 'list', not 'int'.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var progress lines
			_, err := Apply(t.Context(), m, Chroot{Runner: m}, Options{VarsYAML: []byte(c.vars), Progress: progress.add})
			require.EqualError(t, err, c.want)
			var task *TaskError
			require.ErrorAs(t, err, &task)
			assertNotContains(t, strings.Join(progress.all, "\n")+err.Error(), plantedHash)
			m.assertNoTrace(t, "etc", "home")
		})
	}
}

func testFailureWithoutTask(t *testing.T, m *recorder) {
	// YAML to Go, but not to Ansible, which then quotes the line.
	vars := "user_management: [{name: one, password: !foo " + plantedHash + "}]\n"
	_, err := Apply(t.Context(), m, Chroot{Runner: m}, Options{VarsYAML: []byte(vars)})
	require.ErrorContains(t, err, "run ansible-playbook: YAML parsing failed")
	assert.NotContains(t, err.Error(), "WARNING")
	assertNotContains(t, err.Error(), plantedHash)
	m.assertNoTrace(t, "etc", "home")
}

func testNeedsPython(t *testing.T, m *recorder) {
	// It leaves the target without Python, so it comes last.
	hide := func(from string) {
		require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"mv", "/target" + from, "/target" + from + ".away"}}))
	}
	hide("/usr/lib/python3.13/zipfile")
	err := CheckPython(t.Context(), Chroot{Runner: m})
	require.ErrorContains(t, err, "python3-minimal is not enough")
	hide("/usr/bin/python3")
	err = CheckPython(t.Context(), Chroot{Runner: m})
	require.ErrorIs(t, err, ErrNoPython)
	require.EqualError(t, err, "in the image there is no /usr/bin/python3, which Ansible needs: add python3 to the profile's spec.software.packages")
}

func testCancelled(t *testing.T, m *recorder) {
	const slow = `cd /target/usr/sbin && mv useradd useradd.away && printf '#!/bin/sh\nexec sleep 1234\n' > useradd && chmod 755 useradd`
	m.output(t, "sh", "-c", slow)
	defer m.output(t, "mv", "/target/usr/sbin/useradd.away", "/target/usr/sbin/useradd")
	running := func() bool {
		return strings.Contains(m.output(t, "sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"), "sleep 1234 ")
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Apply(ctx, m.Machine, Chroot{Runner: m.Machine}, Options{VarsYAML: []byte("user_management: [{name: late}]")})
		ended <- err
	}()
	require.Eventually(t, running, time.Minute, 100*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	assert.False(t, running(), "the module's process goes on")
	m.assertNoTrace(t, "etc", "home", "usr")
}

func testSyntax(t *testing.T, m *recorder) {
	run := playRun{runner: m, target: Chroot{Runner: m}, options: Options{VarsYAML: []byte(testVars)}, private: "/scratch/check"}
	run.connection = run.target.connection(run.private, "/tmp", 0)
	require.NoError(t, run.upload(t.Context()))
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{"ansible-playbook", "--syntax-check", "/scratch/check/configure.yaml"},
		Env:  []string{"ANSIBLE_CONFIG=/scratch/check/ansible.cfg"},
	}))
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"rm", "-r", "/scratch/check"}}))
}
