package sops

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// searched is where sops looks for keys of age, and what there is (age/keysource.go in its source).
func searched(all []recipient) []string {
	places := []string{
		"SOPS_AGE_KEY (" + isSet("SOPS_AGE_KEY") + ")",
		"SOPS_AGE_KEY_FILE (" + fileIn("SOPS_AGE_KEY_FILE") + ")",
		"SOPS_AGE_KEY_CMD (" + isSet("SOPS_AGE_KEY_CMD") + ")",
	}
	if directory, err := configDirectory(); err == nil {
		places = append(places, state(filepath.Join(directory, "sops", "age", "keys.txt")))
	}
	for _, key := range all {
		if strings.HasPrefix(key.name, "ssh-") {
			places = append(places, "SOPS_AGE_SSH_PRIVATE_KEY_FILE ("+fileIn("SOPS_AGE_SSH_PRIVATE_KEY_FILE")+")", "~/.ssh/id_ed25519 and ~/.ssh/id_rsa")
			break
		}
	}
	return places
}

func configDirectory() (string, error) {
	if directory := os.Getenv("XDG_CONFIG_HOME"); runtime.GOOS == "darwin" && directory != "" {
		return directory, nil
	}
	return os.UserConfigDir()
}

func isSet(variable string) string {
	if os.Getenv(variable) == "" {
		return "not set"
	}
	return "set"
}

func fileIn(variable string) string {
	if path := os.Getenv(variable); path != "" {
		return state(path)
	}
	return "not set"
}

// state is a file's path, and what hinders reading it. Only a file is opened: a pipe gives its key once.
func state(path string) string {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		var file *os.File
		if file, err = os.Open(path); err == nil {
			_ = file.Close()
		}
	}
	if err != nil {
		return path + ": " + reason(err).Error()
	}
	return path
}
