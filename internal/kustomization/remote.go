package kustomization

import (
	"regexp"
	"strings"
)

var remoteUser = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*@`)

// remote says whether kustomize would take a path for an address: a URL, or one of git's short forms
// even where a directory of that name is there.
func remote(path string) bool {
	lower := strings.ToLower(strings.TrimSpace(path))
	if strings.Contains(lower, "://") || remoteUser.MatchString(lower) {
		return true
	}
	for _, prefix := range []string{"http:", "https:", "git::", "github.com/", "github.com:", "gh:"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	return false
}
