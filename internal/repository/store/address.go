package store

import (
	"errors"
	"fmt"
	"net/url"
)

// address is a URL taken apart so that what it shows never holds a credential.
type address struct {
	url  *url.URL // without user information
	user *url.Userinfo
}

// parseAddress takes an absolute URL of a scheme that the Fetcher knows. Its errors repeat nothing
// of the text: what cannot be parsed cannot be stripped of a password.
func parseAddress(raw string) (address, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return address{}, errors.New("the URL cannot be parsed")
	}
	switch u.Scheme {
	case "http", "https":
		if u.Hostname() == "" {
			return address{}, errors.New("the URL names no host")
		}
	case "file":
		if u.Path == "" {
			return address{}, errors.New("the URL names no file: file:///path expected")
		}
	case "":
		return address{}, errors.New("the URL has no scheme: http, https or file expected")
	default:
		return address{}, fmt.Errorf("%s: http, https or file expected", shown(u))
	}
	user := u.User
	u.User = nil
	return address{url: u, user: user}, nil
}

func (a address) String() string { return shown(a.url) }

// origin is what can be unreachable as a whole: scheme and host.
func (a address) origin() string { return a.url.Scheme + "://" + a.url.Host }

// Shown is a URL as it may be shown or kept: without user information, query and fragment. What is
// no URL is shown as nothing.
func Shown(uri string) string {
	a, err := parseAddress(uri)
	if err != nil {
		return ""
	}
	return a.String()
}

// shown is a URL without its user information, query and fragment, for a token may stand in each.
func shown(u *url.URL) string {
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return clean.String() + "?…"
	}
	return clean.String()
}
