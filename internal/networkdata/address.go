package networkdata

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Families of addresses. Network types without one (dhcp, static) take either.
const (
	anyFamily = 0
	ipv4      = 4
	ipv6      = 6
)

func familyOf(address netip.Addr) int {
	if address.Is4() {
		return ipv4
	}
	return ipv6
}

func familyName(family int) string { return "IPv" + strconv.Itoa(family) }

// address is a field's IP address, without a prefix; the zero value after a mistake.
func (o object) address(key string, family int) netip.Addr {
	text := o.text(key)
	if text == "" {
		return netip.Addr{}
	}
	return o.parseAddress(key, text, family)
}

func (o object) parseAddress(key, text string, family int) netip.Addr {
	address, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		o.c.wrong(o.at(key), "%s is not an IP address%s", mistake.Word(text), oddAddress(text))
	case address.Zone() != "":
		o.c.wrong(o.at(key), "%s names an interface; want the address alone: %s", mistake.Word(text), address.WithZone(""))
	case family != anyFamily && familyOf(address) != family:
		o.c.wrong(o.at(key), "%s is an %s address; want one of %s", address, familyName(familyOf(address)), familyName(family))
	default:
		return address
	}
	return netip.Addr{}
}

// oddAddress says what is often wrong with an address.
func oddAddress(text string) string {
	if _, err := netip.ParsePrefix(text); err == nil {
		return "; want it without a prefix"
	}
	for _, part := range strings.Split(text, ".") {
		if n, err := strconv.Atoi(part); err == nil && n > 255 {
			return "; " + part + " is more than 255"
		}
		if len(part) > 1 && part[0] == '0' && !strings.Contains(text, ":") {
			return "; " + part + " begins with a zero, which some programs read as octal"
		}
	}
	return ""
}

// prefixed is an address with the length of its network's prefix.
//
// The length is behind a slash in the address, where cloud-init looks first, or in maskField. Neither
// the schema nor cloud-init requires it; cloud-init then takes 24 or 64, and whoever leaves it out of
// a /22 gets a node that sees a quarter of its network. So it is required here.
func (o object) prefixed(key, maskField string, family int) (netip.Prefix, bool) {
	text := o.text(key)
	if text == "" {
		return netip.Prefix{}, false
	}
	text, length, slash := strings.Cut(text, "/")
	address := o.parseAddress(key, text, family)
	masked, given := -1, o.given(maskField)
	if given && address.IsValid() {
		masked = o.mask(maskField, familyOf(address))
	}
	if !address.IsValid() {
		return netip.Prefix{}, false
	}
	bits := masked
	if slash {
		bits = maskLength(length, address)
		if _, err := strconv.Atoi(length); err != nil && address.Is6() {
			bits = -1 // Python's ipaddress takes a mask behind the slash for IPv4 alone
		}
		switch {
		case bits < 0:
			o.c.wrong(o.at(key), "%s is not the length of a prefix; want 0 to %d", mistake.Word(length), address.BitLen())
		case masked >= 0 && masked != bits:
			o.c.wrong(o.at(maskField), "is a prefix of %d, and %s has %d; remove one", masked, o.at(key), bits)
		}
	} else if !given {
		o.c.wrong(o.at(key), "%s has no prefix; write %s/%d or %s, whichever length the network has",
			address, address, usualLength(address), maskField)
	}
	if bits < 0 {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, bits), true
}

// usualLength is what cloud-init takes where no length is given (network_state.py).
func usualLength(address netip.Addr) int {
	if address.Is4() {
		return 24
	}
	return 64
}

// mask is a netmask's length, or -1 after a mistake. The schema wants a mask; cloud-init takes the
// number as well.
func (o object) mask(key string, family int) int {
	sample := netip.IPv4Unspecified()
	example := "255.255.255.0"
	if family == ipv6 {
		sample, example = netip.IPv6Unspecified(), "ffff:ffff:ffff:ffff::"
	}
	text, ok := o.data[key].(string)
	if n, number := whole(o.data[key]); number {
		text, ok = strconv.Itoa(n), true
		if n == 0 {
			o.falseInPython(key)
			return -1
		}
	}
	if !ok {
		o.c.wrong(o.at(key), "want a netmask, such as %s; found %s", example, describe(o.data[key]))
		return -1
	}
	bits := maskLength(text, sample)
	if bits < 0 {
		o.c.wrong(o.at(key), "%s is not a netmask of %s; want one such as %s", mistake.Word(text), familyName(family), example)
	}
	return bits
}

// falseInPython reports a length written as the number 0: cloud-init's _normalize_net_keys drops what
// is false in Python and then takes 24 or 64.
func (o object) falseInPython(key string) {
	o.c.wrong(o.at(key), "cloud-init takes the number 0 as not given; write the length behind the address: 0.0.0.0/0 or ::/0")
}

// maskLength is the length that "24", "255.255.255.0" or "ffff:ffff::" means for a kind of address; -1
// for none. Wildcard masks (0.0.0.255), which cloud-init takes by accident, are none.
func maskLength(text string, kind netip.Addr) int {
	if n, err := strconv.Atoi(text); err == nil {
		if n < 0 || n > kind.BitLen() || strconv.Itoa(n) != text {
			return -1
		}
		return n
	}
	mask, err := netip.ParseAddr(text)
	if err != nil || mask.BitLen() != kind.BitLen() || mask.Zone() != "" {
		return -1
	}
	bits, ended := 0, false
	for _, b := range mask.AsSlice() {
		for i := 7; i >= 0; i-- {
			one := b>>i&1 == 1
			if one && ended {
				return -1
			}
			if one {
				bits++
			}
			ended = !one
		}
	}
	return bits
}
