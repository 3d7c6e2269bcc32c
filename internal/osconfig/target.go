package osconfig

import (
	"context"
	"io"
	"path"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Target is what gets configured: a root file system in the builder's machine, or another machine.
type Target interface {
	// Run runs a program in it as root. A non-zero exit is a *machine.ExitError.
	Run(ctx context.Context, c TargetCommand) error

	// mkdir makes a directory for Ansible's temporary files, which none but its user may enter.
	mkdir(ctx context.Context, dir string) error
	// connection is how Ansible reaches it. private is the directory of the playbook in the toolbox's
	// machine, tmp what mkdir made.
	connection(private, tmp string, epoch int64) connection
	// remote: a machine that this plugin did not make.
	remote() bool
}

// TargetCommand is a program run in a target.
type TargetCommand struct {
	Args   []string
	Stdin  io.Reader // nil: empty
	Stdout io.Writer // nil: kept for the error alone
}

// connection is how Ansible reaches a target.
type connection struct {
	vars  map[string]any    // of the host in the inventory
	files map[string][]byte // beside the playbook, for root alone
	env   []string
}

// Chroot is a root file system in a machine, open for programs (machine.Machine's OpenTarget).
type Chroot struct {
	Runner Runner
	// Dir is its directory in the machine. Empty: machine.Target.
	Dir string
}

func (c Chroot) dir() string {
	if c.Dir == "" {
		return machine.Target
	}
	return c.Dir
}

// Run implements Target.
func (c Chroot) Run(ctx context.Context, command TargetCommand) error {
	return c.Runner.Run(ctx, machine.Command{
		Args: append([]string{"chroot", c.dir()}, command.Args...), Stdin: command.Stdin, Stdout: command.Stdout,
	})
}

func (c Chroot) mkdir(ctx context.Context, dir string) error {
	return c.Run(ctx, TargetCommand{Args: []string{"mkdir", "-m", "0700", dir}})
}

func (c Chroot) remote() bool { return false }

func (c Chroot) connection(_, tmp string, epoch int64) connection {
	return connection{
		vars: map[string]any{"ansible_connection": "airship_chroot"},
		env: []string{
			"AIRSHIP_TARGET=" + c.dir(),
			"AIRSHIP_TARGET_TMP=" + tmp,
			"AIRSHIP_EPOCH=" + strconv.FormatInt(epoch, 10),
		},
	}
}

// Remote is a machine that this plugin did not make, behind an SSH server that leads to it.
type Remote struct {
	// Host and Port are the SSH server's address as the toolbox's machine reaches it.
	Host string
	Port int
	// ClientKey is the private key (PEM) that logs in there, HostKey the server's public key, as a line
	// of an authorized_keys file.
	ClientKey, HostKey []byte
	// Sudo: programs run as root through sudo, as the login's user is another one.
	Sudo bool
	// Exec runs a command line by the login's shell. Its error is a *machine.ExitError or what cut it off.
	Exec func(ctx context.Context, line string, stdin io.Reader, stdout io.Writer) error
}

// Run implements Target.
func (r Remote) Run(ctx context.Context, c TargetCommand) error {
	args := c.Args
	if r.Sudo {
		args = append([]string{"sudo", "-n", "-H", "--"}, args...)
	}
	return r.Exec(ctx, machine.Quote(args...), c.Stdin, c.Stdout)
}

// The login's user makes it, as Ansible's modules are copied there before they become root.
func (r Remote) mkdir(ctx context.Context, dir string) error {
	return r.Exec(ctx, machine.Quote("mkdir", "-m", "0700", dir), nil, nil)
}

func (r Remote) remote() bool { return true }

const (
	clientKeyFile  = "client_key"
	knownHostsFile = "known_hosts"
	// hostAlias stands in known_hosts, whatever address the server has.
	hostAlias = "airship"
)

func (r Remote) connection(private, tmp string, _ int64) connection {
	return connection{
		vars: map[string]any{
			"ansible_connection":           "ssh",
			"ansible_host":                 r.Host,
			"ansible_port":                 r.Port,
			"ansible_user":                 "packer",
			"ansible_ssh_private_key_file": path.Join(private, clientKeyFile),
			// The SDK's adapter has neither sftp nor today's scp.
			"ansible_ssh_transfer_method": "piped",
			"ansible_ssh_extra_args": "-o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o HostKeyAlias=" + hostAlias +
				" -o UserKnownHostsFile=" + path.Join(private, knownHostsFile),
			"ansible_control_path_dir": path.Join(private, "home"),
			"ansible_become":           r.Sudo,
			"ansible_become_flags":     "-H -S -n",
			"ansible_remote_tmp":       tmp,
		},
		files: map[string][]byte{
			clientKeyFile:  r.ClientKey,
			knownHostsFile: append([]byte(hostAlias+" "), r.HostKey...),
		},
	}
}
