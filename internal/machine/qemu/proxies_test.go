package qemu

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProxiesInside(t *testing.T) {
	for outside, inside := range map[string]string{
		"http_proxy=http://proxy.example:3128":      "http_proxy=http://proxy.example:3128",
		"http_proxy=http://127.0.0.1:3128":          "http_proxy=http://10.0.2.2:3128",
		"http_proxy=http://127.1.2.3:3128/":         "http_proxy=http://10.0.2.2:3128/",
		"https_proxy=http://localhost":              "https_proxy=http://10.0.2.2",
		"https_proxy=http://LocalHost:1/":           "https_proxy=http://10.0.2.2:1/",
		"https_proxy=http://[::1]:3128":             "https_proxy=http://10.0.2.2:3128",
		"http_proxy=http://me:p%40ss@localhost:312": "http_proxy=http://me:p%40ss@10.0.2.2:312",
		"http_proxy=socks5h://localhost:1080":       "http_proxy=socks5h://10.0.2.2:1080",
		// As curl and Go take it.
		"http_proxy=localhost:3128":        "http_proxy=10.0.2.2:3128",
		"http_proxy=me@127.0.0.1:3128":     "http_proxy=me@10.0.2.2:3128",
		"http_proxy=proxy.example:3128":    "http_proxy=proxy.example:3128",
		"http_proxy=http://localhost.lan:": "http_proxy=http://localhost.lan:",
		"http_proxy=":                      "http_proxy=",
		"http_proxy=http://[":              "http_proxy=http://[",
		// These are hosts to go to directly, the machine's own among them.
		"no_proxy=localhost":            "no_proxy=localhost",
		"no_proxy=127.0.0.1,.example,*": "no_proxy=127.0.0.1,.example,*",
	} {
		assert.Equal(t, []string{inside}, proxiesInside([]string{outside}))
	}
	assert.Empty(t, proxiesInside(nil))
}
