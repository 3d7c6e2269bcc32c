package namespace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/meminfo"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// Machine is a machine.Machine. It ends with this process, whichever way that ends.
type Machine struct {
	*machine.Session
	credentials machine.Credentials
	process     *userns.Process
	control     *control
	// disk is the path of machine.Disk on the host; empty before NewDisk.
	disk    string
	access  *access
	work    string
	closing func() error
}

var _ machine.Machine = (*Machine)(nil)

// Start makes a machine. The caller closes it.
func Start(ctx context.Context, config Config) (*Machine, error) {
	credentials, err := machine.NewCredentials()
	if err != nil {
		return nil, err
	}
	private, err := machine.ServerFiles(credentials, config.Proxies)
	if err != nil {
		return nil, err
	}
	if len(config.CABundle) > 0 {
		private[machine.ExtraAuthorities] = config.CABundle
	}
	resolvConf, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	m := &Machine{credentials: credentials, work: config.Work}
	m.closing = sync.OnceValue(m.end)
	err = m.start(ctx, config, request{
		Same: config.Mapping.Same, ResolvConf: resolvConf, Private: private,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a machine in a user namespace: %w", err), m.Close())
	}
	return m, nil
}

func (m *Machine) start(ctx context.Context, config Config, request request) error {
	if err := prepare(config); err != nil {
		return err
	}
	trees := treesOf(config)
	var files []*os.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	control, inside, err := newControl()
	if err != nil {
		return err
	}
	m.control, files = control, append(files, inside)
	if config.Mapping.Shifted() {
		for _, tree := range trees {
			mount, err := openTree(tree)
			if err != nil {
				return err
			}
			files = append(files, mount)
		}
	} else {
		request.Trees = trees
	}
	if err := m.boot(ctx, config.Mapping, request, files); err != nil {
		return err
	}
	conn, err := m.Dial(ctx, machine.Toolbox)
	if err != nil {
		return err
	}
	m.Session, err = machine.NewSession(ctx, conn, m.ClientConfig())
	if err != nil {
		return fmt.Errorf("%w: %s", err, m.process.Output())
	}
	m.access, err = listen(config.Work, m.credentials, m.control)
	return err
}

// boot starts the machine's first process and waits until it is ready.
func (m *Machine) boot(ctx context.Context, mapping userns.Mapping, request request, files []*os.File) error {
	up := make(chan struct{})
	process, err := mapping.Start(ctx, userns.Job{
		Entry:      Entry,
		Request:    request,
		Files:      files,
		Namespaces: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Progress: func(line string) {
			if line == ready {
				close(up)
			}
		},
	})
	if err != nil {
		return err
	}
	m.process = process
	select {
	case <-up:
		return nil
	case <-process.Done():
		return process.Wait()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// treesOf are the directories that make up a machine, in the order that Init takes them.
func treesOf(config Config) []string {
	trees := []string{config.Toolbox}
	for _, point := range workDirs {
		trees = append(trees, filepath.Join(config.Work, point))
	}
	return trees
}

// prepare makes the work directory's parts and gives them to the mapped root.
func prepare(config Config) error {
	if _, err := os.Stat(filepath.Join(config.Toolbox, machine.ServerCommand(machine.Toolbox)[0])); err != nil {
		return fmt.Errorf("%s is no toolbox: %w", config.Toolbox, err)
	}
	if err := config.Mapping.Chown(config.Work); err != nil {
		return err
	}
	if err := os.Chmod(config.Work, 0o700); err != nil {
		return err
	}
	for _, point := range workDirs {
		dir := filepath.Join(config.Work, point)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		if err := config.Mapping.Chown(dir); err != nil {
			return err
		}
		// Whatever the umask was: an SSH server enters no directory that others can write.
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// workDirs are the writable directories of a machine, by their name in Work and inside.
var workDirs = []string{machine.Scratch, machine.Target, machine.Output}

// openTree makes a mount of a directory that is nowhere yet. Only the caller, not the mapped root,
// may be able to reach it.
func openTree(dir string) (*os.File, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return nil, &os.PathError{Op: "open_tree", Path: dir, Err: err}
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// Dial is machine.Machine's.
func (m *Machine) Dial(_ context.Context, door machine.Door) (net.Conn, error) {
	conn, err := m.control.dial(door)
	if err != nil {
		return nil, fmt.Errorf("reach the machine's %s door: %w", door, err)
	}
	return conn, nil
}

// ClientConfig is machine.Machine's.
func (m *Machine) ClientConfig() *ssh.ClientConfig { return m.credentials.ClientConfig() }

// Access is machine.Machine's.
func (m *Machine) Access() machine.Access { return m.access.Access }

// Gateway is machine.Machine's: the network is the host's.
func (m *Machine) Gateway() string { return "127.0.0.1" }

// Memory is machine.Machine's: the host's.
func (m *Machine) Memory(context.Context) (int64, error) { return meminfo.Host(), nil }

// NewDisk is machine.Machine's.
func (m *Machine) NewDisk(ctx context.Context, size int64) error {
	// A file that existed keeps its old bytes where nothing is written.
	err := m.Run(ctx, machine.Command{Args: []string{"rm", "-f", "--", machine.Disk}})
	if err == nil {
		err = m.Run(ctx, machine.Command{Args: []string{"truncate", "-s", strconv.FormatInt(size, 10), "--", machine.Disk}})
	}
	if err != nil {
		return fmt.Errorf("make the disk: %w", err)
	}
	m.disk = filepath.Join(m.work, machine.Disk)
	return nil
}

// PowerOff is machine.Machine's.
func (m *Machine) PowerOff(context.Context) (disk string, err error) { return m.disk, m.Close() }

// Close is machine.Machine's. When it returns no process, mount or socket of the machine is left.
func (m *Machine) Close() error { return m.closing() }

func (m *Machine) end() error {
	var failed []error
	if m.access != nil {
		failed = append(failed, m.access.close())
	}
	if m.Session != nil {
		failed = append(failed, m.Session.Close())
	}
	if m.control != nil {
		m.control.close()
	}
	if m.process != nil {
		m.process.Kill()
	}
	return errors.Join(failed...)
}
