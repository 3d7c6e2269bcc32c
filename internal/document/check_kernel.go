package document

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// sysctl.d(5): parts joined by dots, or by slashes where a part has a dot (eth0.100).
var sysctlName = regexp.MustCompile(`^[a-z][a-z0-9_]*([./][A-Za-z0-9_*:-]+)+([./][A-Za-z0-9_*:.-]+)*$`)

func (c *checker) kernel(kernel *v1alpha1.OSKernel, asked wishes) {
	if name := kernel.KernelBasePkg; name != "" {
		c.onePackage("spec.osKernel.kernel_base_pkg", name, asked)
	}
	c.sysctls(kernel.Sysctl)
	if t := kernel.Grub.Timeout; t != nil && (*t < -1 || *t > 3600) {
		c.wrong("spec.osKernel.grub.GRUB_TIMEOUT", "want seconds from 0 to 3600, or -1 to wait for a key; found %d", *t)
	}
	c.commandLine("spec.osKernel.grub.GRUB_CMDLINE_LINUX_DEFAULT", kernel.Grub.CmdlineLinuxDefault)
	c.serial("spec.osKernel.grub.GRUB_SERIAL_COMMAND", kernel.Grub.SerialCommand)
	if size := kernel.KdumpTools.Crashkernel; size != "" {
		c.problems("spec.osKernel.kdump_tools.crashkernel", check.Crashkernel(size))
	}
}

func (c *checker) sysctls(sysctls []v1alpha1.Sysctl) {
	first := map[string]int{}
	for i, s := range sysctls {
		field := fmt.Sprintf("spec.osKernel.sysctl[%d]", i)
		switch earlier, twice := first[s.Name]; {
		case !sysctlName.MatchString(s.Name):
			c.wrong(field+".name", "%s is not a kernel parameter, such as net.ipv4.ip_forward", mistake.Word(s.Name))
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

// commandLine checks the kernel's arguments, whose names may repeat.
func (c *checker) commandLine(list string, arguments []v1alpha1.Argument) {
	// One that every argument takes.
	fitting := "1M"
	for i, a := range arguments {
		field := fmt.Sprintf("%s[%d]", list, i)
		if problem := check.KernelArgument(a.Name, &fitting); problem != "" {
			c.wrong(field+".name", "%s", problem)
			continue
		}
		c.problems(field+".value", check.KernelArgument(a.Name, (*string)(a.Value)))
	}
}

// serial checks the options of GRUB's command, each of which may be there once.
func (c *checker) serial(list string, options []v1alpha1.Argument) {
	first := map[string]int{}
	for i, option := range options {
		field := fmt.Sprintf("%s[%d]", list, i)
		value := ""
		if option.Value != nil {
			value = string(*option.Value)
		}
		if earlier, twice := first[option.Name]; twice {
			c.wrong(field+".name", "%s is also in GRUB_SERIAL_COMMAND[%d]", mistake.Word(option.Name), earlier)
			continue
		}
		first[option.Name] = i
		c.problems(field, check.SerialOption(option.Name, value))
	}
}
