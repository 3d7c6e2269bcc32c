package qemu_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	ossignal "os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
)

// ownerVariable makes the test binary the owner of the machine of that config (JSON), to be killed.
const ownerVariable = "AIRSHIP_TEST_OWNER_OF"

// own starts a machine, says so, and for each line of input prints what the machine answers. It ignores
// SIGINT, as Packer's SDK does.
func own() {
	ossignal.Ignore(syscall.SIGINT)
	err := func() error {
		var c qemu.Config
		if err := json.Unmarshal([]byte(os.Getenv(ownerVariable)), &c); err != nil {
			return err
		}
		ctx := context.Background()
		m, err := qemu.Start(ctx, c)
		if err != nil {
			return err
		}
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			var out bytes.Buffer
			if err := m.Run(ctx, machine.Command{Args: strings.Fields(lines.Text()), Stdout: &out}); err != nil {
				return err
			}
			fmt.Print(out.String())
		}
		return nil
	}()
	fmt.Println("owner:", err)
	os.Exit(1)
}

func TestMachineEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	c := config(t)
	c.Log = nil
	text, err := json.Marshal(struct {
		Binary                  qemu.Binary
		Accelerator             qemu.Accelerator
		Kernel, Initramfs, Work string
		Memory                  int64
		CPUs                    int
	}{c.Binary, c.Accelerator, c.Kernel, c.Initramfs, c.Work, c.Memory, c.CPUs})
	require.NoError(t, err)
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), ownerVariable+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	ask, err := cmd.StdinPipe()
	require.NoError(t, err)
	answers, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		for _, left := range pids(t, c.Work) {
			_ = syscall.Kill(left, syscall.SIGKILL)
		}
	}()
	lines := bufio.NewReader(answers)
	question := func(text string) string {
		_, err := io.WriteString(ask, text+"\n")
		require.NoError(t, err)
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		return strings.TrimSpace(line)
	}
	require.Equal(t, "localhost", question("hostname"))

	// Ctrl-C: to the process group of the foreground.
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
	time.Sleep(200 * time.Millisecond)
	assert.Equal(t, "alive", question("echo alive"))

	// Stopped, so that the guest has no part in it.
	require.NoError(t, syscall.Kill(pid(t, c.Work), syscall.SIGSTOP))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	assert.Eventually(t, func() bool { return len(pids(t, c.Work)) == 0 }, 5*time.Second, 20*time.Millisecond)
}
