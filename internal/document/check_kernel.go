package document

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

var (
	// sysctl.d(5): parts joined by dots, or by slashes where a part has a dot (eth0.100).
	sysctlName = regexp.MustCompile(`^[a-z][a-z0-9_]*([./][A-Za-z0-9_*:-]+)+([./][A-Za-z0-9_*:.-]+)*$`)
	// What stands in a shell's double quotes in /etc/default/grub as itself.
	argument = regexp.MustCompile(`^[!#%&(-\[\]-_a-~]+$`)
)

func (c *checker) kernel(kernel *v1alpha1.OSKernel) {
	c.sysctls(kernel.Sysctl)
	if t := kernel.Grub.Timeout; t != nil && (*t < -1 || *t > 3600) {
		c.wrong("spec.osKernel.grub.GRUB_TIMEOUT", "want seconds from 0 to 3600, or -1 to wait for a key; found %d", *t)
	}
	c.arguments("spec.osKernel.grub.GRUB_CMDLINE_LINUX_DEFAULT", kernel.Grub.CmdlineLinuxDefault)
	c.arguments("spec.osKernel.grub.GRUB_SERIAL_COMMAND", kernel.Grub.SerialCommand)
}

func (c *checker) sysctls(sysctls []v1alpha1.Sysctl) {
	first := map[string]int{}
	for i, s := range sysctls {
		field := fmt.Sprintf("spec.osKernel.sysctl[%d]", i)
		switch earlier, twice := first[s.Name]; {
		case s.Name == "":
		case !sysctlName.MatchString(s.Name):
			c.wrong(field+".name", "%s is not a kernel parameter, such as net.ipv4.ip_forward", word(s.Name))
		case twice && sysctls[earlier].Value != s.Value:
			c.wrong(field+".name", "%s has another value in sysctl[%d]", s.Name, earlier)
		default:
			first[s.Name] = i
		}
		if strings.ContainsFunc(string(s.Value), isControl) {
			c.wrong(field+".value", "want one line of text")
		}
	}
}

func (c *checker) arguments(list string, arguments []v1alpha1.Argument) {
	for i, a := range arguments {
		field := fmt.Sprintf("%s[%d]", list, i)
		if a.Name != "" && (!argument.MatchString(a.Name) || strings.Contains(a.Name, "=")) {
			c.wrong(field+".name", "%s is not an argument's name; want no spaces, quotes, $, \\ or =", word(a.Name))
		}
		if a.Value != nil && *a.Value != "" && !argument.MatchString(string(*a.Value)) {
			c.wrong(field+".value", "want no spaces, quotes, $ or \\, which /etc/default/grub cannot hold")
		}
	}
}
