//go:build acceptance

package acceptance

import (
	"crypto/md5" //nolint:gosec // what Airship's metadata have
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// podman runs containers without a daemon, as root and with what a container has by default. Its storage is the test's own.
type podman struct{ env []string }

const testContainer = "localhost/packer-plugin-airship:test"

func newPodman(t *testing.T) podman {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	// Machines of tests may lack CAP_SYS_RESOURCE, which podman's own limits need, and systemd.
	containers := write("containers.conf", fmt.Sprintf(`[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
tmp_dir = %q
`, dir+"/tmp"))
	storage := write("storage.conf", fmt.Sprintf("[storage]\ndriver = \"overlay\"\ngraphroot = %q\nrunroot = %q\n", dir+"/storage", dir+"/run"))
	p := podman{env: append(os.Environ(), "CONTAINERS_CONF="+containers, "CONTAINERS_STORAGE_CONF="+storage)}
	t.Cleanup(func() {
		// podman keeps its storage mounted on itself, until it has none.
		if exec.Command("mountpoint", "--quiet", dir+"/storage/overlay").Run() == nil {
			tool(t, "umount", dir+"/storage/overlay")
		}
	})
	return p
}

func (p podman) command(arguments ...string) *exec.Cmd {
	cmd := exec.Command("podman", arguments...)
	cmd.Env = p.env
	return cmd
}

func (p podman) run(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := p.command(arguments...).CombinedOutput()
	require.NoError(t, err, "podman %q: %s", arguments, output)
	return string(output)
}

// build makes the image on a base of our own making.
func (p podman) build(t *testing.T) {
	t.Helper()
	context := os.Getenv("AIRSHIP_CONTAINER")
	require.NotEmpty(t, context, "AIRSHIP_CONTAINER is not set: run make acceptance")
	r := newRootRun(t)
	r.editFile(t, "root.yaml", "packages: [ca-certificates, iputils-ping, python3, sudo]", "packages: [apt, passwd, python3, sudo]")
	r.editFile(t, "root.pkr.hcl", `["tar.zst", "squashfs", "directory", "oci"]`, `["oci"]`)
	r.build(t, "-only=airship.root")
	loaded := p.run(t, "load", "--quiet", "--input", filepath.Join(r.output(), "base.oci.tar"))
	_, base, found := strings.Cut(strings.TrimSpace(loaded), "Loaded image: ")
	require.True(t, found, loaded)
	mirrors := repository.HostMirrors(os.DirFS("/"), repository.Debian)
	t.Log(p.run(t, "build", "--network=host", "--build-arg=BASE="+base, "--build-arg=TARGETARCH=amd64",
		"--build-arg=MIRROR="+mirrors.Main, "--build-arg=SECURITY_MIRROR="+mirrors.Security, "--build-arg=VERSION=0.1.0",
		"--tag="+testContainer, "--file="+filepath.Join(context, "Containerfile"), context))
}

// namespaces are what a container needs to build in a user namespace of its own, besides its default.
var namespaces = []string{"--security-opt=seccomp=unconfined", "--security-opt=unmask=ALL"}

// options of a container that builds here.
func options(cache string) []string {
	mirrors := repository.HostMirrors(os.DirFS("/"), repository.Debian)
	return []string{
		"--network=host", "--env=PKR_VAR_isolation=namespace",
		"--env=PKR_VAR_mirror=" + mirrors.Main, "--env=PKR_VAR_security_mirror=" + mirrors.Security, "--volume=" + cache + ":/cache",
	}
}

// writable makes a directory that any user of a container may write.
func writable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o1777))
	return dir
}

const smallRoot = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata:
  name: common # of all
spec:
  software:
    packages: [python3]
`

// TestContainer builds the Containerfile and runs it as the tools of a site do.
func TestContainer(t *testing.T) {
	require.Zero(t, os.Getuid(), "these tests need root")
	p := newPodman(t)
	p.build(t)

	t.Run("what it is", func(t *testing.T) {
		said := p.run(t, "run", "--rm", "--network=none", "--read-only", "--user=12345:12345", testContainer, "/bin/bash", "-euc",
			"packer plugins installed && packer-plugin-airship describe && qemu-system-x86_64 --version && sops --version --check-for-updates=false && ls /usr/share/OVMF && touch /cache/x && getcap /usr/bin/newuidmap && ! touch /x 2>/dev/null")
		assert.Contains(t, said, "/usr/local/lib/packer/plugins/github.com/airshipit/airship/packer-plugin-airship_v0.1.0_")
		assert.Contains(t, said, "OVMF_CODE")
		assert.Contains(t, said, "cap_setuid=ep")
		assert.Equal(t, `[] [/usr/bin/local/entrypoint.sh] ""`+"\n", p.run(t, "inspect", "--format", `{{.Config.Entrypoint}} {{.Config.Cmd}} "{{.Config.User}}"`, testContainer))
	})

	// Without more rights a namespace is refused with what it lacks, and nothing is lost.
	t.Run("refused", func(t *testing.T) {
		cmd := p.command(append(append([]string{"run", "--rm", "-i", "--user=nobody", "--security-opt=no-new-privileges"}, options(writable(t))...), testContainer)...)
		cmd.Stdin = strings.NewReader(list("{registry: registry.example.org/roots}", ""))
		output, err := cmd.CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(output), "newuidmap cannot gain the rights it needs as this process runs with no_new_privs")
		assert.Contains(t, string(output), "name: common # of all")
	})

	t.Run("Airship's first entry point", func(t *testing.T) { p.first(t) })
	t.Run("a function of kustomize", func(t *testing.T) { p.function(t) })
}

// list is a ResourceList that asks for a small root filesystem.
func list(publish, volume string) string {
	indented := "  " + strings.ReplaceAll(strings.TrimSpace(smallRoot), "\n", "\n  ")
	return fmt.Sprintf(`apiVersion: config.kubernetes.io/v1
kind: ResourceList
functionConfig:
  apiVersion: airshipit.org/v1alpha1
  kind: AirshipImage
  metadata: {name: common}
  spec:
    container: {volume: %q}
    builder: {action: build-root, outputFileName: common.tar.zst}
    publish: %s
items:
-%s
`, volume, publish, indented[1:])
}

// first is what Airship's documents run: a user without a home directory, a command of their own, a read-only root, and a volume whose
// name on the host is none in the container.
func (p podman) first(t *testing.T) {
	volume := writable(t)
	for name, text := range map[string]string{
		"builder-conf.yaml":    "container: {volume: '/srv/images:/config'}\nbuilder: {imageType: rootfs, outputFileName: common.tar.zst}\n",
		"multistrap-vars.yaml": "ubuntu_packages: [dbus, kmod, locales, python3, systemd-sysv]\nkernel_base_pkg: ''\nkernel_headers_pkg: ''\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(volume, name), []byte(text), 0o644))
	}
	arguments := append([]string{"run", "--rm", "--read-only", "--user=65534", "--unsetenv=HOME"}, options(writable(t))...)
	arguments = append(append(arguments, namespaces...),
		"--volume="+volume+":/config", "--env=BUILDER_CONFIG=/config/builder-conf.yaml", testContainer, "/bin/bash", "-c", "/usr/bin/local/entrypoint.sh 1>&2")
	t.Log(p.run(t, arguments...))

	text, err := os.ReadFile(filepath.Join(volume, "output-metadata.yaml"))
	require.NoError(t, err)
	var metadata struct{ BootImagePath, MD5Sum string }
	require.NoError(t, yaml.Unmarshal(text, &metadata))
	assert.Equal(t, "/srv/images/common.tar.zst", metadata.BootImagePath)
	assert.Equal(t, sumOfMD5(t, filepath.Join(volume, "common.tar.zst")), metadata.MD5Sum)
	listing := tool(t, "sh", "-euc", "zstd -qdc '"+volume+"/common.tar.zst' | tar --list")
	assert.Contains(t, listing, "./usr/bin/python3\n")
	assert.NotContains(t, listing, "./boot/vmlinuz")
}

// function has kustomize start the container as it does: through the command docker, with the rights that it takes away. Here that
// command is podman with the rights that a namespace needs.
func (p podman) function(t *testing.T) {
	programs, site, images, cache := t.TempDir(), t.TempDir(), writable(t), writable(t)
	script := fmt.Sprintf("#!/bin/sh\nshift\nexec podman run %s %s \"$@\"\n", strings.Join(namespaces, " "),
		strings.Join(options(cache)[1:], " "))
	require.NoError(t, os.WriteFile(filepath.Join(programs, "docker"), []byte(script), 0o755))
	const image = `apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata:
  name: common
  annotations:
    config.kubernetes.io/function: |
      container: {image: %s, network: true}
spec:
  builder: {action: build-root, outputFileName: common.tar.zst}
  publish:
    directory: /images
    url: https://images.example/roots
    documents:
      - {kind: VariableCatalogue, name: roots, fieldPath: spec.common}
`
	for name, text := range map[string]string{
		"image.yaml":     fmt.Sprintf(image, testContainer),
		"node.yaml":      smallRoot,
		"catalogue.yaml": "apiVersion: airshipit.org/v1alpha1\nkind: VariableCatalogue\nmetadata:\n  name: roots\nspec:\n  common: # the root of all nodes\n    url: ''\n    checksum: ''\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(site, name), []byte(text), 0o644))
	}
	env := append(p.env, "PATH="+programs+":"+os.Getenv("PATH"))
	kustomize(t, site, env, "fn", "run", "--network", "--as-current-user", "--mount=type=bind,src="+images+",dst=/images,rw=true", ".")

	file := filepath.Join(images, "common.tar.zst")
	catalogue := tool(t, "cat", filepath.Join(site, "catalogue.yaml"))
	assert.Contains(t, catalogue, "common: # the root of all nodes\n")
	url := "https://images.example/roots/common-" + sumOf(t, file)[:12] + ".tar.zst"
	assert.Contains(t, catalogue, url)
	assert.Contains(t, catalogue, sumOf(t, file))
	own := tool(t, "cat", filepath.Join(site, "image.yaml"))
	assert.Contains(t, own, "\n  url: "+url+"\n", "the image has no status")
	assert.Contains(t, own, "config.kubernetes.io/function")
	node := tool(t, "cat", filepath.Join(site, "node.yaml"))
	assert.YAMLEq(t, smallRoot, node)
	assert.Contains(t, node, "# of all")
}

func sumOfMD5(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return fmt.Sprintf("%x", md5.Sum(data)) //nolint:gosec // as above
}
