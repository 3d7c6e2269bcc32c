package sbom

import (
	"net/url"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// Where a package is from.
const (
	fromPlan        = "plan"
	fromBase        = "base"
	fromProvisioner = "provisioner"
)

// PackageURL names a binary package of a distribution's suite, as the type deb of the purl specification has it. A
// version keeps its epoch, which is part of it there.
func PackageURL(distribution, suite, name, version, architecture string) string {
	qualifiers := packageurl.QualifiersFromMap(map[string]string{"arch": architecture, "distro": suite})
	return packageurl.NewPackageURL(packageurl.TypeDebian, distribution, name, version, qualifiers, "").ToString()
}

// Address of a repository without what may be a credential: user, query and fragment. What is no URL is shown as nothing.
func Address(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" && u.Scheme != "file" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}).String()
}

type identity struct{ name, version, architecture string }

func packages(p plan.Plan, installed []inventory.Package) []cdx.Component {
	planned := map[identity]plan.Package{}
	for _, one := range p.RootFS.Packages {
		planned[identity{one.Name, one.Version, one.Architecture}] = one
	}
	based := map[identity]bool{}
	if p.RootFS.Base != nil {
		for _, one := range p.RootFS.Base.Packages {
			based[identity{one.Name, one.Version, one.Architecture}] = true
		}
	}
	sources := map[string]plan.Source{}
	for _, s := range p.RootFS.Sources {
		sources[s.Name] = s
	}

	var all []cdx.Component
	for _, one := range installed {
		purl := PackageURL(p.Target.Distribution, p.Target.Suite, one.Name, one.Version, one.Architecture)
		c := cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: one.Name, Version: one.Version,
			Licenses: licences(one.Licences), PackageURL: purl,
		}
		key, from := identity{one.Name, one.Version, one.Architecture}, fromProvisioner
		if deb, ok := planned[key]; ok {
			from = fromPlan
			supply(&c, deb, sources[deb.Source])
		} else if based[key] {
			from = fromBase
		}
		properties := properties("source:name", one.Source, "source:version", one.SourceVersion, "from", from)
		c.Properties = &properties
		all = append(all, c)
	}
	return all
}

// supply says which .deb a package is and which repository it is from: by the address that the image knows it by, never
// the build's mirror, and without a password.
func supply(c *cdx.Component, deb plan.Package, source plan.Source) {
	c.Hashes = hashes(deb.SHA256, "")
	c.Supplier = &cdx.OrganizationalEntity{Name: deb.Source}
	address := Address(source.URI)
	if address == "" {
		return
	}
	c.Supplier.URL = &[]string{address}
	c.ExternalReferences = &[]cdx.ExternalReference{{
		Type: cdx.ERTypeDistribution, URL: repository.Source{URI: address}.URL(deb.Filename),
	}}
}

// licences as a document may have them: a list of names, or one expression alone.
func licences(named []string) *cdx.Licenses {
	declared := cdx.LicenseAcknowledgementDeclared
	if len(named) == 1 && !inventory.Identifier(named[0]) && inventory.Expression(named[0]) {
		return &cdx.Licenses{{Expression: named[0], Acknowledgement: &declared}}
	}
	var all cdx.Licenses
	for _, one := range named {
		l := &cdx.License{Acknowledgement: declared}
		if inventory.Identifier(one) {
			l.ID = one
		} else {
			l.Name = one
		}
		all = append(all, cdx.LicenseChoice{License: l})
	}
	if all == nil {
		return nil
	}
	return &all
}
