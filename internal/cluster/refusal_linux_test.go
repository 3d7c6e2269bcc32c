package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

// planted is in the place of every credential that a test makes up. No error may have it.
const planted = "PLANTED-c2VjcmV0"

func TestForbiddenSaysWhatIsMissing(t *testing.T) {
	s, namespace := site(t)
	s.Create(t, namespace, profile("worker", "")+
		"---\napiVersion: v1\nkind: Secret\nmetadata: {name: user-data}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: other}\n")
	user := s.User(t, "reader", namespace,
		clustertest.Rule{Group: "airshipit.org", Verbs: []string{"list"}, Resources: []string{"nodeprofiles"}},
		clustertest.Rule{Verbs: []string{"get"}, Resources: []string{"secrets"}, Names: []string{"user-data"}})
	c := connected(t, user, namespace)

	found, err := c.Read(t.Context(), kinds[:1])
	require.NoError(t, err)
	assert.Len(t, found.Objects, 1)
	_, err = c.Get(t.Context(), secret, "", "user-data")
	require.NoError(t, err, "a Secret is got without the right to list them")

	var got strings.Builder
	show := func(err error) {
		require.Error(t, err)
		text := strings.NewReplacer(s.Address, "ADDRESS", namespace, "NAMESPACE", c.target.file, "FILE").Replace(err.Error())
		fmt.Fprintf(&got, "%s\n\n", text)
	}
	_, err = c.Read(t.Context(), kinds)
	show(err)
	_, err = c.Get(t.Context(), secret, "", "other")
	show(err)
	c.Namespace = AllNamespaces
	_, err = c.Read(t.Context(), kinds[:1])
	show(err)
	golden(t, "forbidden.txt", got.String())
}

func TestCredentialsOfNobody(t *testing.T) {
	s, namespace := site(t)
	for name, c := range map[string]struct {
		change func(*clientcmdapi.AuthInfo)
		want   string
	}{
		"unknown token": {
			func(a *clientcmdapi.AuthInfo) { *a = clientcmdapi.AuthInfo{Token: planted} },
			"it does not know the credentials of user reader: they have expired, or are of another cluster",
		},
		"expired certificate": {
			func(a *clientcmdapi.AuthInfo) {
				expired := s.UserUntil(t, "reader", namespace, time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC))
				*a = *expired.AuthInfos["reader"]
			},
			"or are of another cluster (the client certificate was valid until 2020-01-02T03:04:05Z)",
		},
		"no credentials": {
			func(a *clientcmdapi.AuthInfo) { *a = clientcmdapi.AuthInfo{} },
			"user system:anonymous may not ask which kinds there are; a cluster administrator grants it with the ClusterRole system:discovery",
		},
	} {
		t.Run(name, func(t *testing.T) {
			user := s.User(t, "reader", namespace)
			c.change(user.AuthInfos["reader"])
			_, err := connected(t, user, namespace).Read(t.Context(), kinds)
			require.ErrorContains(t, err, s.Address+" (context reader of ")
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), planted)
		})
	}
}

func TestServerOfAnotherName(t *testing.T) {
	s, namespace := site(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.Address, "https://"))
	require.NoError(t, err)
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0) // that the client refuses its certificate
	tlsServer.StartTLS()
	defer tlsServer.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	defer plain.Close()
	for name, c := range map[string]struct{ server, want string }{
		"another name":      {"https://localhost:" + port, "its certificate is for another name"},
		"another authority": {tlsServer.URL, "its certificate is signed by an authority that cluster test of the kubeconfig does not have"},
		"nothing listens":   {"https://127.0.0.1:1", "nothing answers there (connection refused)"},
		"no such host":      {"https://cluster.invalid:6443", "host cluster.invalid"},
		"no cluster":        {plain.URL, "what answers there is no Kubernetes API server"},
		"plain HTTP":        {"https" + strings.TrimPrefix(plain.URL, "http"), "server gave HTTP response to HTTPS client"},
		"with a password":   {"https://me:" + planted + "@127.0.0.1:1", "https://127.0.0.1:1 (context admin"},
		"no address":        {"https://me:" + planted + "@127.0.0.1:x", "a server whose address is no URL"},
	} {
		t.Run(name, func(t *testing.T) {
			user := s.Admin(t)
			user.Clusters["test"].Server = c.server
			conn, err := Connect(t.Context(), Config{Kubeconfig: clustertest.Write(t, user), Namespace: namespace})
			if err == nil {
				defer conn.Close()
				_, err = conn.Read(t.Context(), kinds)
			}
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), planted)
			assert.NotContains(t, err.Error(), "/apis/")
		})
	}
}

func TestServerWhoseCertificateHasExpired(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	defer server.Close()
	config := kubeconfig(server.URL)
	config.Clusters["east"].CertificateAuthorityData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	_, err = connected(t, config, "").Read(t.Context(), kinds)
	require.ErrorContains(t, err, "its certificate is valid from 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z only")
}

func TestServerThatDoesNotAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close() // it takes connections and says nothing
	config := kubeconfig("https://" + listener.Addr().String())
	c, err := connect(t.Context(), Config{Kubeconfig: clustertest.Write(t, config)}, 100*time.Millisecond, defaultLimits)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Read(t.Context(), kinds)
	require.ErrorContains(t, err, "https://"+listener.Addr().String()+" (context prod of ")
	require.ErrorContains(t, err, "it has not answered within 100ms")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Read(ctx, kinds)
	require.ErrorIs(t, err, context.Canceled)
}

func TestCredentialPlugin(t *testing.T) {
	s, namespace := site(t)
	s.Create(t, namespace, profile("worker", ""))
	admin := s.Admin(t).AuthInfos["admin"]
	dir := t.TempDir()
	for file, text := range map[string][]byte{"crt": admin.ClientCertificateData, "key": admin.ClientKeyData} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), text, 0o600))
	}
	const answer = `
		case "$KUBERNETES_EXEC_INFO" in *'"server":"https://127.0.0.1:'*) ;; *) echo "no cluster: $KUBERNETES_EXEC_INFO" >&2; exit 1;; esac
		read -r line && { echo 'there is input' >&2; exit 1; }
		json() { awk '{ printf "%s\\n", $0 }' "$1"; }
		printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"%s","clientKeyData":"%s"}}' \
			"$(json "$DIR/crt")" "$(json "$DIR/key")"`
	for name, c := range map[string]struct{ script, mode, want string }{
		"answers":     {answer, "IfAvailable", ""},
		"fails":       {"echo \"no session for $TOKEN\" >&2; exit 3", "Never", "credentials of user admin: the plugin /bin/sh ended with exit status 3: no session for ***"},
		"hangs":       {"echo 'open a browser' >&2; sleep 60 & echo $! >$DIR/child; sleep 60", "Never", "the plugin /bin/sh has not ended within 2s; if it waits for a login, log in with kubectl first: open a browser"},
		"no JSON":     {"echo $TOKEN", "Never", "the plugin /bin/sh did not answer with an ExecCredential in JSON"},
		"endless":     {"exec yes", "Never", "the plugin /bin/sh answered far more than credentials"},
		"another":     {`echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"}'`, "Never", "did not answer with an ExecCredential of client.authentication.k8s.io/v1, as the kubeconfig asks"},
		"nothing":     {`echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'`, "Never", "answered without credentials"},
		"expired":     {`echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"x","expirationTimestamp":"2020-01-01T00:00:00Z"}}'`, "Never", "answered with credentials that expired at 2020-01-01T00:00:00Z"},
		"interactive": {answer, "Always", "the plugin /bin/sh needs a terminal (interactiveMode: Always), which a build has not"},
	} {
		t.Run(name, func(t *testing.T) {
			user := s.Admin(t)
			user.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
				APIVersion: "client.authentication.k8s.io/v1", Command: "/bin/sh", Args: []string{"-c", c.script},
				Env:             []clientcmdapi.ExecEnvVar{{Name: "TOKEN", Value: planted}, {Name: "DIR", Value: dir}},
				InteractiveMode: clientcmdapi.ExecInteractiveMode(c.mode), ProvideClusterInfo: true,
			}}
			patience := defaultPatience
			if name == "hangs" {
				patience = 2 * time.Second
			}
			conn, err := connect(t.Context(), Config{Kubeconfig: clustertest.Write(t, user), Namespace: namespace}, patience, defaultLimits)
			if name == "hangs" {
				assertEnded(t, filepath.Join(dir, "child"))
			}
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				assert.NotContains(t, err.Error(), planted)
				return
			}
			require.NoError(t, err)
			defer conn.Close()
			found, err := conn.Read(t.Context(), kinds)
			require.NoError(t, err)
			assert.Len(t, found.Objects, 1)
		})
	}
}

// assertEnded reads a process's id from a file: it is gone, or waits for its parent to ask how it ended.
func assertEnded(t *testing.T, file string) {
	t.Helper()
	id, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(id)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, 10*time.Second, 10*time.Millisecond)
}

func TestCredentialPluginThatIsMissing(t *testing.T) {
	config := kubeconfig("https://127.0.0.1:1")
	config.AuthInfos["me"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: "no-such-login", InstallHint: "get it from the cloud's page",
		InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}}
	_, err := Connect(t.Context(), Config{Kubeconfig: clustertest.Write(t, config)})
	require.ErrorContains(t, err, "credentials of user me: the plugin no-such-login is not installed; get it from the cloud's page")
}

// kubeconfig is one of a context prod, a cluster east and a user me.
func kubeconfig(server string) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	config.Clusters["east"] = &clientcmdapi.Cluster{Server: server}
	config.AuthInfos["me"] = &clientcmdapi.AuthInfo{Token: planted}
	config.Contexts["prod"] = &clientcmdapi.Context{Cluster: "east", AuthInfo: "me"}
	config.CurrentContext = "prod"
	return config
}
