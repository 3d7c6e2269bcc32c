package networkdata

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// object is a mapping at its place.
type object struct {
	c     *checker
	field string
	data  map[string]any
}

// elsewhere are names that other network formats have for a field of this one.
var elsewhere = map[string]string{
	"mac": "ethernet_mac_address", "mac_address": "ethernet_mac_address", "macaddress": "ethernet_mac_address",
	"bond_interfaces": "bond_links", "bond_slaves": "bond_links", "interfaces": "bond_links", "slaves": "bond_links",
	"mode": "bond_mode", "miimon": "bond_miimon", "xmit_hash_policy": "bond_xmit_hash_policy",
	"vlan": "vlan_id", "vlan_raw_device": "vlan_link",
	"address": "ip_address", "ip": "ip_address", "prefix": "netmask", "prefix_length": "netmask", "cidr": "netmask",
	"to": "network", "via": "gateway", "nameservers": "services", "dns": "services",
}

// object reports what is not a mapping, and fields that cloud-init would pass over without a word.
func (c *checker) object(field string, value any, known ...string) (object, bool) {
	data, ok := value.(map[string]any)
	if !ok {
		c.wrong(field, "want a mapping; found %s", describe(value))
		return object{}, false
	}
	o := object{c: c, field: field, data: data}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if slices.Contains(known, key) {
			continue
		}
		if here := elsewhere[key]; slices.Contains(known, here) {
			c.wrong(o.at(key), "unknown field; did you mean %s?", here)
			continue
		}
		c.wrong(o.at(key), "unknown field%s", suggest(key, known))
	}
	return o, true
}

// at is the path of one of the object's fields.
func (o object) at(key string) string {
	if o.field == "" {
		return key
	}
	return o.field + "." + key
}

// given tells whether a field has a value; null has none.
func (o object) given(key string) bool { return o.data[key] != nil }

func (o object) need(key, want string) {
	if !o.given(key) {
		o.c.wrong(o.at(key), mistake.Required+"; want %s", want)
	}
}

// text is a field's text, empty where it is absent or wrong.
func (o object) text(key string) string {
	switch value := o.data[key].(type) {
	case nil:
		return ""
	case string:
		if value == "" || strings.TrimSpace(value) != value {
			o.c.wrong(o.at(key), "want text without spaces around it; found %q", value)
			return ""
		}
		return value
	default:
		hint := ""
		if _, number := whole(value); number {
			hint = "; put it in quotes"
		}
		o.c.wrong(o.at(key), "want a string; found %s%s", describe(value), hint)
		return ""
	}
}

// word is a field's text if it is one of those known.
func (o object) word(key, noun string, known []string) string {
	value := o.text(key)
	if value != "" && !slices.Contains(known, value) {
		o.c.wrong(o.at(key), "unknown %s %s%s", noun, mistake.Word(value), suggest(value, known))
		return ""
	}
	return value
}

// number is a field's whole number from low to high; false where it is absent or wrong. The schema
// wants a number; digits in quotes pass through cloud-init into netplan's YAML, which reads them.
func (o object) number(key string, low, high int) (int, bool) {
	value := o.data[key]
	if value == nil {
		return 0, false
	}
	n, ok := whole(value)
	if text, quoted := value.(string); quoted {
		parsed, err := strconv.Atoi(text)
		n, ok = parsed, err == nil && text == strconv.Itoa(parsed)
	}
	if !ok {
		o.c.wrong(o.at(key), "want a whole number from %d to %d; found %s", low, high, describe(value))
		return 0, false
	}
	if n < low || n > high {
		o.c.wrong(o.at(key), "want a number from %d to %d; found %d", low, high, n)
		return 0, false
	}
	return n, true
}

// list is a field's list. Null is no list: cloud-init would fail on it.
func (o object) list(key string) []any {
	value, present := o.data[key]
	list, ok := value.([]any)
	if present && !ok {
		o.c.wrong(o.at(key), "want a list; found %s", describe(value))
	}
	return list
}

// texts checks a field that is a text of words or a list of texts.
func (o object) texts(key string) {
	list, many := o.data[key].([]any)
	if !many {
		o.text(key)
		return
	}
	for i, item := range list {
		if text, ok := item.(string); !ok || text == "" {
			o.c.wrong(index(o.at(key), i), "want a string; found %s", describe(item))
		}
	}
}

// whole is the whole number that a decoder made; JSON's makes float64.
func whole(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int64:
		return int(n), int64(int(n)) == n
	case uint64:
		return int(n), n <= math.MaxInt32
	case float64:
		return int(n), n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32
	}
	return 0, false
}

func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return "the text " + mistake.Word(v)
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		return "a mapping"
	case map[any]any:
		return "a mapping whose keys are not all text"
	case []any:
		return "a list"
	case time.Time:
		return "a date"
	case int, int64, uint64, float64:
		return fmt.Sprintf("the number %v", v)
	}
	return fmt.Sprintf("%T", value)
}
