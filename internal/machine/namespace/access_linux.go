package namespace

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// access is a machine.Access and what serves it.
type access struct {
	machine.Access
	dir      string
	listener *net.UnixListener
	done     sync.WaitGroup
}

// maxSocketPath is what sun_path holds on Linux, unix(7), without the final zero byte.
const maxSocketPath = 107

// listen serves the Toolbox door on a unix socket in a private directory below work, or below the
// system's temporary directory where that path would be too long.
func listen(work string, credentials machine.Credentials, control *control) (*access, error) {
	dir, err := socketDir(work, os.TempDir(), "/tmp")
	if err != nil {
		return nil, err
	}
	a := &access{dir: dir, Access: machine.Access{
		Network:   "unix",
		Address:   filepath.Join(dir, "ssh"),
		KeyFile:   filepath.Join(dir, "key"),
		KnownHost: string(credentials.KnownHost()),
	}}
	err = os.WriteFile(a.KeyFile, credentials.ClientKey, 0o600)
	if err == nil {
		a.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: a.Address, Net: "unix"})
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	a.done.Go(func() { a.serve(control) })
	return a, nil
}

// socketDir makes a directory, for this user alone, in the first of parents that is short enough.
func socketDir(parents ...string) (string, error) {
	for _, parent := range parents {
		dir, err := os.MkdirTemp(parent, "airship-")
		if err != nil {
			return "", err
		}
		if len(filepath.Join(dir, "ssh")) <= maxSocketPath {
			return dir, nil
		}
		if err := os.Remove(dir); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("no directory for a socket: the paths %q are too long", parents)
}

// serve hands each connection over until the listener is closed.
func (a *access) serve(control *control) {
	for {
		conn, err := a.listener.AcceptUnix()
		if err != nil {
			return
		}
		if file, err := conn.File(); err == nil {
			// A machine that has ended closes the connection, which says it all.
			_ = control.join(machine.Toolbox, file)
			file.Close()
		}
		conn.Close()
	}
}

func (a *access) close() error {
	err := a.listener.Close()
	a.done.Wait()
	return errors.Join(err, os.RemoveAll(a.dir))
}
