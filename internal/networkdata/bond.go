package networkdata

import (
	"slices"
	"strings"
)

// bondModes are in the order of the kernel's numbers (Documentation/networking/bonding.rst), which
// are no names to netplan.
var bondModes = []string{
	"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
}

// bondWords are the options with a fixed set of values. The schema has bond_mode alone; the others are
// those that cloud-init hands on to netplan (NET_CONFIG_TO_V2 in network_state.py), which knows these values.
var bondWords = map[string][]string{
	"bond_mode":             bondModes,
	"bond_xmit_hash_policy": {"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"},
	"bond_lacp_rate":        {"slow", "fast"},
	"bond_ad_select":        {"stable", "bandwidth", "count"},
	"bond_arp_validate":     {"none", "active", "backup", "all"},
	"bond_fail_over_mac":    {"none", "active", "follow"},
	"bond_primary_reselect": {"always", "better", "failure"},
}

// bondNumbers are the options that are numbers, with the greatest; times are in milliseconds.
var bondNumbers = map[string]int{
	"bond_miimon": 1 << 30, "bond_updelay": 1 << 30, "bond_downdelay": 1 << 30, "bond_arp_interval": 1 << 30,
	"bond_min_links": 1 << 16, "bond_num_grat_arp": 255,
}

var bondOthers = []string{"bond_links", "bond_primary", "bond_arp_ip_target"}

// bondFields are a bond's own fields. cloud-init takes hyphens for underscores in options, and the
// spelling that is used is the one that is known; bond_links has one spelling.
func bondFields(data map[string]any) []string {
	known := slices.Clone(bondOthers)
	for _, option := range bondOptions() {
		if hyphens := strings.ReplaceAll(option, "_", "-"); data[hyphens] != nil {
			known = append(known, hyphens)
			continue
		}
		known = append(known, option)
	}
	return known
}

func bondOptions() []string {
	var options []string
	for option := range bondWords {
		options = append(options, option)
	}
	for option := range bondNumbers {
		options = append(options, option)
	}
	slices.Sort(options)
	return options
}

func (l *link) bond() {
	for _, option := range bondOptions() {
		key := option
		if hyphens := strings.ReplaceAll(option, "_", "-"); l.data[hyphens] != nil {
			key = hyphens
		}
		if most, number := bondNumbers[option]; number {
			l.number(key, 0, most)
		} else {
			l.bondWord(key, option)
		}
	}
	l.text("bond_primary")
	// The schema wants a list of ids; cloud-init fails on anything else, and on a bond without it.
	if _, present := l.data["bond_links"]; !present {
		l.need("bond_links", "the ids of the bond's links")
		return
	}
	members := l.list("bond_links")
	if list, ok := l.data["bond_links"].([]any); ok && len(list) == 0 {
		l.c.wrong(l.at("bond_links"), "want at least one link; a bond without any has no carrier")
	}
	for i, member := range members {
		field := index(l.at("bond_links"), i)
		id, ok := member.(string)
		if !ok || id == "" {
			l.c.wrong(field, "want the id of a link, a string; found %s", describe(member))
			continue
		}
		l.members = append(l.members, reference{field, id})
	}
}

func (l *link) bondWord(key, option string) {
	known := bondWords[option]
	n, ok := whole(l.data[key])
	switch {
	case option == "bond_mode" && ok && n >= 0 && n < len(bondModes):
		l.c.wrong(l.at(key), "netplan knows modes by their names; write %s for %d", bondModes[n], n)
	case option == "bond_lacp_rate" && ok && (n == 0 || n == 1):
		l.c.wrong(l.at(key), "netplan knows rates by their names; write %s for %d", known[n], n)
	default:
		noun := strings.ReplaceAll(strings.TrimPrefix(option, "bond_"), "_", " ")
		l.word(key, noun+" of a bond", known)
	}
}
