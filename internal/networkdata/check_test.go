package networkdata_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/networkdata"
)

const (
	card  = `{id: eth0, type: phy, ethernet_mac_address: 52:54:00:00:00:01}`
	card2 = `{id: eth1, type: phy, ethernet_mac_address: 52:54:00:00:00:02}`
)

// mistakes of a text, each as FIELD: PROBLEM.
func mistakes(t *testing.T, text string) []string {
	t.Helper()
	data, err := networkdata.Parse(text)
	require.NoError(t, err)
	var all []string
	for _, m := range mistake.All(networkdata.Check("", data)) {
		all = append(all, m.Error())
	}
	return all
}

func TestLinks(t *testing.T) {
	for name, c := range map[string]struct {
		links string
		want  []string
	}{
		"nothing of it":          {`[{}]`, []string{"links[0].id: is required", "links[0].type: is required", "links[0].ethernet_mac_address: is required"}},
		"no mapping":             {`[eth0]`, []string{"links[0]: want a mapping; found the text eth0"}},
		"a number for an id":     {`[{id: 1, type: phy, name: a}]`, []string{"links[0].id: want a string; found the number 1; put it in quotes"}},
		"misspelt type":          {`[{id: a, type: bnd, name: a, bond_links: [b]}]`, []string{"links[0].type: unknown link type bnd; did you mean bond?"}},
		"misspelt field":         {`[{id: a, type: phy, ethernet_mac_adress: 52:54:00:00:00:01, name: a}]`, []string{"links[0].ethernet_mac_adress: unknown field; did you mean ethernet_mac_address?"}},
		"another format's field": {`[{id: a, type: phy, name: a, mac_address: "52:54:00:00:00:01"}]`, []string{"links[0].mac_address: unknown field; did you mean ethernet_mac_address?"}},
		"hyphens in a MAC":       {`[{id: a, type: phy, ethernet_mac_address: 52-54-00-00-00-0A}]`, []string{"links[0].ethernet_mac_address: cloud-init knows MAC addresses with colons alone; write 52:54:00:00:00:0a"}},
		"MAC of dots":            {`[{id: a, type: phy, ethernet_mac_address: 5254.0000.000a}]`, []string{"write 52:54:00:00:00:0a"}},
		"short MAC":              {`[{id: a, type: phy, ethernet_mac_address: 52:54:00}]`, []string{"links[0].ethernet_mac_address: 52:54:00 is not a MAC address"}},
		"group MAC":              {`[{id: a, type: phy, ethernet_mac_address: 01:00:5e:00:00:01}]`, []string{"is the address of a group"}},
		"the same MAC":           {`[` + card + `, {id: b, type: phy, ethernet_mac_address: 52:54:00:00:00:01}]`, []string{"links[1].ethernet_mac_address: the MAC address 52:54:00:00:00:01 is also in links[0].ethernet_mac_address"}},
		"the same id":            {`[` + card + `, {id: eth0, type: phy, name: b}]`, []string{"links[1].id: eth0 is also the id of links[0]"}},
		"the same name":          {`[{id: a, type: phy, name: lan}, {id: b, type: phy, name: lan}]`, []string{"links[1].name: the interface name lan is also in links[0].name"}},
		"long name":              {`[{id: a, type: phy, name: a234567890123456}]`, []string{"links[0].name: a234567890123456 is not an interface's name"}},
		"MTU":                    {`[{id: a, type: phy, name: a, mtu: 90000}]`, []string{"links[0].mtu: want a number from 68 to 65535; found 90000"}},
		"MTU as a word":          {`[{id: a, type: phy, name: a, mtu: jumbo}]`, []string{"links[0].mtu: want a whole number from 68 to 65535; found the text jumbo"}},

		"bond without links":    {`[{id: b, type: bond}]`, []string{"links[0].bond_links: is required"}},
		"bond of none":          {`[{id: b, type: bond, bond_links: []}]`, []string{"links[0].bond_links: want at least one link"}},
		"bond of a misspelt":    {`[` + card + `, {id: b, type: bond, bond_links: [eth]}]`, []string{"links[1].bond_links[0]: there is no link with the id eth; did you mean eth0?"}},
		"bond of a text":        {`[` + card + `, {id: b, type: bond, bond_links: eth0}]`, []string{"links[1].bond_links: want a list; found the text eth0"}},
		"two bonds":             {`[` + card + `, {id: b, type: bond, bond_links: [eth0]}, {id: c, type: bond, bond_links: [eth0]}]`, []string{"links[2].bond_links[0]: the link eth0 is already in links[1].bond_links[0]"}},
		"twice in a bond":       {`[` + card + `, {id: b, type: bond, bond_links: [eth0, eth0]}]`, []string{"links[1].bond_links[1]: the link eth0 is already in"}},
		"bond of itself":        {`[{id: b, type: bond, bond_links: [b]}]`, []string{"links[0].bond_links[0]: the link b lies on itself"}},
		"bond mode":             {`[` + card + `, {id: b, type: bond, bond_links: [eth0], bond_mode: 802.3a}]`, []string{"links[1].bond_mode: unknown mode of a bond 802.3a; did you mean 802.3ad?"}},
		"bond mode as a number": {`[` + card + `, {id: b, type: bond, bond_links: [eth0], bond_mode: 4}]`, []string{"links[1].bond_mode: netplan knows modes by their names; write 802.3ad for 4"}},
		"bond miimon":           {`[` + card + `, {id: b, type: bond, bond_links: [eth0], bond_miimon: 100ms}]`, []string{"links[1].bond_miimon: want a whole number"}},
		"bond option":           {`[` + card + `, {id: b, type: bond, bond_links: [eth0], bond_milmon: 100}]`, []string{"links[1].bond_milmon: unknown field; did you mean bond_miimon?"}},

		"VLAN of nothing":   {`[{id: v, type: vlan}]`, []string{"links[0].vlan_link: is required", "links[0].vlan_id: is required", "links[0].vlan_mac_address: is required"}},
		"VLAN 4095":         {`[` + card + `, {id: v, type: vlan, vlan_link: eth0, vlan_id: 4095, vlan_mac_address: 52:54:00:00:00:01}]`, []string{"links[1].vlan_id: want a number from 1 to 4094; found 4095"}},
		"VLAN on no link":   {`[{id: v, type: vlan, vlan_link: eth0, vlan_id: 5, vlan_mac_address: null}]`, []string{"links[0].vlan_link: there is no link with the id eth0; known: v"}},
		"VLAN twice":        {`[` + card + `, {id: v, type: vlan, vlan_link: eth0, vlan_id: 5, vlan_mac_address: null}, {id: w, type: vlan, vlan_link: eth0, vlan_id: 5, vlan_mac_address: null}]`, []string{"links[2].vlan_id: VLAN 5 on the link eth0 is also links[1]"}},
		"VLANs in a ring":   {`[{id: v, type: vlan, vlan_link: w, vlan_id: 5, vlan_mac_address: null}, {id: w, type: vlan, vlan_link: v, vlan_id: 5, vlan_mac_address: null}]`, []string{"links[1].vlan_link: the link v lies on itself"}},
		"VLAN's larger MTU": {`[{id: a, type: phy, name: a, mtu: 1500}, {id: v, type: vlan, vlan_link: a, vlan_id: 5, vlan_mac_address: null, mtu: 9000}]`, []string{"links[1].mtu: 9000 is more than its link a carries, which is 1500"}},
	} {
		t.Run(name, func(t *testing.T) { assertMistakes(t, c.want, mistakes(t, "links: "+c.links)) })
	}
}

func TestNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		networks string
		want     []string
	}{
		"nothing of it":           {`[{}]`, []string{"networks[0].link: is required", "networks[0].type: is required"}},
		"no such link":            {`[{link: eth, type: ipv4_dhcp}]`, []string{"networks[0].link: there is no link with the id eth; did you mean eth0?"}},
		"misspelt type":           {`[{link: eth0, type: ipv4_dchp}]`, []string{"networks[0].type: unknown network type ipv4_dchp; did you mean ipv4_dhcp?"}},
		"no address":              {`[{link: eth0, type: ipv4}]`, []string{"networks[0].ip_address: is required"}},
		"no prefix":               {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5}]`, []string{"networks[0].ip_address: 10.0.0.5 has no prefix; write 10.0.0.5/24 or netmask"}},
		"prefix, another way":     {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5, prefix: 24}]`, []string{"networks[0].ip_address: 10.0.0.5 has no prefix", "networks[0].prefix: unknown field; did you mean netmask?"}},
		"two prefixes":            {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, netmask: 255.255.0.0}]`, []string{"networks[0].netmask: is a prefix of 16, and networks[0].ip_address has 24; remove one"}},
		"prefix of 33":            {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/33}]`, []string{"networks[0].ip_address: 33 is not the length of a prefix; want 0 to 32"}},
		"netmask with a hole":     {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5, netmask: 255.0.255.0}]`, []string{"networks[0].netmask: 255.0.255.0 is not a netmask of IPv4"}},
		"wildcard mask":           {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5, netmask: 0.0.0.255}]`, []string{"networks[0].netmask: 0.0.0.255 is not a netmask of IPv4"}},
		"netmask of the other":    {`[{link: eth0, type: ipv6, ip_address: "2001:db8::5", netmask: 255.255.255.0}]`, []string{"networks[0].netmask: 255.255.255.0 is not a netmask of IPv6"}},
		"address too large":       {`[{link: eth0, type: ipv4, ip_address: 10.0.256.5/24}]`, []string{"networks[0].ip_address: 10.0.256.5 is not an IP address; 256 is more than 255"}},
		"address like octal":      {`[{link: eth0, type: ipv4, ip_address: 10.0.0.05/24}]`, []string{"networks[0].ip_address: 10.0.0.05 is not an IP address; 05 begins with a zero"}},
		"IPv4 for IPv6":           {`[{link: eth0, type: ipv6, ip_address: 10.0.0.5/24}]`, []string{"networks[0].ip_address: 10.0.0.5 is an IPv4 address; want one of IPv6"}},
		"the network itself":      {`[{link: eth0, type: ipv4, ip_address: 10.0.0.0/24}]`, []string{"networks[0].ip_address: 10.0.0.0/24 is the network itself; the first address in it is 10.0.0.1"}},
		"the broadcast address":   {`[{link: eth0, type: ipv4, ip_address: 10.0.0.255/24}]`, []string{"networks[0].ip_address: 10.0.0.255/24 is the broadcast address of the network; the last address in it is 10.0.0.254"}},
		"loopback":                {`[{link: eth0, type: ipv4, ip_address: 127.0.0.1/8}]`, []string{"networks[0].ip_address: 127.0.0.1 is no address for a node"}},
		"an address twice":        {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24}, {link: eth1, type: ipv4, ip_address: 10.0.0.5/16}]`, []string{"networks[1].ip_address: the address 10.0.0.5 is also networks[0].ip_address"}},
		"an id twice":             {`[{id: n, link: eth0, type: dhcp4}, {id: n, link: eth1, type: dhcp4}]`, []string{"networks[1].id: the id n is also in networks[0].id"}},
		"far gateway":             {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 0.0.0.0/0, gateway: 10.0.1.1}]}]`, []string{"networks[0].routes[0].gateway: 10.0.1.1 cannot be reached: it is outside of 10.0.0.0/24, the network of 10.0.0.5"}},
		"its own gateway":         {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 0.0.0.0/0, gateway: 10.0.0.5}]}]`, []string{"networks[0].routes[0].gateway: 10.0.0.5 is the node's own address"}},
		"gateway of the other":    {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 0.0.0.0/0, gateway: "fe80::1"}]}]`, []string{"networks[0].routes[0].gateway: fe80::1 is an IPv6 address; want one of IPv4"}},
		"no gateway":              {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 0.0.0.0/0}]}]`, []string{"networks[0].routes[0].gateway: is required"}},
		"route of no length":      {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 10.1.0.0, gateway: 10.0.0.1}]}]`, []string{"networks[0].routes[0].network: 10.1.0.0 has no prefix"}},
		"route of length 0":       {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 0.0.0.0, prefix: 0, gateway: 10.0.0.1}]}]`, []string{"networks[0].routes[0].prefix: cloud-init takes the number 0 as not given"}},
		"route to a host":         {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 10.1.2.3/16, gateway: 10.0.0.1}]}]`, []string{"networks[0].routes[0].network: 10.1.2.3 is an address inside of 10.1.0.0/16; write the network"}},
		"route in other words":    {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{to: 10.1.0.0/16, via: 10.0.0.1}]}]`, []string{"routes[0].to: unknown field; did you mean network?", "routes[0].via: unknown field; did you mean gateway?", "routes[0].network: is required", "routes[0].gateway: is required"}},
		"two ways to everywhere":  {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, gateway: 10.0.0.1}, {link: eth1, type: ipv4, ip_address: 10.1.0.5/24, routes: [{network: 0.0.0.0/0, gateway: 10.1.0.1}]}]`, []string{"networks[1].routes[0].gateway: is a second default route of IPv4; the first is networks[0].gateway"}},
		"a way of each family":    {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, gateway: 10.0.0.1}, {link: eth0, type: ipv6, ip_address: "2001:db8::5/64", gateway: "fe80::1"}]`, nil},
		"far behind a host route": {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/32, routes: [{network: 10.9.0.1/32, gateway: 0.0.0.0}, {network: 0.0.0.0/0, gateway: 10.9.0.1}]}]`, nil},
		"near by another address": {`[{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, routes: [{network: 0.0.0.0/0, gateway: 10.1.0.1}]}, {link: eth0, type: ipv4, ip_address: 10.1.0.5/24}]`, nil},
		"service":                 {`[{link: eth0, type: ipv4_dhcp, services: [{address: 10.0.0.53}, {type: ntp, address: 10.0.0.53}, {type: dns, address: ns1}]}]`, []string{"services[0].type: is required", "services[1].type: want dns", "services[2].address: ns1 is not an IP address"}},
	} {
		t.Run(name, func(t *testing.T) {
			assertMistakes(t, c.want, mistakes(t, "links: ["+card+", "+card2+"]\nnetworks: "+c.networks))
		})
	}
}

func TestLinkOfANetwork(t *testing.T) {
	bonded := "links: [" + card + ", " + card2 + ", {id: bond, type: bond, bond_links: [eth0, eth1]}]\n"
	assertMistakes(t, []string{"networks[0].link: the link eth0 is part of the bond bond"},
		mistakes(t, bonded+"networks: [{link: eth0, type: ipv4_dhcp}]"))
	assertMistakes(t, []string{"links[0].mtu: 1000 is too small for IPv6, which networks[0] has; want at least 1280"},
		mistakes(t, "links: [{id: a, name: a, type: phy, mtu: 1000}]\nnetworks: [{link: a, type: ipv6_slaac}]"))
}

func TestWhole(t *testing.T) {
	assertMistakes(t, []string{"link: unknown field; did you mean links?"}, mistakes(t, "link: []"))
	assertMistakes(t, []string{"links: want a list; found nothing"}, mistakes(t, "links:"))
	assertMistakes(t, []string{"services[0].type: want dns"}, mistakes(t, "services: [{type: ntp, address: 10.0.0.1}]"))
	assert.Equal(t, []string{"want a mapping; found a list"}, mistakes(t, "[]"))
	err := networkdata.Check("spec.networking.networkData", map[string]any{"links": []any{1}})
	assert.EqualError(t, err, "spec.networking.networkData.links[0]: want a mapping; found the number 1")
	assert.EqualError(t, networkdata.Check("at", map[any]any{1: 2}), "at: want a mapping; found a mapping whose keys are not all text")
}

// assertMistakes wants each mistake to hold its part of the text, and none besides.
func assertMistakes(t *testing.T, want, found []string) {
	t.Helper()
	for _, part := range want {
		one := false
		for i, text := range found {
			if strings.Contains(text, part) {
				found = append(found[:i:i], found[i+1:]...)
				one = true
				break
			}
		}
		assert.True(t, one, "no mistake with %q in %q", part, found)
	}
	assert.Empty(t, found, "mistakes that nobody asked for")
}

func TestParse(t *testing.T) {
	fromYAML, err := networkdata.Parse("links:\n- {id: a, mtu: 1500}\n")
	require.NoError(t, err)
	fromJSON, err := networkdata.Parse("\ufeff{\t\"links\": [{\"id\": \"a\", \"mtu\": 1500}]}")
	require.NoError(t, err)
	one, err := networkdata.JSON(fromYAML)
	require.NoError(t, err)
	other, err := networkdata.JSON(fromJSON)
	require.NoError(t, err)
	assert.Equal(t, string(one), string(other))

	for text, want := range map[string]string{
		"":                                    "is empty",
		" \n":                                 "is empty",
		"links: [":                            "neither YAML nor JSON: line 1",
		"links: []\nlinks: []":                `line 2: mapping key "links" already defined at line 1`,
		`{"links": [{"id": "a", "id": "b"}]}`: `duplicate field "links[0].id"`,
		"links: []\n---\nlinks: []":           "a second document at its line 2",
		strings.Repeat("#", networkdata.Largest+1): "is too long",
	} {
		_, err := networkdata.Parse(text)
		var m *mistake.Mistake
		require.ErrorAs(t, err, &m, text)
		assert.Contains(t, m.Problem, want)
	}
}

func TestJSON(t *testing.T) {
	data, err := networkdata.Parse("networks: []\nlinks: [{type: phy, id: <a>, ethernet_mac_address: 52:54:00:12:34:56}]")
	require.NoError(t, err)
	text, err := networkdata.JSON(data)
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/written.json")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(text))

	_, err = networkdata.JSON([]any{})
	assert.EqualError(t, err, "network data is a list, not a mapping")
	_, err = networkdata.JSON(map[string]any{"links": map[any]any{1: 2}})
	assert.Error(t, err)
}

func TestManyLinks(t *testing.T) {
	var links, networks []any
	for i := range 5000 {
		id := fmt.Sprintf("%060d", i)
		links = append(links, map[string]any{"id": id, "type": "vlan", "vlan_link": id + "y", "vlan_id": 1, "vlan_mac_address": nil})
		networks = append(networks, map[string]any{"link": id + "z", "type": "ipv4_dhcp"})
	}
	found := mistake.All(networkdata.Check("", map[string]any{"links": links, "networks": networks}))
	require.Len(t, found, 10000)
	assert.NotContains(t, found[0].Problem, ";", "near names are not looked for among thousands")
}

func FuzzCheck(f *testing.F) {
	f.Add("links: [" + card + "]\nnetworks: [{link: eth0, type: ipv4, ip_address: 10.0.0.5/24, gateway: 10.0.0.1}]")
	f.Add(`{"links": [{"id": "a", "type": "bond", "bond_links": ["a"]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		data, err := networkdata.Parse(text)
		if err != nil {
			return
		}
		if networkdata.Check("", data) == nil {
			_, err := networkdata.JSON(data)
			require.NoError(t, err)
		}
	})
}
