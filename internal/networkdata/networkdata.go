// Package networkdata reads and checks OpenStack's network data: network_data.json of a config drive.
//
// The text or the value of a document goes in; mistakes with their fields, or the file's JSON, come
// out. What is right is what cloud-init makes a working network of.
//
// Sources: the JSON schema that nova publishes (doc/api_schemas/network_data.json), and the program
// that reads the file, cloud-init's convert_net_json (cloudinit/sources/helpers/openstack.py) with
// what follows it, network_state.py and the netplan renderer. Where the two differ, cloud-init's
// reading holds, since it is what happens on the node; each difference is told where it is decided.
package networkdata

import (
	"fmt"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Check finds what is wrong with network data. data is what a JSON or YAML decoder makes of it:
// map[string]any, []any, string, bool, numbers, nil. field is the path before every Mistake's field,
// such as spec.networking.networkData; it may be empty.
//
// The error is as mistake.Join has it: nil, or one or many *mistake.Mistake.
func Check(field string, data any) error {
	c := &checker{}
	// cloud-init takes a file without any of the three lists, which the schema requires.
	root, ok := c.object(field, data, "links", "networks", "services")
	if !ok {
		return mistake.Join(c.mistakes)
	}
	var links []link
	for i, item := range root.list("links") {
		links = append(links, c.link(index(root.at("links"), i), item))
	}
	var networks []network
	for i, item := range root.list("networks") {
		networks = append(networks, c.network(index(root.at("networks"), i), item))
	}
	for i, item := range root.list("services") {
		c.service(index(root.at("services"), i), item, false)
	}
	known := c.linkRelations(links)
	c.networkRelations(networks, known)
	c.routing(networks)
	return mistake.Join(c.mistakes)
}

// checker collects mistakes.
type checker struct{ mistakes []*mistake.Mistake }

func (c *checker) wrong(field, format string, args ...any) {
	c.mistakes = append(c.mistakes, &mistake.Mistake{Field: field, Problem: fmt.Sprintf(format, args...)})
}

func index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// suggested bounds the names among which a near one is looked for: distances take time.
const suggested = 200

func suggest(name string, known []string) string {
	if len(known) > suggested {
		return ""
	}
	return mistake.Suggest(name, known)
}
