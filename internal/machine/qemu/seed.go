package qemu

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

var (
	//go:embed init.sh
	initScript string
	//go:embed hold.sh
	holdScript string
)

// Where the initramfs's /init finds the script that it ends in, and what that reads.
const (
	privateDir   = "/run/airship"
	initPath     = privateDir + "/init"
	holdPath     = privateDir + "/hold"
	settingsPath = privateDir + "/settings"
	resolvPath   = privateDir + "/resolv.conf"
)

// QEMU's user network is 10.0.2.0/24 (its manual, "Using the user mode network stack").
const (
	address    = "10.0.2.15"
	netmask    = "255.255.255.0"
	gateway    = "10.0.2.2" // the host, whose 127.0.0.1 is behind it
	nameserver = "10.0.2.3" // answers as the host's resolver does
)

// Ports of the doors inside.
var doorPorts = map[machine.Door]int{machine.Toolbox: 22, machine.TargetDoor: 2222}

// readySign is the line on the console that says that the doors are open.
const readySign = "airship: the machine is ready"

// writeSeed writes the tar archive that the initramfs unpacks: the keys and scripts of this one
// machine. Nobody but this user may read it.
func writeSeed(name string, c Config, credentials machine.Credentials) error {
	files, err := machine.ServerFiles(credentials, proxiesInside(c.Proxies))
	if err != nil {
		return err
	}
	if len(c.CABundle) > 0 {
		files[machine.ExtraAuthorities] = c.CABundle
	}
	files[initPath] = []byte(initScript)
	files[holdPath] = []byte(holdScript)
	files[settingsPath] = settings(c)
	files[resolvPath] = resolvConf(hostResolvConf())
	archive, err := pack(files)
	if err != nil {
		return fmt.Errorf("write the machine's seed: %w", err)
	}
	return os.WriteFile(name, archive, 0o600)
}

// pack makes a tar archive of files, each for root alone, and of the directory that they lie in.
func pack(files map[string][]byte) ([]byte, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	epoch := time.Unix(0, 0)
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: privateDir[1:] + "/", Mode: 0o700, ModTime: epoch})
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(name) != privateDir {
			return nil, fmt.Errorf("%s is not in %s", name, privateDir)
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name[1:], Mode: 0o600, Size: int64(len(files[name])), ModTime: epoch}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	// What Close writes belongs to the archive.
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// settings are the variables of init.sh.
func settings(c Config) []byte {
	var text bytes.Buffer
	for _, v := range []struct{ name, value string }{
		{"address", address},
		{"netmask", netmask},
		{"gateway", gateway},
		{"ready", readySign},
		{"disk", machine.Disk},
		{"authorities", machine.Authorities},
		{"extra_authorities", machine.ExtraAuthorities},
		{"patience", strconv.Itoa(int(c.patience.start.Seconds()) + 1)},
		{"toolbox_door", door(machine.Toolbox)},
		{"target_door", door(machine.TargetDoor)},
		// No clock of the virtual machine needs a driver then.
		{"now", strconv.FormatInt(time.Now().Unix(), 10)},
	} {
		fmt.Fprintf(&text, "%s='%s'\n", v.name, v.value)
	}
	return text.Bytes()
}

// hostResolvConf is the host's resolv.conf(5), empty where it has none.
func hostResolvConf() []byte {
	data, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	return data
}

// resolvConf is the host's with the one name server that a machine reaches: short names mean inside what
// they mean outside.
func resolvConf(host []byte) []byte {
	text := []byte("nameserver " + nameserver + "\n")
	for line := range bytes.Lines(host) {
		fields := bytes.Fields(line)
		if len(fields) > 1 && slices.Contains([]string{"search", "domain", "options"}, string(fields[0])) {
			text = append(append(text, bytes.Join(fields, []byte(" "))...), '\n')
		}
	}
	return text
}

// door is the command of a door's server; none of its words has a space.
func door(d machine.Door) string { return strings.Join(machine.DaemonCommand(d, doorPorts[d]), " ") }
