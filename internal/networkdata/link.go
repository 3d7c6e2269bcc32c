package networkdata

import (
	"net"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

const (
	typeBond = "bond"
	typeVLAN = "vlan"
)

// physicalTypes are all one to cloud-init: a network card found by its MAC address. The schema has
// the first nine. The next are of cloud-init's KNOWN_PHYSICAL_TYPES, written by OVH (bgpovs), Open
// Telekom Cloud (cascading) and others (ethernet). The rest are types of a port that nova wrote before
// it made phy of them; cloud-init says a line about an unknown type and takes it as a card.
var physicalTypes = []string{
	"bridge", "dvs", "hw_veb", "hyperv", "ovs", "tap", "vhostuser", "vif", "phy",
	"bgpovs", "cascading", "ethernet",
	"hostdev", "hostdev_physical", "macvtap",
}

var (
	linkTypes  = append([]string{typeBond, typeVLAN}, physicalTypes...)
	linkFields = []string{"id", "name", "type", "mtu", "ethernet_mac_address", "vif_id"}
	vlanFields = append([]string{"vlan_link", "vlan_id", "vlan_mac_address"}, linkFields...)
)

// link is one entry of links. What could not be read is empty.
type link struct {
	object
	id, kind string
	name     string // the interface's, which the schema has not and cloud-init takes
	mac      string // lower case
	mtu      int    // bytes; 0: not given
	members  []reference
	parent   reference // a VLAN's link
	vlan     int
}

// reference is a link's id where another entry names it.
type reference struct{ field, id string }

func (l *link) physical() bool { return l.kind != typeBond && l.kind != typeVLAN }

func (c *checker) link(field string, value any) link {
	o, ok := c.object(field, value, fieldsOfLink(value)...)
	if !ok {
		return link{object: o}
	}
	l := link{object: o}
	o.need("id", "a name for networks, bonds and VLANs to refer to")
	l.id = o.text("id")
	l.kind = o.word("type", "link type", linkTypes)
	// The schema requires a value; cloud-init takes null for a card's type, but not its absence.
	if _, present := o.data["type"]; !present {
		o.need("type", "phy, bond or vlan")
	}
	o.text("vif_id")
	l.mtu, _ = o.number("mtu", 68, 65535)
	l.name = o.text("name")
	if l.name != "" && !interfaceName(l.name) {
		c.wrong(o.at("name"), "%s is not an interface's name; want at most 15 characters without spaces, / and :", mistake.Word(l.name))
	}
	l.mac = o.mac("ethernet_mac_address")
	switch l.kind {
	case typeBond:
		l.bond()
	case typeVLAN:
		l.onVLAN()
	default:
		// The schema requires the address; cloud-init needs it to find a card whose name is not given.
		if !o.given("name") {
			o.need("ethernet_mac_address", "the card's MAC address, such as 52:54:00:12:34:56")
		}
	}
	return l
}

// fieldsOfLink is what a link of its type may have.
func fieldsOfLink(value any) []string {
	data, _ := value.(map[string]any)
	switch data["type"] {
	case typeBond:
		return append(bondFields(data), linkFields...)
	case typeVLAN:
		return vlanFields
	}
	if kind, _ := data["type"].(string); slices.Contains(physicalTypes, kind) {
		return linkFields
	}
	// Of a misspelt type, or none, any link's fields pass: one mistake is enough.
	return append(bondFields(data), vlanFields...)
}

func (l *link) onVLAN() {
	l.need("vlan_link", "the id of the link that it is on")
	l.need("vlan_id", "a number from 1 to 4094")
	l.parent = reference{l.at("vlan_link"), l.text("vlan_link")}
	l.vlan, _ = l.number("vlan_id", 1, 4094)
	// The schema wants text; null is as good to cloud-init, which fails where the field is absent.
	if _, present := l.data["vlan_mac_address"]; !present {
		l.need("vlan_mac_address", "a MAC address; that of its link is usual")
	}
	l.object.mac("vlan_mac_address")
}

// interfaceName is the kernel's dev_valid_name.
func interfaceName(name string) bool {
	return len(name) < 16 && name != "." && name != ".." && !strings.ContainsAny(name, "/: \t\n\v\f\r")
}

// mac is an Ethernet address in lower case. The schema takes hyphens as well; cloud-init compares with
// what the kernel shows, finds no such card and leaves the node without any network.
func (o object) mac(key string) string {
	text := o.text(key)
	if text == "" {
		return ""
	}
	address, err := net.ParseMAC(text)
	switch {
	case err != nil || len(address) != 6:
		o.c.wrong(o.at(key), "%s is not a MAC address; want six pairs of hexadecimal digits, such as 52:54:00:12:34:56", mistake.Word(text))
	case len(text) != len(address.String()) || strings.Contains(text, "-"):
		o.c.wrong(o.at(key), "cloud-init knows MAC addresses with colons alone; write %s", address)
	case address[0]&1 != 0:
		o.c.wrong(o.at(key), "%s is the address of a group, not of a card: its first number is odd", text)
	default:
		return address.String()
	}
	return ""
}
