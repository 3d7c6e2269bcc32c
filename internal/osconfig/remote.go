package osconfig

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

const (
	sourceParts = "/etc/apt/sources.list.d"
)

// entry is one of the module airship_tree's.
type entry struct {
	Path    string   `json:"path"`
	Kind    string   `json:"kind"`
	Content string   `json:"content,omitempty"`
	Keep    []string `json:"keep,omitempty"`
	OnlyIf  []string `json:"only_if,omitempty"`
}

// RemoteVariables are what the roles do on a machine that this plugin did not make, in place of the
// builder airship: packages and their sources, host name, kernel command line. sources are those of the
// profile's request, their keyrings fetched.
//
// A machine keeps its own package sources unless the profile has repos, which are all then.
func RemoteVariables(profile *v1alpha1.NodeProfile, request plan.Request, sources []plan.Source) map[string]any {
	system := plan.NewSystem(profile)
	grub := plan.GrubDefault(request.Target, system)
	tree := []entry{
		{Path: "/etc/hostname", Kind: "file", Content: system.Hostname + "\n"},
		{Path: "/etc/default/grub", Kind: "file", Content: grub, OnlyIf: []string{"/etc/default/grub"}},
		// Clouds' images have files there that go before the one above.
		{Path: "/etc/default/grub.d/99-airship.cfg", Kind: "file", Content: grub, OnlyIf: []string{"/etc/default/grub.d"}},
		{
			Path: rootfs.SSHHostKeysPath, Kind: "file", Content: rootfs.SSHHostKeys,
			OnlyIf: []string{"/usr/sbin/sshd", "/usr/lib/systemd/system/ssh.service"},
		},
	}
	if request.Target.Platform == "gcp" {
		tree = append(tree, entry{
			Path: rootfs.OnGooglePath, Kind: "file", Content: rootfs.OnGoogle, OnlyIf: []string{"/usr/bin/google_guest_agent"},
		})
	}
	replace := len(profile.Spec.Software.Repos) > 0
	files, needed := packageFiles(request, sources, replace)
	return map[string]any{
		"osconfig_remote_tree":              tree,
		"osconfig_packages_install":         plan.Installed(profile),
		"osconfig_packages_wanted":          append([]string{}, request.Wanted...),
		"osconfig_packages_purge":           append([]string{}, request.Unapproved...),
		"osconfig_packages_files":           files,
		"osconfig_packages_sources":         needed,
		"osconfig_packages_replace_sources": replace,
	}
}

// packageFiles are apt's files that stay on the machine, and those that are needed while packages are
// installed (path → text).
func packageFiles(request plan.Request, sources []plan.Source, replace bool) (stay []entry, needed map[string]string) {
	if !replace {
		sources = slices.DeleteFunc(slices.Clone(sources), func(s plan.Source) bool { return s.Mirrored })
	}
	registered := rootfs.SourceFiles(request.Target, sources, request.Unapproved)
	if replace {
		var keep []string
		for name := range registered {
			if path.Dir(name) == sourceParts {
				keep = append(keep, path.Base(name))
			}
		}
		slices.Sort(keep)
		stay = append(stay, entry{Path: "/etc/apt/sources.list", Kind: "absent"}, entry{Path: sourceParts, Kind: "emptied", Keep: keep})
	}
	for _, name := range slices.Sorted(maps.Keys(registered)) {
		stay = append(stay, entry{Path: name, Kind: "file", Content: registered[name]})
	}
	all := slices.Clone(sources)
	for i := range all {
		all[i].Register = true
	}
	needed = rootfs.SourceFiles(request.Target, all, nil)
	for name := range registered {
		delete(needed, name)
	}
	return stay, needed
}

// sourcesScript prints a line for each package source of the machine, URI SUITE COMPONENT DATE, and how
// many packages it has.
const sourcesScript = `
dpkg-query --show --showformat='${db:Status-Status}\n' | grep -c '^installed$'
apt-get indextargets 'Created-By: Packages' --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(METAKEY)' 2>/dev/null |
while read -r uri suite component rest; do
	name=$(printf '%s' "${uri#*://}" | tr / _)
	date=$(sed -n 's/^Date: //p' "/var/lib/apt/lists/${name}dists_${suite}_InRelease" 2>/dev/null | head -n 1)
	printf '%s %s %s %s\n' "$uri" "$suite" "$component" "$date"
done
`

// Look adds to facts what a machine says of itself: its package sources with their dates, where their
// lists are still there, and the number of its packages.
func Look(ctx context.Context, t Target, facts *Facts) error {
	var out bytes.Buffer
	if err := t.Run(ctx, TargetCommand{Args: []string{"sh", "-s"}, Stdin: strings.NewReader(sourcesScript), Stdout: &out}); err != nil {
		return fmt.Errorf("ask for the machine's packages: %w", err)
	}
	count, rest, _ := strings.Cut(out.String(), "\n")
	_, _ = fmt.Sscan(count, &facts.Packages)
	facts.Sources = parseSources(rest)
	return nil
}

// parseSources reads what sourcesScript prints; components of one suite are one source.
func parseSources(text string) []Source {
	var all []Source
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(fields) < 3 {
			continue
		}
		s := Source{URI: strings.TrimSuffix(withoutUser(fields[0]), "/"), Suite: fields[1]}
		if len(fields) == 4 {
			s.Date = releaseDate(fields[3])
		}
		i := slices.IndexFunc(all, func(known Source) bool { return known.URI == s.URI && known.Suite == s.Suite })
		if i < 0 {
			s.Name = fmt.Sprintf("%s of the machine", s.Suite)
			all, i = append(all, s), len(all)
		}
		if !slices.Contains(all[i].Components, fields[2]) {
			all[i].Components = append(all[i].Components, fields[2])
		}
	}
	return all
}

// withoutUser is a source's address without the user and password in it.
func withoutUser(uri string) string {
	address, err := url.Parse(uri)
	if err != nil || address.User == nil {
		return uri
	}
	address.User = nil
	return address.String()
}

// releaseDate is the Date of an InRelease file (RFC 1123) as RFC 3339; empty where it is none.
func releaseDate(text string) string {
	for _, layout := range []string{time.RFC1123, time.RFC1123Z} {
		if date, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return date.UTC().Format(time.RFC3339)
		}
	}
	return ""
}
