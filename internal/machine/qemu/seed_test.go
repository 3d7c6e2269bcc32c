package qemu

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

func TestResolvConf(t *testing.T) {
	host := "# made by hand\nnameserver 192.0.2.1\nsearch corp.example lan\n options ndots:2\t\nnameserver ::1\nsortlist 1\n"
	assert.Equal(t, "nameserver 10.0.2.3\nsearch corp.example lan\noptions ndots:2\n", string(resolvConf([]byte(host))))
	assert.Equal(t, "nameserver 10.0.2.3\n", string(resolvConf(nil)))
	assert.Equal(t, "nameserver 10.0.2.3\nsearch lan\n", string(resolvConf([]byte("search\tlan\ndomain\nsearchlight x"))))
}

// A seed holds the keys of a machine: for its root, and on the host for whoever started it.
func TestSeed(t *testing.T) {
	credentials, err := machine.NewCredentials()
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "seed")
	config := Config{CABundle: []byte("PEM"), Proxies: []string{"http_proxy=http://localhost:3128"}}
	require.NoError(t, writeSeed(name, config, credentials))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	data, err := os.ReadFile(name)
	require.NoError(t, err)
	// Go's reader forgives an archive without its end; tar says so.
	assert.True(t, bytes.HasSuffix(data, make([]byte, 1024)), "two blocks of zeros end an archive")
	files := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		assert.Zero(t, header.Mode&0o077, header.Name)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		files[header.Name] = string(content)
	}
	for _, path := range []string{"init", "hold", "settings", "resolv.conf", "host_key", "authorized_keys", "sshd_target"} {
		assert.NotEmpty(t, files["run/airship/"+path], path)
	}
	assert.Equal(t, "PEM", files["run/airship/authorities.pem"])
	assert.Contains(t, files["run/airship/sshd_toolbox"], `"http_proxy=http://10.0.2.2:3128"`)
	assert.NotContains(t, files, "run/airship/key", "the client's")

	require.NoError(t, writeSeed(name, Config{}, credentials))
	without, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.NotContains(t, string(without), "authorities.pem\x00")
}
