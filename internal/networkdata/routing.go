package networkdata

import (
	"net/netip"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// minimalMTU6 is what IPv6 needs of a link, in bytes (RFC 8200, section 5).
const minimalMTU6 = 1280

// networkRelations checks what networks say of links and of one another.
func (c *checker) networkRelations(networks []network, links map[string]*link) {
	var ids []string
	bond := map[string]string{}
	for id, l := range links {
		ids = append(ids, id)
		for _, member := range l.members {
			bond[member.id] = id
		}
	}
	slices.Sort(ids)
	identities := map[string]string{}
	addresses := map[netip.Addr]string{}
	for i := range networks {
		n := &networks[i]
		c.once(identities, n.id, n.at("id"), "id")
		if n.address.IsValid() {
			if first, twice := addresses[n.address.Addr()]; twice {
				c.wrong(n.at("ip_address"), "the address %s is also %s", n.address.Addr(), first)
			} else {
				addresses[n.address.Addr()] = n.at("ip_address")
			}
		}
		l := c.refer(n.link, links, ids)
		if l == nil {
			continue
		}
		if master := bond[l.id]; master != "" {
			c.wrong(n.link.field, "the link %s is part of the bond %s, which has the addresses; want %s here",
				mistake.Word(l.id), mistake.Word(master), mistake.Word(master))
		}
		if n.typed && n.kind.family == ipv6 && l.mtu > 0 && l.mtu < minimalMTU6 {
			c.wrong(l.at("mtu"), "%d is too small for IPv6, which %s has; want at least %d", l.mtu, n.field, minimalMTU6)
		}
	}
}

// routing checks that gateways can be reached and that there is one way to everywhere.
func (c *checker) routing(networks []network) {
	byLink := map[string][]*network{}
	for i := range networks {
		n := &networks[i]
		byLink[n.link.id] = append(byLink[n.link.id], n)
	}
	first := map[everywhere]*route{}
	linkOf := map[*route]string{}
	for i := range networks {
		n := &networks[i]
		for j := range n.routes {
			r := &n.routes[j]
			c.gateway(n, r, byLink[n.link.id])
			if r.to.Bits() != 0 {
				continue
			}
			way := everywhere{familyOf(r.gateway), r.metric}
			earlier := first[way]
			if earlier == nil {
				first[way], linkOf[r] = r, n.link.id
				continue
			}
			if earlier.gateway != r.gateway || linkOf[earlier] != n.link.id {
				c.wrong(r.at(r.key), "is a second default route of %s; the first is %s: remove one, or give each a metric of its own",
					familyName(way.family), earlier.at(earlier.key))
			}
		}
	}
}

// everywhere is a default route's identity to the kernel.
type everywhere struct{ family, metric int }

// gateway checks that a route's gateway is on the network's link, and is another machine. A link whose
// addresses a server gives can reach what the server says.
func (c *checker) gateway(n *network, r *route, onLink []*network) {
	if !n.typed || n.object.data == nil || !n.address.IsValid() {
		return
	}
	gateway := r.gateway
	for _, other := range onLink {
		if other.address.IsValid() && other.address.Addr() == gateway {
			c.wrong(r.at(r.key), "%s is the node's own address; want the router's", gateway)
			return
		}
	}
	// 0.0.0.0 and :: are how a route without a gateway is written.
	if r.onLink || gateway.IsUnspecified() || gateway.IsLinkLocalUnicast() {
		return
	}
	for _, other := range onLink {
		switch {
		case other.kind.family != familyOf(gateway) && other.typed:
		case !other.address.IsValid(), other.address.Masked().Contains(gateway), other.leadsTo(gateway):
			return
		}
	}
	c.wrong(r.at(r.key), "%s cannot be reached: it is outside of %s, the network of %s",
		gateway, n.address.Masked(), n.address.Addr())
}

// leadsTo tells whether a route without a gateway covers an address.
func (n *network) leadsTo(address netip.Addr) bool {
	return slices.ContainsFunc(n.routes, func(r route) bool {
		return r.gateway.IsUnspecified() && r.to.Contains(address)
	})
}
