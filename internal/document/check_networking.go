package document

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/networkdata"
)

var renderers = []string{"netplan", "networkd", "network-manager", "eni"}

func (c *checker) networking(networking *v1alpha1.Networking) {
	c.hostname("spec.networking.hostname", networking.Hostname)
	c.hosts(networking.Hosts)
	if networking.NetworkData != nil {
		c.add(networkdata.Check("spec.networking.networkData", map[string]any(networking.NetworkData)))
	}
	c.oneOf("spec.networking.renderer", "renderer", networking.Renderer, renderers)
	c.problems("spec.networking.systemd_nic_names_policy", check.NamePolicy(networking.SystemdNICNamesPolicy)...)
	c.problems("spec.networking.systemd_nic_alternative_names_policy",
		check.AlternativeNamesPolicy(networking.SystemdNICAlternativeNamesPolicy)...)
}

// A label of a host name (RFC 1123, section 2.1).
var label = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)

const (
	// maxHostname is Linux's __NEW_UTS_LEN.
	maxHostname = 64
	// maxDomain is the longest name that DNS has, in characters without the last dot.
	maxDomain = 253
)

// hostname checks the node's own name.
func (c *checker) hostname(field, name string) {
	switch {
	case name == "":
	case !isHostname(name):
		c.wrong(field, "%s is not a host name; want letters, digits and - in parts of at most 63, joined by dots", mistake.Word(name))
	case len(name) > maxHostname:
		c.wrong(field, "is %d characters long; Linux takes %d", len(name), maxHostname)
	}
}

func isHostname(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return true
}

// hosts checks lines of hosts(5). A name may have several addresses, and an address several lines.
func (c *checker) hosts(hosts []v1alpha1.Host) {
	type line struct{ address, name string }
	first := map[line]string{}
	for i, host := range hosts {
		field := fmt.Sprintf("spec.networking.hosts[%d]", i)
		address := c.address(field+".address", host.Address)
		if host.Names != nil && len(host.Names) == 0 {
			c.wrong(field+".names", "is empty; want the names of %s", mistake.Word(host.Address))
		}
		for j, name := range host.Names {
			at := fmt.Sprintf("%s.names[%d]", field, j)
			one := line{address.String(), strings.ToLower(name)}
			switch earlier, twice := first[one]; {
			case !isHostname(name) || len(name) > maxDomain:
				c.wrong(at, "%s is not a host name; want letters, digits and - in parts of at most 63, joined by dots", mistake.Word(name))
			case !address.IsValid():
			case one.name == "localhost" && !address.IsLoopback():
				c.wrong(at, "localhost is the node itself; %s is another address", host.Address)
			case twice:
				c.wrong(at, "%s has the address %s in %s already", name, host.Address, earlier)
			default:
				first[one] = at
			}
		}
	}
}

// address is text as an address; not valid where it is none.
func (c *checker) address(field, text string) netip.Addr {
	address, err := netip.ParseAddr(text)
	prefix, problem := netip.ParsePrefix(text)
	switch {
	case problem == nil:
		c.wrong(field, "%s has a prefix length; want the address alone: %s", mistake.Word(text), prefix.Addr())
	case err != nil:
		c.wrong(field, "%s is not an IPv4 or IPv6 address", mistake.Word(text))
	case address.Zone() != "":
		c.wrong(field, "%s has a zone, which a line of /etc/hosts cannot have", mistake.Word(text))
	default:
		return address
	}
	return netip.Addr{}
}
