//go:build linux

package toolbox

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cavaliergopher/cpio"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// testBoot makes the boot files of the packages that tree has, compares and boots them.
func testBoot(t *testing.T, o Options, tree Toolbox) {
	start := time.Now()
	boot, err := EnsureBoot(t.Context(), o)
	require.NoError(t, err)
	t.Logf("%s for kernel and initramfs, with the packages present", time.Since(start))
	assert.Equal(t, tree.Digest, boot.Digest)
	t.Run("same files", func(t *testing.T) {
		assert.Empty(t, differences(sharedFiles(t, tree), initramfsInventory(t, boot)))
	})
	// Two at a time: most of the second one's time is waiting.
	t.Run("machine", func(t *testing.T) {
		t.Parallel()
		testMachine(t, boot)
	})
	t.Run("machine without a seed", func(t *testing.T) {
		t.Parallel()
		console := runMachine(t, boot)
		assert.Contains(t, console, `airship: no virtio disk has the serial number "seed"`+"\n")
		assert.NotContains(t, console, "panic")
	})
	t.Run("machine with a seed that is none", func(t *testing.T) {
		t.Parallel()
		seed := filepath.Join(t.TempDir(), "seed")
		require.NoError(t, os.WriteFile(seed, noise(8192), 0o600))
		assert.Contains(t, runMachine(t, boot, seedDisk(seed)...), "airship: cannot unpack the seed on /dev/vda: tar: ")
	})
}

// differences of two inventories, a line each: of thousands of files, a few differ at most.
func differences(tree, initramfs map[string]string) (all []string) {
	for name, want := range tree {
		if got := initramfs[name]; got != want {
			all = append(all, fmt.Sprintf("%s is %q in the tree, %q in the initramfs", name, want, got))
		}
	}
	for name, got := range initramfs {
		if _, ok := tree[name]; !ok {
			all = append(all, fmt.Sprintf("%s is %q in the initramfs alone", name, got))
		}
	}
	return all
}

// sharedFiles is what a tree has and an initramfs, too, as initramfsInventory has it.
func sharedFiles(t *testing.T, tree Toolbox) map[string]string {
	all := inventory(t, tree.Dir, 0, 0)
	for name := range all {
		inside := strings.TrimPrefix(name, "/")
		if inTreeOnly(inside) || inside == packagedModules || within(packagedModules, inside) ||
			strings.Contains(inside, "__pycache__") {
			delete(all, name)
		}
	}
	// Hard links of the tree.
	for name, target := range map[string]string{
		"/usr/bin/perl5.40.1": "../../usr/bin/perl", "/usr/bin/perlthanks": "../../usr/bin/perlbug",
	} {
		require.Contains(t, all, name)
		all[name] = "Lrwxrwxrwx 0:0 " + target
	}
	return all
}

// initramfsInventory describes every file of an initramfs as inventory does, but those that no tree has.
func initramfsInventory(t *testing.T, boot Boot) map[string]string {
	file, err := os.Open(boot.Initramfs)
	require.NoError(t, err)
	defer file.Close()
	_, files := readInitramfs(t, file)
	all := map[string]string{}
	for name, f := range files {
		if name == "init" || within("usr/lib/airship", name) || name == "usr/lib/airship" {
			continue
		}
		mode := f.FileInfo().Mode()
		line := fmt.Sprintf("%s %d:%d", mode, f.Uid, f.Guid)
		switch {
		case mode.IsRegular():
			line += fmt.Sprintf(" %x", sha256.Sum256([]byte(f.content)))
		case f.Mode&cpio.ModeType == cpio.TypeSymlink:
			line = fmt.Sprintf("Lrwxrwxrwx %d:%d %s", f.Uid, f.Guid, f.Linkname)
		}
		if name == "." {
			name = ""
		} else {
			name = "/" + name
		}
		all[name] = line
	}
	return all
}

// seedScript is a second stage that asks the machine what it can do, a line an answer.
const seedScript = `
ask() {
	what=$1
	shift
	printf 'asked %s: %s\n' "$what" "$("$@" 2>&1 | tr '\n' ' ')"
}
read -r up rest </proc/uptime
echo "second stage after $up s"
mkdir /run/sshd
. /etc/os-release
echo "asked release: $ID $VERSION_CODENAME"
ask awk awk 'BEGIN { print 6 * 7 }'
ask mmdebstrap mmdebstrap --version
ask hardlink perl5.40.1 -e 'print 6 * 7'
ask sshd sshd -V
ssh-keygen -q -t ed25519 -N '' -f /run/key
ask config sshd -t -f /dev/null -h /run/key
ask shadow stat -c '%a %U %G' /etc/shadow
ask tmp stat -c '%a %U' /tmp /var/run/.
ask run stat -f -c %T /run
ask serving stat -c '%F' /dev/null
ask time date -u -r /usr/lib/airship/modules +%F
ask user id -un
ask owner stat -c '%U' /run/airship/init
ask ext4 grep -c 'ext4$' /proc/filesystems
ask modules awk '{ print $1 }' /proc/modules
ifconfig eth0 10.0.2.15/24 up && route add default gw 10.0.2.2
ask address awk '/10.0.2.15/ { print $2 }' /proc/net/fib_trie
ask route awk '$2 == "00000000" { print $1, $3 }' /proc/net/route
ask network bash -c 'exec 3<>/dev/tcp/10.0.2.100/7; echo sent >&3; head -n 1 <&3'
echo o >/proc/sysrq-trigger
sleep 60
`

// testMachine boots with the script above as the second stage.
func testMachine(t *testing.T, boot Boot) {
	seed := filepath.Join(t.TempDir(), "seed")
	require.NoError(t, os.WriteFile(seed, seedArchive(t, "run/airship/init", seedScript), 0o600))
	console := runMachine(t, boot, append(seedDisk(seed), "-device", "virtio-rng-pci",
		"-netdev", "user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat", "-device", "virtio-net-pci,netdev=net")...)
	t.Log(console)
	for what, want := range map[string]string{
		"release":    "debian trixie",
		"awk":        "42 ",
		"mmdebstrap": "mmdebstrap 1.5.7 ",
		"hardlink":   "42",
		"config":     "",
		"shadow":     "640 root shadow ",
		"tmp":        "1777 root 755 root ",
		"run":        "tmpfs ",
		"serving":    "character special file ",
		"time":       boot.Pin.Date.UTC().Format("2006-01-02") + " ",
		"user":       "root ",
		"owner":      "root ",
		"ext4":       "1 ",
		"route":      "eth0 0202000A ",
		"network":    "sent ",
	} {
		assert.Contains(t, console, fmt.Sprintf("asked %s: %s\n", what, want))
	}
	assert.Contains(t, console, "asked sshd: OpenSSH_")
	for _, module := range []string{"virtio_blk", "virtio_net", "net_failover", "failover", "virtio_rng", "isofs", "cdrom"} {
		assert.Regexp(t, `asked modules: .*\b`+module+` `, console)
	}
	assert.Regexp(t, `asked address: .*10\.0\.2\.15`, console)
	assert.NotContains(t, console, "airship: ")
}

// seedArchive is a tar with one file, which belongs to somebody.
func seedArchive(t *testing.T, name, content string) []byte {
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	require.NoError(t, w.WriteHeader(&tar.Header{
		Name: name, Mode: 0o644, Uid: 1234, Gid: 1234, Size: int64(len(content)),
	}))
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return data.Bytes()
}

func seedDisk(name string) []string {
	return []string{
		"-drive", "if=none,id=seed,format=raw,readonly=on,file=" + name,
		"-device", "virtio-blk-pci,drive=seed,serial=seed",
	}
}

// runMachine boots without acceleration and returns the console's text, when the machine has switched itself off.
func runMachine(t *testing.T, boot Boot, args ...string) string {
	if boot.Pin.Architecture != "amd64" {
		t.Skip("the arguments are a PC's; machine/qemu's contract boots the others")
	}
	qemu, err := exec.LookPath("qemu-system-x86_64")
	require.NoError(t, err, "make test installs QEMU")
	// no_timer_check: on a busy host, Linux now and then finds its emulated timer too slow to be one, and panics.
	args = append([]string{
		"-machine", "q35", "-accel", "tcg", "-cpu", "max,-cx16", "-m", "1500",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
		"-kernel", boot.Kernel, "-initrd", boot.Initramfs, "-append", "console=ttyS0 panic=-1 quiet no_timer_check",
	}, args...)
	output, err := exec.CommandContext(t.Context(), qemu, args...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	return strings.ReplaceAll(string(output), "\r\n", "\n")
}

// TestForeignKernel extracts Debian's kernel for arm64, with the packages that tests of other rooms have downloaded.
func TestForeignKernel(t *testing.T) {
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	files, err := store.Open(filepath.Join(cache, "airship-test", "store"))
	require.NoError(t, err)
	fetcher, err := store.NewFetcher(files, store.Options{})
	require.NoError(t, err)
	t.Cleanup(fetcher.Close)
	name, err := EnsureKernel(t.Context(), Options{
		CacheDir: t.TempDir(), Architecture: "arm64", Mirror: hostMirror(t), Store: files, Fetcher: fetcher, Progress: t.Logf,
	})
	require.NoError(t, err)
	kernel, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, armMagic, string(kernel[armMagicAt:armMagicAt+4]))
	// booting.rst: at 16 the size that it needs in memory, which is its file's and its zeroed data's.
	size := binary.LittleEndian.Uint64(kernel[16:])
	assert.Greater(t, size, uint64(len(kernel)))
	assert.Less(t, size, uint64(2*len(kernel)))
}
