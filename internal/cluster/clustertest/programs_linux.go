package clustertest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Variable is the environment variable that names the API server's program; without it that is the one which
// `make tools` has built of this checkout's tools/kube-apiserver.
const Variable = "AIRSHIP_KUBE_APISERVER"

type programs struct{ etcd, server string }

func find() (programs, error) {
	etcd, etcdErr := exec.LookPath("etcd")
	if etcdErr != nil {
		etcdErr = fmt.Errorf("no etcd on this machine: install the package etcd-server, as `.ci/setup test` does")
	}
	server, serverErr := findServer()
	return programs{etcd, server}, errors.Join(etcdErr, serverErr)
}

func findServer() (string, error) {
	server := os.Getenv(Variable)
	if server == "" {
		var err error
		if server, err = built(); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(server); err != nil {
		return "", fmt.Errorf("no kube-apiserver: run `make tools`, which builds it in some minutes, or name one by %s: %w", Variable, err)
	}
	return server, nil
}

// built is where GNUmakefile's `tool` function puts the server: the name ends in the hash of its module files.
func built() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		module := filepath.Join(dir, "tools", "kube-apiserver")
		mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
		if err == nil {
			sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
			if err != nil {
				return "", err
			}
			cache, err := cacheDir()
			hash := sha256.Sum256(append(mod, sum...))
			return filepath.Join(cache, "tools", fmt.Sprintf("kube-apiserver-%x", hash[:6])), err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no tools/kube-apiserver above this test's directory: name a kube-apiserver by %s", Variable)
		}
		dir = parent
	}
}

// cacheDir is GNUmakefile's CACHE.
func cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "packer-plugin-airship"), err
}
