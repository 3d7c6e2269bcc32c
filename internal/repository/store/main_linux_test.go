package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// order is what a test asks of the test binary run again, as JSON in this variable.
const orderVariable = "STORE_TEST_ORDER"

type order struct {
	Dir   string
	Items []Item
	// Parallel is the Fetcher's option.
	Parallel int
	// Tmpfs mounts one of that many bytes at Dir first.
	Tmpfs int
	// Put is how many bytes to Put, instead of a Fetch.
	Put int
}

// TestMain is also the other process of the tests about several processes.
func TestMain(m *testing.M) {
	text := os.Getenv(orderVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.carryOut(context.Background())
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (o order) carryOut(ctx context.Context) error {
	if o.Tmpfs > 0 {
		if err := mountTmpfs(o.Dir, o.Tmpfs); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
	}
	s, err := Open(o.Dir)
	if err != nil {
		return err
	}
	if o.Put > 0 {
		_, err = s.Put(ctx, bytes.NewReader(make([]byte, o.Put)))
	} else {
		var f *Fetcher
		f, err = NewFetcher(s, Options{
			Backoff:  time.Millisecond,
			Parallel: o.Parallel,
			Log:      func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
		})
		if err != nil {
			return err
		}
		err = f.Fetch(ctx, o.Items)
	}
	for _, path := range complete(o.Dir) {
		fmt.Println("complete:", filepath.Base(path))
	}
	return err
}

// again is the test binary with an order; the caller starts it.
func again(t *testing.T, o order) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	command := exec.Command("/proc/self/exe")
	command.Env = append(os.Environ(), orderVariable+"="+string(text))
	output := &bytes.Buffer{}
	command.Stdout, command.Stderr = output, output
	return command, output
}
