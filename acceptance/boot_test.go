//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
)

// node is a computer that can be booted from a disk that it writes to.
type node struct {
	name string
	dir  string // holds its files
	disk string // raw or qcow2, see format
	// format of the disk, as QEMU names it.
	format string
	// direct are QEMU's arguments for a kernel that is started without a boot loader; empty: the disk's own.
	direct []string
	// controller are QEMU's arguments for what the disk, the drive root, is attached to; empty: virtio.
	controller []string
	// partition of the root file system; 0: the disk has none.
	partition int
}

// stockNode makes a disk of a stock machine, which is stopped: one ext4 file system, without what newStock put
// there for the time of provisioning. Its kernel is started without a boot loader.
func stockNode(t *testing.T, s *stock) node {
	t.Helper()
	s.stop()
	n := node{name: "stock", dir: t.TempDir(), format: "raw"}
	n.disk = filepath.Join(n.dir, "disk.raw")
	for _, name := range []string{"etc/resolv.conf", "usr/sbin/policy-rc.d"} {
		require.NoError(t, os.RemoveAll(filepath.Join(s.tree, name)))
	}
	one := func(pattern string) string {
		found, err := filepath.Glob(filepath.Join(s.tree, "boot", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		return found[len(found)-1]
	}
	// norandmaps: see docs/architecture.md.
	n.direct = []string{
		"-kernel", one("vmlinuz-*"), "-initrd", one("initrd.img-*"),
		"-append", "root=LABEL=stock rw console=ttyS0,115200n8 panic=1 norandmaps",
	}
	tool(t, "mke2fs", "-q", "-t", "ext4", "-L", "stock", "-d", s.tree, n.disk, "3G")
	return n
}

// imageNode boots a copy of an image through the image's own boot loader; the image stays as it is.
func imageNode(t *testing.T, image string, partition int) node {
	t.Helper()
	n := node{name: "image", dir: t.TempDir(), format: "qcow2", partition: partition}
	n.disk = filepath.Join(n.dir, "disk.qcow2")
	tool(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, n.disk)
	return n
}

// booted is what a boot gave.
type booted struct {
	// state is systemd's, as in running or degraded; then the logs of units that failed.
	state string
	// etc is a directory with the node's /etc.
	etc string
}

// bootAndReadEtc boots nodes side by side, waits until each is up, turns it off in order and reads its /etc.
func bootAndReadEtc(t *testing.T, nodes ...node) []booted {
	t.Helper()
	binary, err := qemu.Find(t.Context(), "amd64")
	require.NoError(t, err)
	all, errs := make([]booted, len(nodes)), make([]error, len(nodes))
	var boots sync.WaitGroup
	for i, n := range nodes {
		boots.Go(func() { all[i].state, errs[i] = n.boot(t.Context(), binary) })
	}
	boots.Wait()
	for i, n := range nodes {
		require.NoError(t, errs[i], n.name)
		all[i].etc = n.readEtc(t)
	}
	return all
}

// bootTimeout is for one boot in software on a busy host.
const bootTimeout = 15 * time.Minute

// boot runs QEMU until the guest has turned itself off.
func (n node) boot(ctx context.Context, binary qemu.Binary) (state string, err error) {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	seed, report := filepath.Join(n.dir, "seed"), filepath.Join(n.dir, "report")
	if err := writeSeed(seed); err != nil {
		return "", err
	}
	args := []string{
		"-name", "airship-acceptance-" + n.name, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-machine", "q35,graphics=off", "-smp", "2", "-m", "1024",
		"-serial", "stdio", "-serial", "file:" + qemu.Escape(report),
		// The slots are given, since names of network interfaces follow from them.
		"-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile=,addr=4",
		"-drive", fmt.Sprintf("if=none,id=root,file=%s,format=%s,cache=unsafe", qemu.Escape(n.disk), n.format),
		// A directory as a FAT file system.
		"-drive", "if=none,id=seed,format=raw,readonly=on,file.driver=vvfat,file.label=CIDATA,file.dir=" + qemu.Escape(seed),
		"-device", "virtio-blk-pci,drive=seed,addr=6",
	}
	if len(n.controller) > 0 {
		args = append(args, n.controller...)
	} else {
		args = append(args, "-device", "virtio-blk-pci,drive=root,bootindex=1,addr=5")
	}
	args = append(args, (qemu.Accelerator{Name: qemu.TCG}).Args("amd64")...)
	cmd := qemu.Command(ctx, binary.Path, append(args, n.direct...)...)
	var console, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &console, &stderr
	if err := qemu.Run(cmd); err != nil {
		return "", fmt.Errorf("QEMU: %w: %s\n%s", errors.Join(err, ctx.Err()), stderr.String(), lastLines(console.String(), 40))
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return "", err
	}
	// A terminal ends lines with both.
	state = strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
	if state == "" {
		return "", fmt.Errorf("it ended without a report:\n%s", lastLines(console.String(), 40))
	}
	return state, nil
}

// upScript waits in the guest until nothing more is to be started. It lies in the seed, and leaves nothing in /etc.
//
//go:embed testdata/up.sh
var upScript string

// writeSeed makes the directory from which cloud-init learns what to run. It must not itself change what is
// compared: no host name, no user.
func writeSeed(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	run := "mkdir -p /run/acceptance && printf %s " + quote(upScript) + " >/run/acceptance/up.sh && " +
		"systemd-run --no-block --collect --unit=acceptance sh /run/acceptance/up.sh"
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "meta-data"), []byte("instance-id: acceptance\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "user-data"), []byte("#cloud-config\n"+
			"preserve_hostname: true\nusers: []\nssh_genkeytypes: [ed25519]\n"+
			"bootcmd: [[sh, -c, "+strconv.Quote(run)+"]]\n"), 0o644))
}

// quote makes one word of a shell's.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// readEtc reads /etc out of the disk of a node that has been turned off.
func (n node) readEtc(t *testing.T) string {
	t.Helper()
	root := n.disk
	if n.format != "raw" {
		root = filepath.Join(n.dir, "read.raw")
		tool(t, "qemu-img", "convert", "-O", "raw", n.disk, root)
		defer os.Remove(root)
	}
	if n.partition > 0 {
		root = partition(t, root, n.partition)
	}
	// Its journal would have to be replayed first.
	assert.NotContains(t, tool(t, "dumpe2fs", "-h", root), "needs_recovery", "%s was not turned off in order", n.name)
	read := filepath.Join(n.dir, "read")
	require.NoError(t, os.Mkdir(read, 0o755))
	tool(t, "debugfs", "-R", "rdump /etc "+read, root)
	return filepath.Join(read, "etc")
}
