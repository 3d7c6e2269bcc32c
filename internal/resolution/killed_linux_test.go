package resolution

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkIn makes the test binary check the profile of a directory until it is killed.
const checkIn = "AIRSHIP_TEST_CHECK_IN"

func checkUntilKilled(directory string) {
	profile, err := readProfile(filepath.Join(directory, "killed.yaml"))
	if err == nil {
		err = Check(context.Background(), CheckOptions{
			CacheDir: filepath.Join(directory, "cache"), Mirror: "http://127.0.0.1:9", Isolation: "namespace",
			Progress: func(format string, _ ...any) {
				if format == resolving {
					fmt.Println("resolving")
					select {} // until it is killed
				}
			},
		}, profile)
	}
	fmt.Println(err)
	os.Exit(1)
}

// What a killed check leaves the next one removes; its machine ends by itself.
func TestKilledCheck(t *testing.T) {
	s := newSite(t)
	profile := s.profile(t, "killed", nil, nil, repo("debian", s.debian(t), "bookworm", "main", "key.gpg"))
	o := withTools(t)
	require.NoError(t, os.Symlink(o.CacheDir, filepath.Join(s.directory, "cache")))
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), checkIn+"="+s.directory)
	output, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "resolving\n", line)
	machine := descendants(t, victim.Process.Pid)
	require.NotEmpty(t, machine)
	require.NoError(t, victim.Process.Kill())
	require.Error(t, victim.Wait())
	require.Eventually(t, func() bool { return !alive(machine) }, 10*time.Second, 10*time.Millisecond)
	left, err := os.ReadDir(filepath.Join(o.CacheDir, "work"))
	require.NoError(t, err)
	require.NotEmpty(t, left)

	require.NoError(t, Check(t.Context(), o, profile))
	assertNothingLeft(t, o.CacheDir)
}

// descendants are the processes below one, without their own threads.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	require.NoError(t, err)
	var all []int
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // a thread that has ended
		}
		for field := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(field)
			require.NoError(t, err)
			all = append(append(all, child), descendants(t, child)...)
		}
	}
	return all
}

func alive(pids []int) bool {
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err == nil && !strings.Contains(string(status), "State:\tZ") {
			return true
		}
	}
	return false
}

func TestDescendants(t *testing.T) {
	child := exec.Command("sleep", "100")
	require.NoError(t, child.Start())
	assert.Equal(t, []int{child.Process.Pid}, descendants(t, os.Getpid()))
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
}
