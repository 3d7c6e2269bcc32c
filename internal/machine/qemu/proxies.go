package qemu

import (
	"net"
	"net/url"
	"strings"
)

// proxiesInside are NAME=VALUE pairs of a host as they are right inside: a proxy on the host's own
// loopback interface is reached through the gateway.
func proxiesInside(pairs []string) []string {
	inside := make([]string, 0, len(pairs))
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if name != "no_proxy" { // a list of hosts
			value = throughGateway(value)
		}
		inside = append(inside, name+"="+value)
	}
	return inside
}

// throughGateway leaves everything as it is but an address on the loopback interface, with or without a
// scheme: curl and others take HOST:PORT alone.
func throughGateway(value string) string {
	scheme, rest, found := strings.Cut(value, "://")
	if !found {
		scheme, rest = "", value
	} else {
		scheme += "://"
	}
	u, err := url.Parse("//" + rest)
	if err != nil || !isLoopback(u.Hostname()) {
		return value
	}
	inside := gateway
	if port := u.Port(); port != "" {
		inside += ":" + port
	}
	u.Host = inside
	return scheme + strings.TrimPrefix(u.String(), "//")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
