package store

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// Proxies says through which proxies the network is reached. The zero value is none.
type Proxies struct {
	// HTTP and HTTPS are the proxies for http and https addresses: http://[USER:PASSWORD@]HOST:PORT,
	// HOST:PORT, or with the scheme https or socks5.
	HTTP, HTTPS string
	// NoProxy lists what is reached directly, separated by commas: hosts, .domains, addresses,
	// networks (10.0.0.0/8), each with a :port or without, or * for everything.
	// localhost and loopback addresses are always reached directly.
	NoProxy string

	// The variables that the values came from, for messages.
	httpFrom, httpsFrom string
}

// ProxiesFrom reads http_proxy, https_proxy and no_proxy by getenv (os.Getenv as a rule). Names in
// upper case are read where the lower case one is empty, as curl and apt do.
func ProxiesFrom(getenv func(string) string) Proxies {
	first := func(names ...string) (value, name string) {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return value, name
			}
		}
		return "", ""
	}
	var p Proxies
	p.HTTP, p.httpFrom = first("http_proxy", "HTTP_PROXY")
	p.HTTPS, p.httpsFrom = first("https_proxy", "HTTPS_PROXY")
	p.NoProxy, _ = first("no_proxy", "NO_PROXY")
	return p
}

// choice checks the proxies and returns the function that picks one for a URL; nil for none.
func (p Proxies) choice() (func(*url.URL) (*url.URL, error), error) {
	// httpproxy itself ignores a proxy that it does not understand and goes out directly.
	for _, scheme := range []string{"http", "https"} {
		value, variable := p.of(scheme)
		if value == "" {
			continue
		}
		if err := checkProxy(value); err != nil {
			return nil, fmt.Errorf("%s: %w", variable, err)
		}
	}
	config := httpproxy.Config{HTTPProxy: p.HTTP, HTTPSProxy: p.HTTPS, NoProxy: p.NoProxy}
	return config.ProxyFunc(), nil
}

// of is the proxy for a URL's scheme and how messages call its origin.
func (p Proxies) of(scheme string) (value, variable string) {
	value, variable = p.HTTP, p.httpFrom
	if scheme == "https" {
		value, variable = p.HTTPS, p.httpsFrom
	}
	if variable == "" {
		variable = scheme + " proxy"
	}
	return value, variable
}

// checkProxy reads a proxy as httpproxy does, which takes HOST:PORT for http://HOST:PORT.
func checkProxy(value string) error {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" {
		return errors.New("not a proxy: http://HOST:PORT expected")
	}
	if !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return fmt.Errorf("%s://%s is not a proxy: http, https or socks5 expected", u.Scheme, u.Host)
	}
	return nil
}

// ProxyError says that a proxy cannot be reached or refuses.
type ProxyError struct {
	// Proxy is its address without credentials.
	Proxy string
	// Variable is where it was set: https_proxy.
	Variable string
	// Code is the status that it refused with; 0 where it could not be reached.
	Code int
	// Err is why it could not be reached.
	Err error
}

func (e *ProxyError) Error() string {
	name := fmt.Sprintf("proxy %s (from %s)", e.Proxy, e.Variable)
	switch {
	case e.Code == http.StatusProxyAuthRequired:
		return fmt.Sprintf("%s wants a user and a password: %s", name, statusText(e.Code))
	case e.Code != 0:
		return fmt.Sprintf("%s refuses: %s", name, statusText(e.Code))
	}
	return fmt.Sprintf("%s cannot be reached: %s", name, e.Err)
}

func (e *ProxyError) Unwrap() error { return e.Err }
