package document

import (
	"fmt"
	"path"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

func (c *checker) files(files *v1alpha1.Files) {
	var made []pathEntry
	for i, d := range files.Directories {
		made = append(made, pathEntry{d, "directory", fmt.Sprintf("spec.files.directories[%d]", i)})
	}
	for i, f := range files.Files {
		made = append(made, pathEntry{v1alpha1.Directory{
			Name: f.Name, Permissions: f.Permissions, Owner: f.Owner, Group: f.Group, RunContexts: f.RunContexts,
		}, "file", fmt.Sprintf("spec.files.files[%d]", i)})
	}
	var changed []pathEntry
	for i, d := range files.FilePermissions {
		e := pathEntry{d, "", fmt.Sprintf("spec.files.file_permissions[%d]", i)}
		if d.Permissions == "" && d.Owner == "" && d.Group == "" {
			c.wrong(e.field, "does nothing; want permissions, owner or group")
		}
		changed = append(changed, e)
	}
	c.paths(made)
	c.paths(changed)
	c.fetches(files.FetchFromURL)
	c.scripts("spec.files.user_scripts", files.UserScripts)
	c.scripts("spec.files.qcow_container_runtime_scripts", files.QcowContainerRuntimeScripts)
	c.banners(files.Banners)
	c.limits(files.Limits)
}

// pathEntry is a path with where it was written, and whether it becomes a file or a directory; empty
// where it exists already.
type pathEntry struct {
	v1alpha1.Directory
	kind, field string
}

// paths checks each path for itself, then all of one list against one another.
func (c *checker) paths(entries []pathEntry) {
	written, first, files := perContext{}, map[string]pathEntry{}, map[string]string{}
	var right []pathEntry
	for _, e := range entries {
		if !c.path(e) {
			continue
		}
		right = append(right, e)
		other, exists := first[e.Name]
		earlier := written.add(e.Name, e.RunContexts, e.field)
		switch {
		case !exists:
			first[e.Name] = e
		case other.kind != e.kind:
			c.wrong(e.field+".name", "%s is a %s in %s, and cannot be a %s as well", mistake.Word(e.Name), other.kind, other.field, e.kind)
		case earlier != "":
			c.wrong(e.field+".name", "%s is also in %s", mistake.Word(e.Name), earlier)
		}
		if e.kind == "file" {
			files[e.Name] = e.field
		}
	}
	for _, e := range right {
		for above := path.Dir(e.Name); above != "/"; above = path.Dir(above) {
			if at, isFile := files[above]; isFile {
				c.wrong(e.field+".name", "%s is below %s, which is a file in %s", mistake.Word(e.Name), mistake.Word(above), at)
			}
		}
	}
}

// path checks one entry; false where its path says nothing of others.
func (c *checker) path(e pathEntry) bool {
	c.contexts(e.field, e.RunContexts)
	field := func(name string, value v1alpha1.Scalar, problem func(string) string) {
		if value != "" && !check.Template(string(value)) {
			c.problems(e.field+"."+name, problem(string(value)))
		}
	}
	field("permissions", e.Permissions, check.Mode)
	field("owner", e.Owner, func(name string) string { return check.Account("user", name) })
	field("group", e.Group, func(name string) string { return check.Account("group", name) })
	if check.Template(e.Name) {
		return false
	}
	problem := check.Path(e.Name)
	c.problems(e.field+".name", problem)
	return problem == ""
}
