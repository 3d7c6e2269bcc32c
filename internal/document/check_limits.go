package document

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// limitKey is what one line of limits.conf(5) sets; a line of type - sets two.
type limitKey struct{ domain, item, kind string }

type limitSet struct {
	value string
	index int
}

func (c *checker) limits(limits []v1alpha1.Limit) {
	names, set := map[string]int{}, map[limitKey]limitSet{}
	for i, limit := range limits {
		field := fmt.Sprintf("spec.files.limits[%d]", i)
		if earlier, twice := names[limit.Name]; twice {
			c.wrong(field+".name", "%s is also in limits[%d]; each is a file of its own, 99-NAME.conf", mistake.Word(limit.Name), earlier)
		} else {
			names[limit.Name] = i
		}
		if c.limit(field, limit) {
			c.setLimit(field, limit, i, set)
		}
	}
	for i, limit := range limits {
		hard, ok := set[limitKey{limit.Domain, limit.Item, "hard"}]
		if ok && limit.Type == "soft" && amount(string(limit.Value)) > amount(hard.value) && ordered(limit.Item) {
			c.wrong(fmt.Sprintf("spec.files.limits[%d].value", i), "the soft limit %s is above the hard one, %s in limits[%d]",
				mistake.Word(string(limit.Value)), mistake.Word(hard.value), hard.index)
		}
	}
}

// limit checks one; false where it says nothing of others.
func (c *checker) limit(field string, limit v1alpha1.Limit) bool {
	before := len(c.mistakes)
	certain := true
	for _, one := range []struct{ name, value, problem string }{
		{"name", limit.Name, check.FileName(limit.Name)},
		{"domain", limit.Domain, check.LimitDomain(limit.Domain, limit.Item)},
		{"type", limit.Type, check.LimitType(limit.Type)},
		{"item", limit.Item, check.LimitItem(limit.Item)},
		{"value", string(limit.Value), check.LimitValue(limit.Item, string(limit.Value))},
	} {
		if check.Template(one.value) {
			certain = false
			continue
		}
		c.problems(field+"."+one.name, one.problem)
	}
	return certain && len(c.mistakes) == before
}

func (c *checker) setLimit(field string, limit v1alpha1.Limit, index int, set map[limitKey]limitSet) {
	kinds := []string{limit.Type}
	if limit.Type == "-" {
		kinds = []string{"soft", "hard"}
	}
	for _, kind := range kinds {
		key := limitKey{limit.Domain, limit.Item, kind}
		earlier, twice := set[key]
		if !twice {
			set[key] = limitSet{string(limit.Value), index}
			continue
		}
		if earlier.value != string(limit.Value) {
			c.wrong(field+".value", "the %s limit %s of %s has another value in limits[%d]", kind, limit.Item, limit.Domain, earlier.index)
			return
		}
	}
}

// ordered items allow the more the greater their value is.
func ordered(item string) bool {
	return !slices.Contains([]string{"priority", "nice", "chroot", "nonewprivs"}, item)
}

// amount is a limit's value as a number.
func amount(value string) uint64 {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return math.MaxUint64 // unlimited, infinity or -1
	}
	return n
}
