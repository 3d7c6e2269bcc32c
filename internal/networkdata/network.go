package networkdata

import (
	"net/netip"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// kindOfNetwork is what a network's type means.
type kindOfNetwork struct {
	family int
	static bool
}

// networkTypes: the schema has ipv4, ipv4_dhcp, ipv6, ipv6_dhcp and ipv6_slaac. Neutron's other modes,
// and static and static6, are read by convert_net_json; dhcp, dhcp4 and dhcp6 pass through it into
// cloud-init's own network configuration, whose words they are.
var networkTypes = map[string]kindOfNetwork{
	"ipv4": {ipv4, true}, "ipv4_dhcp": {ipv4, false},
	"ipv6": {ipv6, true}, "ipv6_dhcp": {ipv6, false}, "ipv6_slaac": {ipv6, false},
	"ipv6_dhcpv6-stateful": {ipv6, false}, "ipv6_dhcpv6-stateless": {ipv6, false},
	"static": {ipv4, true}, "static6": {ipv6, true},
	"dhcp": {ipv4, false}, "dhcp4": {ipv4, false}, "dhcp6": {ipv6, false},
}

// networkFields: those after services are not the schema's; convert_net_json hands them on.
var networkFields = []string{
	"id", "link", "network_id", "type", "ip_address", "netmask", "routes", "services",
	"gateway", "broadcast", "metric", "pointopoint", "scope", "dns_nameservers", "dns_search",
}

// routeFields: network may be called destination and metric be given, says cloud-init's
// network_state.py; the schema has neither.
var routeFields = []string{"network", "destination", "netmask", "prefix", "gateway", "metric", "services"}

// network is one entry of networks. What could not be read is empty.
type network struct {
	object
	id      string
	link    reference
	kind    kindOfNetwork
	typed   bool         // kind is known
	address netip.Prefix // valid where it is static and right
	routes  []route
}

// route is one entry of a network's routes, or its gateway.
type route struct {
	object
	key     string // of the gateway
	to      netip.Prefix
	gateway netip.Addr
	metric  int  // 0: not given
	onLink  bool // the gateway need not be in the network
}

func (c *checker) network(field string, value any) network {
	o, ok := c.object(field, value, networkFields...)
	if !ok {
		return network{object: o}
	}
	n := network{object: o}
	// The schema requires id and network_id, too; cloud-init reads neither.
	n.id = o.text("id")
	o.text("network_id")
	o.need("link", "the id of a link")
	n.link = reference{o.at("link"), o.text("link")}
	o.need("type", "ipv4, ipv4_dhcp, ipv6, ipv6_dhcp or ipv6_slaac")
	types := make([]string, 0, len(networkTypes))
	for name := range networkTypes {
		types = append(types, name)
	}
	slices.Sort(types)
	kind := o.word("type", "network type", types)
	n.kind, n.typed = networkTypes[kind]
	if n.kind.static {
		// The schema has addresses optional even here; cloud-init fails without one.
		o.need("ip_address", "an address with its prefix")
	}
	n.readAddress()
	n.readRoutes()
	o.number("metric", 0, 1<<31-1)
	for _, key := range []string{"dns_nameservers", "dns_search"} {
		o.texts(key)
	}
	for i, item := range o.list("services") {
		c.service(index(o.at("services"), i), item, true)
	}
	return n
}

// readAddress reads ip_address with netmask. Other networks than static ones have none of effect.
func (n *network) readAddress() {
	if !n.kind.static {
		n.object.text("ip_address")
		return
	}
	address, ok := n.prefixed("ip_address", "netmask", n.kind.family)
	if !ok {
		return
	}
	n.address = address
	ip, field := address.Addr(), n.at("ip_address")
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip.IsLoopback():
		n.c.wrong(field, "%s is no address for a node", ip)
	case ip.Is6() || address.Bits() > 30:
		// An IPv4 network of two addresses or one has no address of its own (RFC 3021).
	case ip == address.Masked().Addr():
		n.c.wrong(field, "%s is the network itself; the first address in it is %s", address, ip.Next())
	case !address.Contains(ip.Next()):
		n.c.wrong(field, "%s is the broadcast address of the network; the last address in it is %s", address, ip.Prev())
	}
}

func (n *network) readRoutes() {
	for i, item := range n.list("routes") {
		o, ok := n.c.object(index(n.at("routes"), i), item, routeFields...)
		if !ok {
			continue
		}
		if r, ok := readRoute(o, n.kind.family); ok {
			n.routes = append(n.routes, r)
		}
	}
	if gateway := n.object.address("gateway", n.kind.family); gateway.IsValid() {
		zero := netip.PrefixFrom(gateway, 0).Masked()
		// cloud-init marks this one as on the link where it is outside of the network (netplan.py).
		n.routes = append(n.routes, route{object: n.object, key: "gateway", to: zero, gateway: gateway, onLink: true})
	}
}

func readRoute(o object, family int) (route, bool) {
	r := route{object: o, key: "gateway"}
	to, length := "network", "netmask"
	if o.given("destination") && !o.given("network") {
		to = "destination"
	}
	o.need(to, "where it leads, 0.0.0.0 or :: with a prefix of 0 for everywhere")
	o.need("gateway", "an address")
	if o.given("prefix") {
		length = "prefix"
	}
	var ok bool
	r.to, ok = o.prefixed(to, length, family)
	r.gateway = o.address("gateway", family)
	r.metric, _ = o.number("metric", 0, 1<<31-1)
	for i, item := range o.list("services") {
		o.c.service(index(o.at("services"), i), item, true)
	}
	if !ok {
		return r, false
	}
	if base := r.to.Masked(); base != r.to {
		o.c.wrong(o.at(to), "%s is an address inside of %s; write the network", r.to.Addr(), base)
	}
	if r.gateway.IsValid() && familyOf(r.gateway) != familyOf(r.to.Addr()) {
		o.c.wrong(o.at("gateway"), "%s is an %s address; %s needs one of %s",
			r.gateway, familyName(familyOf(r.gateway)), to, familyName(familyOf(r.to.Addr())))
		return r, false
	}
	return r, r.gateway.IsValid()
}

// service checks a DNS server. The type may be left out at the top level, where cloud-init takes
// every service for a DNS server whatever its type; so any other type would do harm.
func (c *checker) service(field string, value any, inNetwork bool) {
	known := []string{"type", "address"}
	if !inNetwork {
		known = append(known, "search") // handle_nameserver in network_state.py; the schema has none
	}
	o, ok := c.object(field, value, known...)
	if !ok {
		return
	}
	if inNetwork {
		o.need("type", "dns")
	}
	if kind := o.text("type"); kind != "" && kind != "dns" {
		c.wrong(o.at("type"), "want dns, the only service of network data; found %s", mistake.Word(kind))
	}
	o.need("address", "an IP address")
	o.address("address", anyFamily)
	if !inNetwork {
		o.texts("search")
	}
}
