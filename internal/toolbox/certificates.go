package toolbox

import (
	"fmt"
	"maps"
	"slices"
)

const (
	// authorities holds one certificate authority a file, in PEM, below directories by origin.
	authorities = "usr/share/ca-certificates"
	// bundle is where OpenSSL, GnuTLS and Python look for all of them.
	bundle = "etc/ssl/certs/ca-certificates.crt"
)

// certificateBundle joins the certificate authorities of the package ca-certificates, as its
// update-ca-certificates(8) does where nobody deselects any.
func certificateBundle(inputs map[string][]byte) (entry, error) {
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if within(authorities, name) {
			all = append(all, withNewline(inputs[name])...)
		}
	}
	if len(all) == 0 {
		return entry{}, fmt.Errorf("%s holds no certificate", authorities)
	}
	return fileEntry(bundle, string(all)), nil
}
