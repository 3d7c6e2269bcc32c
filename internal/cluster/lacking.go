package cluster

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// lack is one thing that a user may not do.
type lack struct {
	verb      string
	resource  resource
	user      string
	namespace string
	name      string // "" is all objects
}

// lacking is all that one user may not do with one verb in one namespace.
type lacking []lack

// Error says what is missing, and the rule that would grant it.
func (l lacking) Error() string {
	first := l[0]
	place, role := "in namespace "+first.namespace, "a Role in that namespace"
	if first.namespace == AllNamespaces || !first.resource.namespaced {
		place, role = "in all namespaces", "a ClusterRole"
	}
	var what []string
	var rules strings.Builder
	for _, group := range l.groups() {
		names := l.of(group)
		what = append(what, strings.Join(names, ", "))
		if first.name != "" {
			what[len(what)-1] += "/" + first.name
		}
		if group != "" {
			what[len(what)-1] += " of " + group
		}
		fmt.Fprintf(&rules, "\n  - apiGroups: [%q]\n    resources: [%s]\n    verbs: [%s]", group, strings.Join(names, ", "), first.verb)
		if first.name != "" {
			fmt.Fprintf(&rules, "\n    resourceNames: [%s]", first.name)
		}
	}
	return fmt.Sprintf("user %s may not %s %s %s; a cluster administrator grants it with %s, bound to that user, that has:%s",
		first.user, first.verb, strings.Join(what, " and "), place, role, rules.String())
}

func (l lacking) groups() []string {
	var groups []string
	for _, one := range l {
		if !slices.Contains(groups, one.resource.Group) {
			groups = append(groups, one.resource.Group)
		}
	}
	return groups
}

func (l lacking) of(group string) []string {
	var names []string
	for _, one := range l {
		if one.resource.Group == group {
			names = append(names, one.resource.Resource)
		}
	}
	return names
}

// userOf finds the name under which a cluster knows the user, in its refusal.
var userOf = regexp.MustCompile(`User "([^"]*)"`)

// asked is who asked: the cluster's name for the user, else the kubeconfig's.
func (c *Connection) asked(err error) string {
	if found := userOf.FindStringSubmatch(err.Error()); found != nil {
		return found[1]
	}
	return c.target.user
}
