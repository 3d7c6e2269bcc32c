package repository

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
)

// MirrorVariable is the environment variable that names a mirror.
const MirrorVariable = "AIRSHIP_MIRROR"

// Mirrors are the URIs that a distribution's suites are fetched from.
type Mirrors struct {
	Main     string
	Security string // of the -security suites; Main for ubuntu, which has them in the same archive
	// Origin says what Main was taken from, for the line that tells the user.
	Origin string
}

// Debian's own aliases: for a host whose apt sources name no mirror, and in images.
const (
	DebianAlias         = "http://ftp.debian.org/debian"
	DebianSecurityAlias = "http://security.debian.org/debian-security"
)

// ChooseMirrors decides where a distribution (Debian or Ubuntu) is fetched from: given, which the
// operator wrote into the template; environment, which is MirrorVariable's value; host, what
// HostMirrors found; Debian's alias. A mirror that the operator names is not asked for debian's
// security suites, which lie in another archive: for those the rest of the order decides.
func ChooseMirrors(distribution, given, environment string, host Mirrors) (Mirrors, error) {
	var chosen Mirrors
	switch {
	case given != "":
		chosen = Mirrors{Main: given, Origin: "mirror"}
	case environment != "":
		chosen = Mirrors{Main: environment, Origin: "the environment variable " + MirrorVariable}
	case host.Main != "":
		chosen = Mirrors{Main: host.Main, Origin: "this host's apt sources"}
	case distribution == Debian:
		chosen = Mirrors{Main: DebianAlias, Origin: "Debian's alias"}
	default:
		return Mirrors{}, fmt.Errorf("no mirror of %s is known: set mirror, or the environment variable %s",
			distribution, MirrorVariable)
	}
	if u, err := url.Parse(chosen.Main); err != nil || u.Scheme == "" {
		return Mirrors{}, fmt.Errorf("%s is not an absolute URL of a mirror of %s", chosen.Origin, distribution)
	}
	chosen.Main = strings.TrimRight(chosen.Main, "/")
	switch {
	case distribution != Debian:
		chosen.Security = chosen.Main
	case host.Security != "":
		chosen.Security = host.Security
	default:
		chosen.Security = DebianSecurityAlias
	}
	return chosen, nil
}

// HostMirrors reads apt's sources below root, the host's root directory (os.DirFS("/")), and gives
// the mirrors of distribution that they name; empty where they name none. What cannot be read or
// parsed is passed over: apt on the host is not what is being built.
func HostMirrors(root fs.FS, distribution string) Mirrors {
	names := []string{"etc/apt/sources.list"}
	for _, pattern := range []string{"etc/apt/sources.list.d/*.sources", "etc/apt/sources.list.d/*.list"} {
		found, err := fs.Glob(root, pattern)
		if err == nil {
			names = append(names, found...)
		}
	}
	slices.Sort(names)
	var all []aptSource
	for _, name := range names {
		data, err := fs.ReadFile(root, name)
		if err != nil {
			continue
		}
		found, _ := parseAptSources(name, string(data))
		for i := range found {
			found[i].uri = followMirrorList(root, found[i].uri)
		}
		all = append(all, found...)
	}
	return mirrorsOf(all, distribution)
}

// followMirrorList gives the first mirror of an apt mirror list (apt-transport-mirror(1)), which
// cloud images have; other URIs stay as they are.
func followMirrorList(root fs.FS, uri string) string {
	file, found := strings.CutPrefix(uri, "mirror+file:")
	if !found {
		return uri
	}
	data, err := fs.ReadFile(root, strings.TrimLeft(file, "/"))
	if err != nil {
		return uri
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if columns := strings.Fields(line); len(columns) > 0 && !strings.HasPrefix(columns[0], "#") {
			return columns[0]
		}
	}
	return uri
}

// mirrorsOf picks the distribution's own archive among what else a host may have. Directory names
// tell (/debian, /debian-security, /ubuntu), with the component main; a key of somebody else's and
// a longer path (vendors have /NAME/debian) speak against it.
func mirrorsOf(all []aptSource, distribution string) Mirrors {
	var m Mirrors
	var mainDepth, securityDepth int
	for _, s := range all {
		u, err := url.Parse(s.uri)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			continue
		}
		if !slices.Contains(s.components, "main") || !ownKey(s.signedBy, distribution) {
			continue
		}
		u.Path = strings.TrimRight(u.Path, "/")
		depth := strings.Count(u.Path, "/")
		place, placeDepth := &m.Main, &mainDepth
		switch path.Base(u.Path) {
		case distribution:
		case distribution + "-security":
			place, placeDepth = &m.Security, &securityDepth
		default:
			continue
		}
		if *place == "" || depth < *placeDepth {
			*place, *placeDepth = u.String(), depth
		}
	}
	return m
}

// ownKey says whether an entry may be the distribution's own by its Signed-By: none, or a file of
// its keyring package.
func ownKey(signedBy, distribution string) bool {
	return signedBy == "" || strings.HasPrefix(path.Base(signedBy), distribution+"-archive-")
}
