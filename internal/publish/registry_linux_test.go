package publish

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/registry/registrytest"
)

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var said bytes.Buffer
	command := exec.Command(name, args...)
	command.Stderr = &said
	out, err := command.Output()
	require.NoError(t, err, "%s %v: %s%s", name, args, out, said.Bytes())
	return out
}

// indexAt is the index that a tag names, as skopeo reads it.
func indexAt(t *testing.T, reference string) v1.Index {
	t.Helper()
	var index v1.Index
	require.NoError(t, json.Unmarshal(run(t, "skopeo", "inspect", "--tls-verify=false", "--raw", "docker://"+reference), &index))
	return index
}

// pulled is the layer of a manifest, as skopeo brings it.
func pulled(t *testing.T, reference, digest string) []byte {
	t.Helper()
	dir := t.TempDir()
	run(t, "skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "docker://"+reference, "dir:"+dir)
	data, err := os.ReadFile(filepath.Join(dir, digest))
	require.NoError(t, err)
	return data
}

func TestDockerRegistry(t *testing.T) {
	fresh(t, "{}")
	registry := count(before(registrytest.Start(t)))
	address := serve(t, registry)
	said := &spoken{}
	to := Registry{Repository: "oci://" + address + "/site/images", Tag: "v1", Transfer: quick(said)}
	images := []Image{
		qcow2(t, 300_000), written(t, "node.raw", plan.Raw, noise(200_000, 1)), written(t, "node.raw.zst", plan.RawZstd, noise(70_000, 2)),
		written(t, "node.iso", plan.ISOImage, noise(65_536, 3)),
	}
	require.NoError(t, to.Check(t.Context(), images))
	assert.Zero(t, registry.of(http.MethodPost), "a check sends something")
	all := published(t, to, images...)
	assert.Equal(t, 5+4+2, registry.of(http.MethodPatch), "chunks of 64 KiB")

	index := indexAt(t, address+"/site/images:v1")
	require.Len(t, index.Manifests, 4)
	for i, one := range all {
		assert.Equal(t, "oci://"+address+"/site/images@"+one.Digest, one.URL)
		assert.Equal(t, "oci://"+address+"/site/images:v1", one.TagURL)
		assert.Empty(t, one.Checksum, "the baremetal operator refuses a checksum beside oci://")
		want, err := os.ReadFile(images[i].File)
		require.NoError(t, err)
		sameBytes(t, want, pulled(t, address+"/site/images@"+one.Digest, images[i].SHA256))
	}
	for _, local := range []bool{true, false} {
		_, chosen := ironic(index, local, "amd64")
		assert.Equal(t, map[bool]string{true: all[0].Digest, false: all[1].Digest}[local], chosen)
	}
	// oras reads it, too.
	repo, err := remote.NewRepository(address + "/site/images")
	require.NoError(t, err)
	repo.PlainHTTP = true
	root, err := oras.Copy(t.Context(), repo, "v1", memory.New(), "", oras.DefaultCopyOptions)
	require.NoError(t, err)
	assert.Equal(t, all[0].Index, root.Digest.String())

	// The same again sends nothing; nor does it need overwrite.
	sent := registry.bytes.Load()
	assert.Equal(t, all, published(t, to, images...))
	assert.Equal(t, sent, registry.bytes.Load(), "something was sent again")
	assert.Contains(t, said.text(), "node.qcow2 is there already")

	// Something else is refused before anything is sent.
	arm := written(t, "node-arm.qcow2", plan.QCOW2, noise(100_000, 4))
	arm.Architecture = "arm64"
	_, err = to.Publish(t.Context(), []Image{arm})
	require.EqualError(t, err, address+"/site/images:v1 exists and names something else ("+all[0].Index+"): set overwrite to let it name the new image, or choose another tag")
	assert.Equal(t, sent, registry.bytes.Load())

	// With overwrite it comes to what is there.
	to.Overwrite = true
	added := published(t, to, arm)[0]
	index = indexAt(t, address+"/site/images:v1")
	require.Len(t, index.Manifests, 5)
	_, chosen := ironic(index, true, "arm64")
	assert.Equal(t, added.Digest, chosen)
	_, chosen = ironic(index, true, "amd64")
	assert.Equal(t, all[0].Digest, chosen)

	other := qcow2(t, 1000)
	other.Profile = "controller"
	_, err = to.Publish(t.Context(), []Image{other})
	require.ErrorContains(t, err, "give each a tag or a repository of its own")
}

// Equal images give an equal index, in whatever order they came.
func TestSameDigests(t *testing.T) {
	fresh(t, "{}")
	address := registrytest.Start(t)
	var digests []string
	for i, swap := range []bool{false, true} {
		a, b := qcow2(t, 70_000), written(t, "node.raw", plan.Raw, noise(70_000, 1))
		if swap {
			a, b = b, a
		}
		to := Registry{Repository: fmt.Sprintf("%s/r%d", address, i), Overwrite: true, Transfer: quick(&spoken{})}
		published(t, to, a)
		digests = append(digests, published(t, to, b)[0].Index)
	}
	assert.Equal(t, digests[0], digests[1])
}

// Docker's registry loses a session by a cut in a chunk; the upload starts over and ends well.
func TestDockerRegistryCut(t *testing.T) {
	fresh(t, "{}")
	address := registrytest.Start(t)
	for i, at := range []int64{1, 65_535, 65_536, 100_000, 299_999, 300_000, 300_001} {
		said := &spoken{}
		proxy := &cutting{Handler: before(address), at: []int64{at}}
		image := written(t, "node.qcow2", plan.QCOW2, noise(300_000, byte(i+1)))
		published(t, Registry{Repository: serve(t, proxy) + "/a", Overwrite: true, Transfer: quick(said)}, image)
		sameBytes(t, noise(300_000, byte(i+1)), blobAt(t, address, "a", "sha256:"+image.SHA256))
		assert.Contains(t, said.text(), "trying again", at)
	}
}

// Behind a proxy that keeps requests until they are whole, as nginx does, it keeps its sessions.
func TestDockerRegistryResumes(t *testing.T) {
	fresh(t, "{}")
	address := registrytest.Start(t)
	registry := count(before(address))
	var bodies atomic.Int64
	front := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var whole bytes.Buffer
		_, err := whole.ReadFrom(r.Body)
		if n := bodies.Add(1); r.Method == http.MethodPatch && n%3 == 0 || err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = http.NoBody
		if whole.Len() > 0 {
			r.Body = io.NopCloser(&whole)
		}
		registry.ServeHTTP(w, r)
	}))
	image := qcow2(t, 600_000)
	published(t, Registry{Repository: front + "/a", Transfer: quick(&spoken{})}, image)
	sameBytes(t, noise(600_000, 0), blobAt(t, address, "a", "sha256:"+image.SHA256))
	assert.Less(t, registry.bytes.Load(), int64(603_000), "chunks that were there were sent again")
}

// What hosts name has a tag of its own, when the image's tag has gone to another.
func TestManifestsKeepATag(t *testing.T) {
	fresh(t, "{}")
	to := Registry{Repository: registrytest.Start(t) + "/a", Overwrite: true, Transfer: quick(&spoken{})}
	first := published(t, to, qcow2(t, 1000))[0]
	published(t, to, written(t, "node.qcow2", plan.QCOW2, noise(2000, 1)))
	_, hash, _ := strings.Cut(first.Digest, ":")
	got := run(t, "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://"+to.Repository+":image-"+hash[:12])
	assert.Equal(t, first.Digest, digest.FromBytes(got).String())
}

func TestPasswords(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	users := filepath.Join(t.TempDir(), "htpasswd")
	require.NoError(t, os.WriteFile(users, []byte("alice:"+string(hash)+"\n"), 0o600))
	address := registrytest.StartAt(t, "127.0.0.1", registrytest.PlainHTTP+"auth: {htpasswd: {realm: test, path: "+users+"}}\n")
	auth := func(user, password string) string {
		return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, address, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	helpers := t.TempDir()
	helper := fmt.Sprintf("#!/bin/sh\necho '{\"ServerURL\":\"%s\",\"Username\":\"alice\",\"Secret\":\"%s\"}'\n", address, password)
	require.NoError(t, os.WriteFile(filepath.Join(helpers, "docker-credential-site"), []byte(helper), 0o755))
	t.Setenv("PATH", helpers+":"+os.Getenv("PATH"))
	for name, c := range map[string]struct{ config, want string }{
		"known":          {auth("alice", password), ""},
		"a helper":       {fmt.Sprintf(`{"credHelpers":{%q:"site"}}`, address), ""},
		"no credentials": {"{}", "registry " + address + " wants credentials, and Docker's configuration has none for it: docker login " + address + " (401 Unauthorized)"},
		"wrong password": {auth("alice", password+"x"), "registry " + address + " does not know user alice (from Docker's configuration), or not that password: docker login " + address + " (401 Unauthorized: unauthorized: authentication required"},
		"unknown user":   {auth("mallory", password), "does not know user mallory"},
	} {
		t.Run(name, func(t *testing.T) {
			fresh(t, c.config)
			said := &spoken{}
			image := written(t, "node.qcow2", plan.QCOW2, noise(200_000, byte(len(name))))
			_, err := Registry{Repository: address + "/a", Overwrite: true, Transfer: quick(said)}.Publish(t.Context(), []Image{image})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error()+said.text(), password)
			assert.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("alice:"+password)))
		})
	}
	_, err = Registry{Repository: "alice:" + password + "@" + address + "/a", Transfer: quick(&spoken{})}.Publish(t.Context(), []Image{qcow2(t, 1000)})
	require.EqualError(t, err, "registry: want REGISTRY/REPOSITORY: it holds credentials: put them into Docker's configuration (docker login) and name the registry alone")
	_, err = Registry{Repository: "https://alice:" + password + "@" + address + "/a"}.Publish(t.Context(), []Image{qcow2(t, 1000)})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), password)
}

// certificate makes one for a name or an address that signs itself, and returns its files.
func certificate(t *testing.T, of string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "site"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(of); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{of}
	}
	der, err := x509.CreateCertificate(cryptorand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return cert, key
}

// hostAddress is an address of this host that is not a loopback one, so that TLS is spoken.
func hostAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range all {
		if n, is := a.(*net.IPNet); is && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	t.Skip("this host has no address but the loopback interface's")
	return ""
}

func TestCertificate(t *testing.T) {
	fresh(t, "{}")
	host := hostAddress(t)
	cert, key := certificate(t, host)
	address := registrytest.StartAt(t, host, fmt.Sprintf("http: {addr: %%q, tls: {certificate: %s, key: %s}}\n", cert, key))
	to := Registry{Repository: address + "/a", Transfer: quick(&spoken{})}
	_, err := to.Publish(t.Context(), []Image{qcow2(t, 200_000)})
	require.EqualError(t, err, "registry "+address+" has a certificate of an authority that is not trusted: name a file with that authority's certificate in ca_bundle")
	to.CABundle = cert
	one := published(t, to, qcow2(t, 200_000))[0]
	assert.Equal(t, "oci://"+address+"/a@"+one.Digest, one.URL)

	to.CABundle, _ = certificate(t, host)
	_, err = to.Publish(t.Context(), []Image{qcow2(t, 200_000)})
	require.ErrorContains(t, err, "not trusted")

	// One without TLS where TLS is spoken.
	plain, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	require.NoError(t, err)
	server := &http.Server{Handler: specified(), ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(plain) }()
	_, err = Registry{Repository: plain.Addr().String() + "/a", Transfer: quick(&spoken{})}.Publish(t.Context(), []Image{qcow2(t, 1000)})
	require.ErrorContains(t, err, "speaks no TLS, which only one on this host's loopback interface may do without")
}
