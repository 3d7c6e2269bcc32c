package namespace

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// control is the socket over which the machine's first process is given connections: each message
// is a door's name with one connection as SCM_RIGHTS, unix(7).
type control struct{ conn *net.UnixConn }

// newControl returns our end and the one for the process inside.
func newControl() (*control, *os.File, error) {
	ours, inside, err := socketpair(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, nil, err
	}
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		inside.Close()
		return nil, nil, err
	}
	return &control{conn.(*net.UnixConn)}, inside, nil
}

func socketpair(kind int) (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// dial connects to a door.
func (c *control) dial(door machine.Door) (net.Conn, error) {
	ours, inside, err := socketpair(unix.SOCK_STREAM)
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	defer inside.Close()
	if err := c.join(door, inside); err != nil {
		return nil, err
	}
	return net.FileConn(ours)
}

// join has a new SSH server behind door serve conn.
func (c *control) join(door machine.Door, conn *os.File) error {
	rights := unix.UnixRights(int(conn.Fd()))
	if _, _, err := c.conn.WriteMsgUnix([]byte(door), rights, nil); err != nil {
		return fmt.Errorf("the machine has ended: %w", err)
	}
	return nil
}

func (c *control) close() { c.conn.Close() }
