//go:build acceptance

package acceptance

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInterrupt ends builds half-way, politely and not; the next one starts clean.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		name      string
		isolation string
		during    string // what packer says then
		signal    syscall.Signal
	}{
		{"Ctrl-C", "namespace", "packages unpacked", syscall.SIGINT},
		{"Ctrl-C while the image is written", "namespace", "Writing the image", syscall.SIGINT},
		{"kill -9", "namespace", "packages unpacked", syscall.SIGKILL},
		{"Ctrl-C while a virtual machine starts", "qemu", "Starting the machine", syscall.SIGINT},
		{"Ctrl-C in a virtual machine", "qemu", "packages unpacked", syscall.SIGINT},
		{"kill -9 with a virtual machine", "qemu", "packages unpacked", syscall.SIGKILL},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t, sharedCache(t))
			// Packages are installed, whatever earlier tests did.
			r.editFile(t, "build.pkr.hcl", "  profile_yaml      =", "  reuse_stages      = false\n  profile_yaml      =")
			cmd := r.command("build", "-on-error=cleanup", "-color=false", "-var", "isolation="+c.isolation, "-var", "accelerator=tcg")
			waitFor(t, cmd, c.during)
			if c.during == "packages unpacked" {
				require.NotEmpty(t, machines(t), "the machine is not seen")
			}
			// As a terminal does: to everything that packer started and that did not leave its group.
			require.NoError(t, syscall.Kill(-cmd.Process.Pid, c.signal))
			_ = cmd.Wait() // it fails, as it should

			require.Eventually(t, func() bool { return len(machines(t)) == 0 }, 20*time.Second, 100*time.Millisecond,
				"processes of the machine are left")
			assert.NoFileExists(t, r.image())
			if c.signal == syscall.SIGKILL {
				// Only the next build can clean up after that. This one fails early.
				r.edit(t, "sudo", "no-such-package")
				r.fails(t, "build")
			}
			assertNoOutput(t, r)
			left, err := filepath.Glob(filepath.Join(sharedCache(t), "airship", "work", "*"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

// waitFor starts cmd and waits until it has said something.
func waitFor(t *testing.T, cmd *exec.Cmd, text string) {
	t.Helper()
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var said bytes.Buffer
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), text) {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	t.Fatalf("packer ended without saying %q:\n%s", text, said.String())
}

// machines are the processes that run in a namespace or in virtual machines, of builds with the shared cache.
func machines(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	own, err := os.Readlink("/proc/self/ns/user")
	require.NoError(t, err)
	cache := onFilesystem(t, sharedCache(t))
	var found []string
	for _, process := range all {
		namespace, err := os.Readlink(process + "/ns/user")
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(process + "/cmdline")
		virtual := bytes.HasPrefix(programName(line), []byte("qemu-system-")) && bytes.Contains(line, []byte(sharedCache(t)))
		// A machine has directories of the cache mounted. Other namespaces are none of these tests.
		mounts, _ := os.ReadFile(process + "/mountinfo")
		inside := namespace != own && bytes.Contains(mounts, []byte(cache))
		if !inside && !virtual {
			continue
		}
		found = append(found, process+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
	}
	return found
}

// onFilesystem is a path as mountinfo shows it (proc_pid_mountinfo(5)): from the top of its file system.
func onFilesystem(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	var root, point string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if at := strings.TrimSuffix(fields[4], "/"); len(at) >= len(point) && strings.HasPrefix(path, at+"/") {
			root, point = fields[3], at
		}
	}
	return filepath.Join(root, strings.TrimPrefix(path, point))
}

// programName is the last part of the path at the start of a command line.
func programName(line []byte) []byte {
	program, _, _ := bytes.Cut(line, []byte{0})
	return program[bytes.LastIndexByte(program, '/')+1:]
}

func assertNoOutput(t *testing.T, r run) {
	t.Helper()
	left, err := os.ReadDir(r.output())
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	assert.Empty(t, left, "an unfinished build left files")
}
