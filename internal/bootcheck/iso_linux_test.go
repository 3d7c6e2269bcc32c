package bootcheck

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	assembly "github.com/airshipit/packer-plugin-airship/internal/disk"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

const (
	liveAddress = "10.0.2.77"
	liveMAC     = "52:54:00:61:73:77"
)

// liveISO builds an ISO of a profile with a user, whose key comes back, and a static address.
func liveISO(t *testing.T, secureBoot bool) (image string, p plan.Plan, key ssh.Signer) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err = ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	profile := &v1alpha1.NodeProfile{}
	profile.Name = "seed"
	profile.Spec.OSKernel.SecureBoot = secureBoot
	profile.Spec.CloudInit.UserData = "#cloud-config\nssh_genkeytypes: [ed25519]\nusers:\n- name: ops\n  shell: /bin/bash\n  ssh_authorized_keys:\n  - " +
		string(ssh.MarshalAuthorizedKey(key.PublicKey()))
	profile.Spec.CloudInit.MetaData = v1alpha1.Object{"hostname": "first-node"}
	profile.Spec.Networking.NetworkData = v1alpha1.Object{
		"links": []any{map[string]any{"id": "nic", "type": "phy", "ethernet_mac_address": liveMAC}},
		"networks": []any{map[string]any{
			"id": "lan", "type": "ipv4", "link": "nic", "ip_address": liveAddress, "netmask": "255.255.255.0",
		}},
	}
	p = machinetest.LivePlan(t, profile)
	files, err := plan.ConfigDrive(profile)
	require.NoError(t, err)

	ctx := t.Context()
	m, _ := machinetest.Start(t)
	machinetest.UnpackTree(t, m, machinetest.LiveTree(t))
	undo, err := m.OpenTarget(ctx)
	require.NoError(t, err)
	require.NoError(t, rootfs.Configure(ctx, m, p))
	require.NoError(t, m.Run(ctx, machine.Command{Args: []string{"systemctl", "enable", "systemd-networkd.service"}, Chroot: true}))
	require.NoError(t, undo(ctx))
	require.NoError(t, rootfs.Finalise(ctx, m, p))
	made, err := assembly.AssembleISO(ctx, m, p, files, t.Logf)
	require.NoError(t, err)
	raw, err := m.PowerOff(ctx)
	require.NoError(t, err)
	image = filepath.Join(t.TempDir(), "live.iso")
	require.NoError(t, exec.CommandContext(ctx, "cp", "--sparse=always", raw, image).Run())
	require.NoError(t, os.Truncate(image, made.Size))
	return image, p, key
}

// TestLiveFromOutside boots an ISO with nothing but itself, and looks at the node over the network that the ISO's own
// network data sets up.
func TestLiveFromOutside(t *testing.T) {
	image, _, key := liveISO(t, false)
	for _, boot := range liveBoots {
		t.Run(boot.name, func(t *testing.T) { outside(t, image, key, boot) })
	}
}

// liveBoot is a way to start an ISO.
type liveBoot struct {
	name   string
	uefi   bool
	device []string // with the drive iso
}

var asDrive = []string{"-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=iso,bootindex=1"}

// outside starts QEMU and waits for SSH at the address.
func outside(t *testing.T, image string, key ssh.Signer, boot liveBoot) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*DefaultTimeout)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := listener.Addr().String()
	require.NoError(t, listener.Close())
	console := filepath.Join(t.TempDir(), "console")
	args := []string{
		"-machine", "q35,graphics=off", "-cpu", "max,-cx16", "-accel", "tcg", "-m", "2048", "-smp", "2", "-nodefaults", "-display", "none",
		"-serial", "file:" + console, "-no-reboot", "-boot", "strict=on",
		"-drive", "if=none,id=iso,readonly=on,format=raw,file=" + image,
		"-netdev", "user,id=net,restrict=on,hostfwd=tcp:" + host + "-" + liveAddress + ":22",
		"-device", "virtio-net-pci,netdev=net,romfile=,mac=" + liveMAC,
	}
	args = append(args, boot.device...)
	if boot.uefi {
		vars := filepath.Join(t.TempDir(), "vars.fd")
		require.NoError(t, exec.Command("cp", "/usr/share/OVMF/OVMF_VARS_4M.fd", vars).Run())
		args = append(args, "-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
			"-drive", "if=pflash,format=raw,file="+vars)
	}
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	var said strings.Builder
	qemu.Stdout, qemu.Stderr = &said, &said
	require.NoError(t, qemu.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = qemu.Wait() // killed in the end
		cancel()
	}()
	defer func() { cancel(); <-ended }()
	start := time.Now()
	client, err := connect(ctx, host, key)
	if err != nil {
		cancel()
		<-ended
		text, _ := os.ReadFile(console)
		require.NoError(t, err, "%s\n%s: %s", text, qemu.ProcessState, said.String())
	}
	defer client.Close()
	t.Logf("SSH after %.0fs", time.Since(start).Seconds())

	ask := func(command string) string {
		session, err := client.NewSession()
		require.NoError(t, err)
		defer session.Close()
		out, err := session.CombinedOutput(command)
		require.NoError(t, err, "%s: %s", command, out)
		return strings.TrimSpace(string(out))
	}
	assert.Equal(t, "first-node", ask("hostname"))
	assert.Contains(t, ask("ip -4 -brief address"), liveAddress+"/24")
	assert.Contains(t, ask("cat /proc/cmdline"), "boot=live quiet nomodeset overlay-size=70% ds=ConfigDrive")
	assert.Contains(t, ask("cat /run/cloud-init/result.json; cloud-init status --wait --long"), "DataSourceConfigDrive")
	assert.Equal(t, "overlay", ask("stat --file-system --format=%T / | sed 's/overlayfs/overlay/'"))
	assert.Empty(t, ask("systemctl list-units --failed --plain --no-legend"))
	t.Log(ask("systemd-analyze; findmnt /run/live/medium; cat /etc/fstab; systemctl is-system-running || true"))
}

// connect logs in as the user of the user data, as soon as that works.
func connect(ctx context.Context, host string, key ssh.Signer) (*ssh.Client, error) {
	config := &ssh.ClientConfig{
		User: "ops", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, Timeout: 30 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // made at this very boot
	}
	for {
		client, err := dial(host, config)
		if err == nil {
			return client, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(time.Second):
		}
	}
}

// dial does not wait for a server behind a port that QEMU already listens at for longer than config's timeout.
func dial(host string, config *ssh.ClientConfig) (*ssh.Client, error) {
	conn, err := net.DialTimeout("tcp", host, config.Timeout)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(config.Timeout)); err != nil {
		return nil, err
	}
	c, channels, requests, err := ssh.NewClientConn(conn, host, config)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return ssh.NewClient(c, channels, requests), conn.SetDeadline(time.Time{})
}
