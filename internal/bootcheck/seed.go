package bootcheck

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// askScript is what asks inside the guest.
//
//go:embed ask.py
var askScript []byte

// questions is what askScript reads beside itself.
type questions struct {
	Port string `json:"-"` // device that the report goes to, ask.py's standard error
	// Deadline is when to ask at the latest, finished or not: seconds after the kernel's start.
	Deadline int      `json:"deadline"`
	Users    []string `json:"users"`
	Sysctls  []string `json:"sysctls"`
	Grub     bool     `json:"grub"`
}

// instance identifies the seed to cloud-init, as NoCloud's instance-id and as OpenStack's uuid.
const instance = "61697273-6869-4070-8000-626f6f74636b"

// seedImage is the read-only disk from which the image's cloud-init learns what to run: an ISO 9660
// file system, which cloud kernels have and udev recognises by its label.
//
// datasources is cloud-init's datasource_list in the image; empty means that it looks for all.
func seedImage(datasources []string, q questions) ([]byte, error) {
	userData, err := userData(q)
	if err != nil {
		return nil, err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(datasources, func(d string) bool { return strings.EqualFold(d, name) })
	}
	switch {
	case len(datasources) == 0 || has("NoCloud"):
		return writeISO("CIDATA", map[string][]byte{
			"meta-data": []byte("instance-id: " + instance + "\n"),
			"user-data": userData,
		})
	case has("ConfigDrive"):
		return writeISO("config-2", map[string][]byte{
			"openstack/latest/meta_data.json": []byte(`{"uuid": "` + instance + `"}` + "\n"),
			"openstack/latest/user_data":      userData,
		})
	}
	return nil, fmt.Errorf("the image's cloud-init looks for %s alone, and the boot check can play NoCloud or ConfigDrive: "+
		"add one of them to cloudInit.datasources or set verify_boot = false", strings.Join(datasources, ", "))
}

// guestDir is where the script lies in the guest: in memory.
const guestDir = "/run/airship-bootcheck"

// userData is a cloud-config (JSON is YAML) that starts the script and leaves alone what it asks
// about: no host name, no user, no package, no host keys but the quickest kind. The script is a
// transient unit, so that it can wait for the end of the very boot that starts it.
func userData(q questions) ([]byte, error) {
	asked, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	put := func(name string, data []byte) string {
		return fmt.Sprintf("echo %s | base64 -d > %s/%s", base64.StdEncoding.EncodeToString(data), guestDir, name)
	}
	// The report goes there as well as what python3 complains about, outside any frame, which ends in the error.
	unit := fmt.Sprintf("python3 %[1]s/ask.py 2> %[2]s; systemctl poweroff --force --force", guestDir, q.Port)
	start := strings.Join([]string{
		"mkdir -p " + guestDir,
		put("ask.py", askScript),
		put("questions.json", asked),
		"systemd-run --no-block --collect --unit=airship-bootcheck /bin/sh -c '" + unit + "'",
	}, " && ")
	config, err := json.MarshalIndent(map[string]any{
		"preserve_hostname": true,
		"users":             []string{},
		// An RSA key takes an emulated processor seconds.
		"ssh_genkeytypes": []string{"ed25519"},
		"bootcmd":         [][]string{{"sh", "-c", start}},
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte("#cloud-config\n"), append(config, '\n')...), nil
}

// deadline leaves a fifth of the timeout to firmware and boot loader before the guest's clock starts
// and to the questions after it: a boot that does not end is reported, with what it waits for.
func deadline(timeout time.Duration) int { return int((timeout * 4 / 5).Seconds()) }
