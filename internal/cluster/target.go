package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// target is what a kubeconfig says about one context.
type target struct {
	context   string // "" in a pod
	file      string // that has the context; "" in a pod
	namespace string
	cluster   string // names in the kubeconfig, for messages
	user      string

	auth   *clientcmdapi.AuthInfo // nil in a pod
	config *rest.Config
	server string // as written
	proxy  string // as written, may have a password
}

// where never shows a user or password that the server's address may have.
func (t target) where() string {
	if t.context == "" {
		return t.address() + " (the cluster of this pod)"
	}
	return fmt.Sprintf("%s (context %s of %s)", t.address(), t.context, t.file)
}

// in is the context for an object's name.
func (t target) in() string {
	if t.context == "" {
		return "in the cluster of this pod"
	}
	return "in context " + t.context
}

// address is the server's, without user, password and query, and with the scheme that it may leave out.
func (t target) address() string {
	u, _, err := rest.DefaultServerUrlFor(t.config)
	if err != nil {
		return "a server whose address is no URL"
	}
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/")
}

// certificate is the user's, nil where it has none that can be read.
func (t target) certificate() *x509.Certificate {
	text := t.config.CertData
	if len(text) == 0 && t.config.CertFile != "" {
		text, _ = os.ReadFile(t.config.CertFile)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return certificate
}
