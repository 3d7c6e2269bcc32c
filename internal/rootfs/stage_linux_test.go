package rootfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// fill makes a tree of what a tar archive could lose: owners, modes, links, holes, capabilities, parts of a second.
const fill = `cd /target
mkdir -p usr/bin var/tmp
echo tool >usr/bin/tool; chown 3:7 usr/bin/tool; chmod 4755 usr/bin/tool
ln usr/bin/tool usr/bin/same; ln -s tool usr/bin/link; chmod 1777 var/tmp
truncate -s 1M var/holes; echo end >>var/holes
find usr var -exec touch -h -d '2026-01-02 03:04:05.678901234' {} +
`

// look shows all of it.
const look = `cd /target && find . -printf '%P %y %m %U:%G %n %s %b %T+ %l\n' | sed 's/^ d.*//' | sort`

// counting is an installation that counts.
type counting struct {
	m     machine.Machine
	times int
}

func (c *counting) install(ctx context.Context) error {
	c.times++
	if err := MountTarget(ctx, c.m, 1); err != nil {
		return err
	}
	return c.m.Run(ctx, machine.Command{Args: []string{"sh", "-euc", fill}})
}

type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.text, format+"\n", args...)
}

func stagePlan() plan.Plan {
	return plan.Plan{RootFS: plan.RootFS{Packages: []plan.Package{{Name: "tool", Size: 1}}}}
}

func TestReuse(t *testing.T) {
	cache, p := t.TempDir(), stagePlan()
	m, _ := machinetest.Start(t)
	c, heard := &counting{m: m}, &said{}
	reuse := func() string {
		machinetest.Shell(t, m, clearTarget)
		require.NoError(t, Reuse(t.Context(), m, p, cache, heard.say, c.install))
		return machinetest.Shell(t, m, look)
	}
	want := reuse()
	assert.Contains(t, want, "usr/bin/tool f 4755 3:7 2 5 ")
	assert.Equal(t, want, reuse())
	assert.Equal(t, 1, c.times, "the kept tree was not taken")
	assert.Contains(t, heard.text.String(), "its tree is taken")

	p.RootFS.Packages[0].Version = "2"
	reuse()
	assert.Equal(t, 2, c.times, "the tree of other packages was taken")

	trees, err := filepath.Glob(filepath.Join(cache, "stages", "*"+treeEnding))
	require.NoError(t, err)
	require.Len(t, trees, 2)
	for _, tree := range trees {
		require.NoError(t, os.Truncate(tree, 40))
	}
	assert.Equal(t, want, reuse(), "a damaged tree")
	assert.Equal(t, 3, c.times)
	assert.Contains(t, heard.text.String(), "is of no use, so the packages are installed")
	assert.Equal(t, want, reuse())
	assert.Equal(t, 4, c.times, "the damaged tree stayed")
}

// The second of two builds of one tree waits for the first, and installs nothing.
func TestReuseOfTwoBuilds(t *testing.T) {
	cache, heard := t.TempDir(), &said{}
	one, _ := machinetest.Start(t)
	two, _ := machinetest.Start(t)
	first, second := &counting{m: one}, &counting{m: two}
	began, waits := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	var errs [2]error
	group.Go(func() {
		errs[0] = Reuse(t.Context(), one, stagePlan(), cache, heard.say, func(ctx context.Context) error {
			close(began)
			<-waits
			return first.install(ctx)
		})
	})
	<-began
	group.Go(func() {
		errs[1] = Reuse(t.Context(), two, stagePlan(), cache, func(format string, args ...any) {
			if strings.HasPrefix(format, "another build installs") {
				close(waits)
			}
		}, second.install)
	})
	group.Wait()
	require.NoError(t, errors.Join(errs[:]...))
	assert.Equal(t, 1, first.times)
	assert.Zero(t, second.times)
	assert.Equal(t, machinetest.Shell(t, one, look), machinetest.Shell(t, two, look))
}

func TestReuseAfterAFailure(t *testing.T) {
	cache, broken := t.TempDir(), errors.New("no space")
	m, _ := machinetest.Start(t)
	err := Reuse(t.Context(), m, stagePlan(), cache, t.Logf, func(context.Context) error { return broken })
	require.ErrorIs(t, err, broken)
	c := &counting{m: m}
	require.NoError(t, Reuse(t.Context(), m, stagePlan(), cache, t.Logf, c.install))
	assert.Equal(t, 1, c.times)
}

func TestPruneStages(t *testing.T) {
	s := stage{directory: t.TempDir(), digest: "own"}
	put := func(name string, age int) {
		file := filepath.Join(s.directory, name)
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		at := time.Now().Add(-time.Duration(age) * time.Hour)
		require.NoError(t, os.Chtimes(file, at, at))
	}
	for i := range stagesKept + 2 {
		put(fmt.Sprintf("%02d%s", i, treeEnding), i)
		put(fmt.Sprintf("%02d%s", i, lockEnding), 99)
	}
	put("own"+treeEnding, 99) // a build's own is never removed
	put("killed"+partialEnding, 0)
	put("killed"+lockEnding, 0)
	put("busy"+partialEnding, 0)
	busy, err := os.Create(filepath.Join(s.directory, "busy"+lockEnding))
	require.NoError(t, err)
	defer busy.Close()
	require.NoError(t, flock.Try(busy))

	require.NoError(t, s.prune())
	for _, name := range []string{"00.tar.zst", "11.tar.zst", "own.tar.zst", "busy.partial", "busy.lock"} {
		assert.FileExists(t, filepath.Join(s.directory, name))
	}
	for _, name := range []string{"12.tar.zst", "13.tar.zst", "13.lock", "killed.partial", "killed.lock"} {
		assert.NoFileExists(t, filepath.Join(s.directory, name))
	}
}

// What lies under the target's own file system is the machine's, and stays.
func TestClearTarget(t *testing.T) {
	m, _ := machinetest.Start(t)
	const look = "cd /target; ls -A; stat -c %i /target; grep -c ^" + targetDevice + " /proc/self/mounts || true"
	before := machinetest.Shell(t, m, look)
	machinetest.Shell(t, m, "touch /target/under")
	for range 2 { // as a step that is tried again does
		require.NoError(t, MountTarget(t.Context(), m, 1))
		machinetest.Shell(t, m, "touch /target/over")
	}
	for range 2 {
		require.NoError(t, Clear(t.Context(), m))
		assert.Equal(t, before, machinetest.Shell(t, m, look))
	}
}

func TestDescribeKernels(t *testing.T) {
	m, _ := machinetest.Start(t)
	base := &plan.Base{}
	require.NoError(t, DescribeKernels(t.Context(), m, base), "a tree without /boot")
	machinetest.Shell(t, m, "mkdir -p /target/boot; head -c 5000 /dev/zero >/target/boot/vmlinuz-6")
	require.NoError(t, DescribeKernels(t.Context(), m, base))
	assert.Equal(t, &plan.Base{}, base)
	machinetest.Shell(t, m, "echo CONFIG_EXT4_FS=y >/target/boot/config-6; echo CONFIG_XFS_FS=m >/target/boot/config-7")
	require.NoError(t, DescribeKernels(t.Context(), m, base))
	assert.Equal(t, []string{"ext4", "xfs"}, base.Filesystems)
	assert.Greater(t, base.Boot, int64(5000))
}
