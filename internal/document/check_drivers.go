package document

import (
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// drivers checks all of drivers but their modules.
func (c *checker) drivers(drivers []v1alpha1.Driver, asked wishes) {
	first := map[string]int{}
	for i, driver := range drivers {
		field := fmt.Sprintf("spec.drivers[%d]", i)
		switch earlier, twice := first[driver.Name]; {
		case strings.TrimSpace(driver.Name) == "" || strings.ContainsFunc(driver.Name, isControl):
			c.wrong(field+".name", "want the driver's name, one line of text")
		case twice:
			c.wrong(field+".name", "the driver %s is also in drivers[%d]; names are unique", mistake.Word(driver.Name), earlier)
		default:
			first[driver.Name] = i
		}
		if len(driver.Packages)+len(driver.Modules)+len(driver.Blacklist)+len(driver.DKMS)+len(driver.Firmware) == 0 {
			c.wrong(field, "does nothing; want packages, modules, blacklist, dkms or firmware")
		}
		c.packages(field+".packages", driver.Packages, asked)
		c.packages(field+".dkms", driver.DKMS, asked)
		c.packages(field+".firmware", driver.Firmware, asked)
	}
}

// warnOfUnsignedModules tells of modules that a kernel started by Secure Boot does not load.
func (p *Profile) warnOfUnsignedModules(r *tree.Report) {
	if !p.NodeProfile.Spec.OSKernel.SecureBoot {
		return
	}
	for i, driver := range p.NodeProfile.Spec.Drivers {
		if len(driver.DKMS) > 0 {
			p.warn(r, fmt.Sprintf("spec.drivers[%d].dkms", i), "what dkms builds is not signed: with osKernel.secureBoot no node loads "+
				"it before a key of yours signs it and mokutil enrols that key on the node")
		}
	}
}
