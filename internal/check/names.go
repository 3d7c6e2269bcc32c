package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

var (
	namePolicies            = []string{"kernel", "database", "onboard", "slot", "path", "mac", "keep"}
	alternativeNamePolicies = []string{"database", "onboard", "slot", "path", "mac"}
)

// NamePolicy checks NamePolicy= of systemd.link(5): words separated by spaces.
func NamePolicy(text string) []string { return policy(text, namePolicies, "") }

// AlternativeNamesPolicy checks AlternativeNamesPolicy= of systemd.link(5). The kernel's name is no
// alternative.
func AlternativeNamesPolicy(text string) []string {
	return policy(text, alternativeNamePolicies, "; it is for NamePolicy alone")
}

func policy(text string, known []string, elsewhere string) []string {
	var found problems
	for _, word := range strings.Fields(text) {
		switch {
		case slices.Contains(known, word):
		case strings.Contains(word, ","):
			found.add(0, "%s: want policies separated by spaces", mistake.Word(word))
		case slices.Contains(namePolicies, word):
			found.add(0, "%s is no policy of alternative names%s", word, elsewhere)
		default:
			found.add(0, "unknown policy %s%s", mistake.Word(word), mistake.Suggest(word, known))
		}
	}
	return found
}

// datasources are cloud-init's (doc/rtd/reference/datasources), of every release since 20.
var datasources = []string{
	"AliYun", "Akamai", "AltCloud", "Azure", "Bigstep", "CloudCIX", "CloudSigma", "CloudStack", "ConfigDrive",
	"DigitalOcean", "Ec2", "Exoscale", "GCE", "Hetzner", "IBMCloud", "LXD", "MAAS", "NWCS", "NoCloud", "None",
	"OVF", "OpenNebula", "OpenStack", "Oracle", "RbxCloud", "Scaleway", "SmartOS", "UpCloud", "VMware", "Vultr", "WSL",
}

// Datasource checks one name of cloud-init's datasource_list, which tells capitals from small letters
// and passes over a name that it has no module for.
func Datasource(name string) string { return oneOf("datasource", name, datasources) }

// serialOptions of GRUB's command serial (its manual, section 16.3 "serial", and grub-core/term/serial.c).
var grubSerialOptions = []string{"unit", "port", "speed", "word", "parity", "stop", "base-clock", "rtscts"}

// SerialOption checks an option of GRUB's command serial: name speed, value 115200.
func SerialOption(name, value string) string {
	if bare := strings.TrimLeft(name, "-"); bare != name && slices.Contains(grubSerialOptions, bare) {
		return fmt.Sprintf("%s: want the name alone: %s", name, bare)
	}
	if problem := oneOf("option of GRUB's serial command", name, grubSerialOptions); problem != "" {
		return problem
	}
	switch name {
	case "speed":
		return serialSpeed(value)
	case "word":
		return oneOf("word length", value, []string{"5", "6", "7", "8"})
	case "parity":
		return oneOf("parity", value, []string{"no", "odd", "even"})
	case "stop":
		return oneOf("number of stop bits", value, []string{"1", "2"})
	case "rtscts":
		return oneOf("value of rtscts", value, []string{"on", "off"})
	case "unit":
		return wholeNumber(value, 0, 255)
	}
	if value == "" || !argumentText.MatchString(value) {
		return name + " wants a value without spaces and quotes"
	}
	return ""
}

// speeds are those of the UART that GRUB drives, a divisor of 115200 (and its multiples in EFI's).
var speeds = []string{
	"300", "600", "1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200", "230400", "460800", "921600", "1500000",
}

func serialSpeed(value string) string {
	if slices.Contains(speeds, value) {
		return ""
	}
	// Airship's own default is the kernel's console=, ttyS0,115200n8.
	_, options, device := strings.Cut(value, ",")
	if !device {
		options = value
	}
	for _, speed := range speeds {
		if rest, ok := strings.CutPrefix(options, speed); ok && value != speed && strings.Trim(rest, "noe5678r") == "" {
			return fmt.Sprintf("%s is the form of the kernel's console=; GRUB wants the speed alone: %s", mistake.Word(value), speed)
		}
	}
	return fmt.Sprintf("%s is not a speed; want bits a second, such as 115200", mistake.Word(value))
}
