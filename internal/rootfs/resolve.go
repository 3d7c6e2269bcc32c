package rootfs

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Mirrors says where the machine reaches each of a request's sources, by name.
type Mirrors map[string]string

// base is what every image has besides what was asked for: dpkg's essential packages, the
// required ones, and apt. repository.Index.Narrow knows of them.
var base = []string{"?essential", "?priority(required)", "apt"}

// Resolve asks apt which packages the request would install into an empty root, or into the base that lies in
// Target, recommends left out. The result is sorted by name and architecture.
func Resolve(ctx context.Context, m machine.Machine, r plan.Request, mirrors Mirrors) ([]plan.Package, error) {
	files := map[string]string{
		"sources.list":              sourcesList(r, mirrors),
		"preferences":               Preferences(r.Unapproved),
		"apt.conf":                  aptConf(r),
		"state/lists/partial/.d":    "",
		"cache/archives/partial/.d": "",
		"dpkg/status":               "",
		"parts/.d":                  "",
	}
	for name, text := range files {
		if err := m.WriteFile(ctx, path.Join(aptDir, name), 0o644, []byte(text)); err != nil {
			return nil, err
		}
	}
	env := []string{"APT_CONFIG=" + path.Join(aptDir, "apt.conf")}
	if err := m.Run(ctx, machine.Command{Args: []string{"apt-get", "-qq", "--error-on=any", "update"}, Env: env}); err != nil {
		return nil, fmt.Errorf("read the package lists: %w", err)
	}
	var out, words bytes.Buffer
	args := slices.Concat([]string{"apt-get", "-qq", "--print-uris", "install", "--"}, base, r.Include)
	if r.Base != "" {
		// What the base has stays, unless something that is added needs another version.
		args = slices.Concat([]string{"apt-get", "-qq", "--print-uris", "--no-upgrade", "--no-remove", "install", "--"}, r.Include)
	}
	if err := m.Run(ctx, machine.Command{Args: args, Env: env, Stdout: &out, Stderr: &words}); err != nil {
		if refused(words.String()) {
			err = &RefusalError{Words: words.String(), err: err}
		}
		return nil, fmt.Errorf("resolve the packages: %w", err)
	}
	packages, err := parseURIs(out.String(), mirrors)
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 && r.Base == "" {
		return nil, fmt.Errorf("resolve the packages: apt named none")
	}
	return packages, nil
}

// RefusalError says that apt has found no way to install the packages together.
type RefusalError struct {
	// Words are what apt wrote to its standard error.
	Words string
	err   error
}

func (e *RefusalError) Error() string { return e.err.Error() }

func (e *RefusalError) Unwrap() error { return e.err }

// verdicts are what apt 3.0 says of packages: its solvers, and its pins of one without which nothing goes.
var verdicts = []string{
	"E: Unable to correct problems, you have held broken packages",
	"Unable to satisfy dependencies.",
	"has no installation candidate",
}

// refused tells apt's verdict on packages from its other failures.
func refused(words string) bool {
	return slices.ContainsFunc(verdicts, func(verdict string) bool { return strings.Contains(words, verdict) })
}

// sourcesList names the sources as the machine reaches them. Their signatures and hashes have
// been checked by internal/repository, which serves nothing else.
func sourcesList(r plan.Request, mirrors Mirrors) string {
	var list strings.Builder
	for _, s := range r.Sources {
		fmt.Fprintf(&list, "deb [trusted=yes arch=%s] %s %s %s\n",
			r.Target.Architecture, mirrors[s.Name], s.Suite, strings.Join(s.Components, " "))
	}
	return list.String()
}

// Preferences keeps unapproved packages out, in apt_preferences(5)'s form; empty for none.
func Preferences(unapproved []string) string {
	if len(unapproved) == 0 {
		return ""
	}
	return fmt.Sprintf("Package: %s\nPin: release *\nPin-Priority: -1\n", strings.Join(unapproved, " "))
}

func aptConf(r plan.Request) string {
	status := aptDir + "/dpkg/status"
	if r.Base != "" {
		status = machine.Target + "/var/lib/dpkg/status"
	}
	return fmt.Sprintf(`APT::Architecture %[1]q;
APT::Architectures { %[1]q; };
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::ForceHash "sha256";
Dir::Etc::main "-";
Dir::Etc::parts "%[2]s/parts";
Dir::Etc::sourcelist "%[2]s/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "%[2]s/preferences";
Dir::Etc::preferencesparts "%[2]s/parts";
Dir::State "%[2]s/state";
Dir::State::lists "lists";
Dir::State::status "%[3]s";
Dir::Cache "%[2]s/cache";
APT::Cmd::Pattern-Only "true";
APT::Sandbox::User "root";
Acquire::http::Proxy "DIRECT";
`, r.Target.Architecture, aptDir, status)
}

// parseURIs reads the lines of apt-get --print-uris: 'URI' NAME_VERSION_ARCH.deb SIZE SHA256:HASH.
// In the file name apt writes a version's colon as %3a.
func parseURIs(text string, mirrors Mirrors) ([]plan.Package, error) {
	var packages []plan.Package
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		p, err := parseURI(line, mirrors)
		if err != nil {
			return nil, fmt.Errorf("read apt's answer %q: %w", line, err)
		}
		packages = append(packages, p)
	}
	slices.SortFunc(packages, func(a, b plan.Package) int {
		return strings.Compare(a.Name+" "+a.Architecture, b.Name+" "+b.Architecture)
	})
	return packages, nil
}

func parseURI(line string, mirrors Mirrors) (plan.Package, error) {
	fields := strings.Fields(line)
	if len(fields) != 4 || !strings.HasPrefix(fields[3], "SHA256:") {
		return plan.Package{}, fmt.Errorf("want 'URI' FILE SIZE SHA256:HASH")
	}
	uri := strings.Trim(fields[0], "'")
	file, err := url.PathUnescape(strings.TrimSuffix(fields[1], ".deb"))
	if err != nil {
		return plan.Package{}, err
	}
	parts := strings.Split(file, "_")
	if len(parts) != 3 {
		return plan.Package{}, fmt.Errorf("%s is not NAME_VERSION_ARCH.deb", fields[1])
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size <= 0 {
		return plan.Package{}, fmt.Errorf("%s is not a size", fields[2])
	}
	hash := strings.TrimPrefix(fields[3], "SHA256:")
	if len(hash) != 64 || parts[0] == "" || parts[1] == "" {
		return plan.Package{}, fmt.Errorf("a name, version or hash is missing")
	}
	for name, mirror := range mirrors {
		if filename, ok := strings.CutPrefix(uri, strings.TrimRight(mirror, "/")+"/"); ok {
			filename, err := url.PathUnescape(filename)
			if err != nil {
				return plan.Package{}, err
			}
			filename = strings.TrimPrefix(filename, "./")
			if filename == "" {
				return plan.Package{}, fmt.Errorf("%s names no file", uri)
			}
			return plan.Package{
				Name: parts[0], Version: parts[1], Architecture: parts[2],
				Source: name, Filename: filename,
				Size: size, SHA256: hash,
			}, nil
		}
	}
	return plan.Package{}, fmt.Errorf("%s is no source of the request", uri)
}
