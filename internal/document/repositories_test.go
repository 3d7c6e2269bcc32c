package document

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A list that only adds adds to the distribution's own sources, of the suite that comes out in the end.
func TestRepositoriesAppend(t *testing.T) {
	list := func(name string) string {
		return "[{name: " + name + ", suite: stable, components: main, source: 'http://" + name + ".example', register_repo_with_rootfs: true}]"
	}
	base := "{software: {repos_append: " + list("a") + "}}"
	for name, c := range map[string]struct {
		spec string
		want []string
	}{
		"none":     {"{}", nil},
		"alone":    {"{suite: trixie, software: {repos_append: " + list("b") + "}}", []string{"debian trixie", "debian-updates trixie-updates", "debian-security trixie-security", "b stable"}},
		"extended": {"{extends: [base], suite: trixie, software: {repos_append: " + list("b") + "}}", []string{"debian trixie", "debian-updates trixie-updates", "debian-security trixie-security", "a stable", "b stable"}},
		"replaced": {"{extends: [base], software: {repos: " + list("own") + ", repos_append: " + list("b") + "}}", []string{"own stable", "b stable"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, profileText("base", base)+profileText("node", c.spec))
			profiles := chooseAll(t, Source{Documents: []string{file}}, Selection{Name: "node"})
			var got []string
			for _, r := range profiles[0].NodeProfile.Spec.Software.Repos {
				got = append(got, r.Name+" "+r.Suite)
			}
			assert.Equal(t, c.want, got)
			assert.Empty(t, profiles[0].NodeProfile.Spec.Software.ReposAppend)
		})
	}
}
