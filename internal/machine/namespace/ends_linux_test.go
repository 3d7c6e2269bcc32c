package namespace_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// ownerOf makes the test binary the owner of a machine of the toolbox tree it names, to be killed.
const ownerOf = "AIRSHIP_TEST_OWNER_OF"

// own starts a machine in which a command runs, prints the name of its process namespace, and for
// each line of input prints what the machine answers. It ignores SIGINT, as Packer's SDK does.
func own(tree string) {
	signal.Ignore(syscall.SIGINT)
	err := func() error {
		ctx := context.Background()
		mapping, err := userns.Detect(ctx)
		if err != nil {
			return err
		}
		m, err := namespace.Start(ctx, namespace.Config{
			Toolbox: tree, Work: os.Getenv("AIRSHIP_TEST_WORK"), Mapping: mapping,
		})
		if err != nil {
			return err
		}
		go func() { _ = m.Run(ctx, machine.Command{Args: []string{"setsid", "sleep", "1000"}}) }()
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
	mapping, err := userns.Detect(t.Context())
	require.NoError(t, err)
	work, err := os.MkdirTemp("", "airship-work-")
	require.NoError(t, err)
	defer func() { assert.NoError(t, mapping.Remove(t.Context(), work)) }()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), ownerOf+"="+machinetest.Toolbox(t, mapping), "AIRSHIP_TEST_WORK="+work)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	ask, err := cmd.StdinPipe()
	require.NoError(t, err)
	answers, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	lines := bufio.NewReader(answers)
	question := func(text string) string {
		_, err := io.WriteString(ask, text+"\n")
		require.NoError(t, err)
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		return strings.TrimSpace(line)
	}
	space := question("readlink /proc/self/ns/pid")
	require.Regexp(t, `^pid:\[\d+\]$`, space)
	require.Eventually(t, func() bool { return len(pidsIn(t, space)) >= 3 }, 5*time.Second, 20*time.Millisecond)

	// Ctrl-C: to the process group of the foreground.
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
	time.Sleep(200 * time.Millisecond)
	assert.Equal(t, "alive", question("echo alive"))

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	assert.Eventually(t, func() bool { return len(pidsIn(t, space)) == 0 }, 5*time.Second, 20*time.Millisecond)
}
