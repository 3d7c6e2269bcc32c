package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/meminfo"
)

// Machine is a machine.Machine in a virtual machine. It ends with this process: at once where the
// system tells (Linux), else as its connection does.
type Machine struct {
	*machine.Session
	config      Config
	credentials machine.Credentials
	process     *process
	ports       map[machine.Door]int
	hold        *hold
	made        atomic.Bool // NewDisk was called
	// background ends with Close.
	background context.CancelFunc
	watching   sync.WaitGroup
	closing    func() error
}

var _ machine.Machine = (*Machine)(nil)

// Dial is machine.Machine's.
func (m *Machine) Dial(ctx context.Context, d machine.Door) (net.Conn, error) {
	port, ok := m.ports[d]
	if !ok {
		return nil, fmt.Errorf("no door %q", d)
	}
	select {
	case <-m.process.ended:
		return nil, fmt.Errorf("reach the machine's %s door: %w", d, m.process.why())
	default:
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", loopback(port))
	if err != nil {
		return nil, fmt.Errorf("reach the machine's %s door: %w", d, err)
	}
	return conn, nil
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// ClientConfig is machine.Machine's.
func (m *Machine) ClientConfig() *ssh.ClientConfig { return m.credentials.ClientConfig() }

// Access is machine.Machine's.
func (m *Machine) Access() machine.Access {
	return machine.Access{
		Network: "tcp", Address: loopback(m.ports[machine.Toolbox]),
		KeyFile: m.config.path(keyFile), KnownHost: string(m.credentials.KnownHost()),
	}
}

// Gateway is machine.Machine's.
func (m *Machine) Gateway() string { return gateway }

// resized waits until the kernel has learnt the size $2 of the disk $1, and lets go of what it has kept
// of an earlier one.
const resized = `for round in $(seq 100); do
	[ "$(blockdev --getsize64 "$1")" != "$2" ] || exec blockdev --flushbufs "$1"
	sleep 0.1
done
echo "the disk's size is $(blockdev --getsize64 "$1") instead of $2" >&2
exit 1`

// Memory is machine.Machine's.
func (m *Machine) Memory(ctx context.Context) (int64, error) {
	var text bytes.Buffer
	if err := m.Run(ctx, machine.Command{Args: []string{"cat", meminfo.Path}, Stdout: &text}); err != nil {
		return 0, fmt.Errorf("read the machine's memory: %w", err)
	}
	return meminfo.Available(text.String()), nil
}

// NewDisk is machine.Machine's.
func (m *Machine) NewDisk(ctx context.Context, size int64) error {
	// An earlier one's bytes go with its size.
	for _, size := range []int64{0, size} {
		err := m.process.qmp.execute(ctx, "block_resize", map[string]any{"device": outputDisk, "size": size}, nil)
		if err == nil {
			args := []string{"sh", "-c", resized, "resize", machine.Disk, strconv.FormatInt(size, 10)}
			err = m.Run(ctx, machine.Command{Args: args})
		}
		if err != nil {
			return fmt.Errorf("make the disk: %w", err)
		}
	}
	m.made.Store(true)
	return nil
}

// offTimeout is how long a machine may take to write what it has and turn itself off.
const offTimeout = 2 * time.Minute

// PowerOff is machine.Machine's.
func (m *Machine) PowerOff(ctx context.Context) (disk string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, offTimeout, errors.New("the virtual machine does not turn itself off"))
	defer cancel()
	// The disk alone matters: what Scratch has not written yet never needs to be.
	if err := m.Run(ctx, machine.Command{Args: []string{"blockdev", "--flushbufs", machine.Disk}}); err != nil {
		return "", errors.Join(fmt.Errorf("turn the machine off: %w", err), m.Close())
	}
	m.process.expectEnd()
	m.hold.release()
	select {
	case <-m.process.ended:
		err = m.process.verdict
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		err = fmt.Errorf("turn the machine off: %w", err)
	}
	if err := errors.Join(err, m.Close()); err != nil {
		return "", err
	}
	if !m.made.Load() {
		return "", nil
	}
	return m.config.path(diskFile), nil
}

// Close is machine.Machine's. When it returns no process of the machine is left.
func (m *Machine) Close() error { return m.closing() }

func (m *Machine) end() error {
	var failed []error
	if m.process != nil {
		m.process.kill()
	}
	if m.Session != nil {
		failed = append(failed, m.Session.Close())
	}
	if m.background != nil {
		m.background()
		m.hold.release()
		m.watching.Wait()
	}
	for _, name := range []string{seedFile, scratchFile, keyFile, consoleFile} {
		failed = append(failed, m.remove(name))
	}
	return errors.Join(failed...)
}

// remove removes a file of the work directory, if it is there.
func (m *Machine) remove(name string) error {
	if err := os.Remove(m.config.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// findPorts reads the answer to the monitor's "info usernet", a line a connection:
//
//	TCP[HOST_FORWARD]  12       127.0.0.1 40123       10.0.2.15    22     0     0
func findPorts(usernet string) (map[machine.Door]int, error) {
	found := map[machine.Door]int{}
	for line := range strings.Lines(usernet) {
		if !strings.Contains(line, "HOST_FORWARD") {
			continue
		}
		var state, descriptor, source, destination string
		var port, inside int
		if _, err := fmt.Sscan(line, &state, &descriptor, &source, &port, &destination, &inside); err != nil {
			return nil, fmt.Errorf("read QEMU's ports from %q: %w", strings.TrimSpace(line), err)
		}
		for d, p := range doorPorts {
			if p == inside && port > 0 && port < 1<<16 {
				found[d] = port
			}
		}
	}
	for d := range doorPorts {
		if found[d] == 0 {
			return nil, fmt.Errorf("%w %s", errNoDoor, d)
		}
	}
	return found, nil
}
