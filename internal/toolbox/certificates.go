package toolbox

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
)

const (
	// authorities holds one certificate authority a file, in PEM, below directories by origin.
	authorities = "usr/share/ca-certificates"
	// bundle is where OpenSSL, GnuTLS and Python look for all of them.
	bundle = "etc/ssl/certs/ca-certificates.crt"
)

// makeCertificates joins the certificate authorities of the package ca-certificates, as its
// update-ca-certificates(8) does where nobody deselects any.
func makeCertificates(root *os.Root) error {
	var all []byte
	count := 0
	err := fs.WalkDir(root.FS(), authorities, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".crt" {
			return err
		}
		one, err := root.ReadFile(name)
		if err != nil {
			return err
		}
		all = slices.Concat(all, withNewline(one))
		count++
		return nil
	})
	if err != nil {
		return err
	}
	if count == 0 {
		return fmt.Errorf("%s holds no certificate", authorities)
	}
	return writeFile(root, bundle, all, 0o644)
}
