package networkdata

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// linkRelations checks what links say of one another, and lists them by id.
func (c *checker) linkRelations(links []link) map[string]*link {
	byID := map[string]*link{}
	names, addresses := map[string]string{}, map[string]string{}
	for i := range links {
		l := &links[i]
		if first := byID[l.id]; first != nil {
			c.wrong(l.at("id"), "%s is also the id of %s", mistake.Word(l.id), first.field)
		} else if l.id != "" {
			byID[l.id] = l
		}
		if l.physical() {
			c.once(names, l.name, l.at("name"), "interface name")
			c.once(addresses, l.mac, l.at("ethernet_mac_address"), "MAC address")
		}
	}
	ids := idsOf(links)
	c.members(links, byID, ids)
	c.vlans(links, byID, ids)
	c.cycles(links, byID)
	return byID
}

func idsOf(links []link) []string {
	var ids []string
	for i := range links {
		if links[i].id != "" {
			ids = append(ids, links[i].id)
		}
	}
	return ids
}

// once reports a value that an earlier field has, too.
func (c *checker) once(seen map[string]string, value, field, noun string) {
	if value == "" {
		return
	}
	if first, twice := seen[value]; twice {
		c.wrong(field, "the %s %s is also in %s", noun, value, first)
		return
	}
	seen[value] = field
}

// refer is the link that a reference means, or nil after reporting that there is none.
func (c *checker) refer(to reference, byID map[string]*link, ids []string) *link {
	if to.id == "" {
		return nil
	}
	l := byID[to.id]
	if l == nil {
		hint := suggest(to.id, ids)
		if len(ids) == 0 {
			hint = "; links is empty"
		}
		c.wrong(to.field, "there is no link with the id %s%s", mistake.Word(to.id), hint)
	}
	return l
}

// members checks bonds: their links exist and are of one bond only.
func (c *checker) members(links []link, byID map[string]*link, ids []string) {
	bondOf := map[string]string{}
	for i := range links {
		for _, member := range links[i].members {
			if c.refer(member, byID, ids) == nil {
				continue
			}
			if first, twice := bondOf[member.id]; twice {
				c.wrong(member.field, "the link %s is already in %s; a link is in one bond only", mistake.Word(member.id), first)
				continue
			}
			bondOf[member.id] = member.field
		}
	}
}

// vlans checks VLANs: their links exist, have each VLAN once, and carry packets of its size.
func (c *checker) vlans(links []link, byID map[string]*link, ids []string) {
	type tag struct {
		link string
		id   int
	}
	seen := map[tag]string{}
	for i := range links {
		l := &links[i]
		if l.kind != typeVLAN {
			continue
		}
		parent := c.refer(l.parent, byID, ids)
		if parent == nil {
			continue
		}
		if l.mtu > 0 && parent.mtu > 0 && l.mtu > parent.mtu {
			c.wrong(l.at("mtu"), "%d is more than its link %s carries, which is %d", l.mtu, mistake.Word(parent.id), parent.mtu)
		}
		if l.vlan == 0 {
			continue
		}
		here := tag{l.parent.id, l.vlan}
		if first, twice := seen[here]; twice {
			c.wrong(l.at("vlan_id"), "VLAN %d on the link %s is also %s", l.vlan, mistake.Word(l.parent.id), first)
			continue
		}
		seen[here] = l.field
	}
}

// cycles reports each ring of bonds and VLANs that lie on one another, at its first link.
func (c *checker) cycles(links []link, byID map[string]*link) {
	const (
		walking = 1
		done    = 2
	)
	state := map[string]int{}
	var walk func(l *link)
	walk = func(l *link) {
		state[l.id] = walking
		for _, to := range append(slices.Clone(l.members), l.parent) {
			lower := byID[to.id]
			switch {
			case lower == nil || state[to.id] == done:
			case state[to.id] == walking:
				c.wrong(to.field, "the link %s lies on itself by way of this one", mistake.Word(to.id))
			default:
				walk(lower)
			}
		}
		state[l.id] = done
	}
	for i := range links {
		if l := &links[i]; byID[l.id] == l && state[l.id] == 0 {
			walk(l)
		}
	}
}
