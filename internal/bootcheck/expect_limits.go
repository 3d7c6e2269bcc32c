package bootcheck

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
)

// Limit is a resource limit of a user's session.
type Limit struct {
	// User is whose session is asked.
	User string
	// Domain, Type (soft or hard) and Item as the line of limits.conf(5) has them; a type - is one of each.
	Domain, Type, Item string
	// Value in getrlimit(2)'s units: bytes, seconds, a number; Unlimited is none.
	Value uint64
}

// Unlimited is RLIM_INFINITY.
const Unlimited = math.MaxUint64

// limitUnits are limits.conf(5)'s units in those of getrlimit(2). Items without a resource limit are not among them.
var limitUnits = map[string]uint64{
	"core": 1024, "data": 1024, "fsize": 1024, "memlock": 1024, "rss": 1024, "stack": 1024, "as": 1024, // KiB
	"cpu":    60, // minutes
	"nofile": 1, "nproc": 1, "locks": 1, "sigpending": 1, "msgqueue": 1, "nice": 1, "rtprio": 1,
}

// ordinary are users of every Debian, with their groups, of which one without lines of its own stands for *.
var ordinary = []account{{"nobody", "nogroup"}, {"daemon", "daemon"}, {"bin", "bin"}, {"sys", "sys"}}

type account struct {
	name string
	// group is its only one; empty: not known.
	group string
}

// limitFile is the name of a line's file in limits.d, whose files are read in the order of their names.
func limitFile(l v1alpha1.Limit) string { return "99-" + l.Name + ".conf" }

// limitsOf is what pam_limits makes of all lines together, for each user that has one, and for an ordinary
// one if there are lines for *.
func limitsOf(lines []v1alpha1.Limit) []Limit {
	lines = slices.SortedStableFunc(slices.Values(lines), func(a, b v1alpha1.Limit) int {
		return cmp.Compare(limitFile(a), limitFile(b))
	})
	var all []Limit
	for _, who := range limitedUsers(lines) {
		for _, item := range each(lines, func(l v1alpha1.Limit) string { return l.Item }) {
			all = append(all, limitsOn(lines, who, item)...)
		}
	}
	return all
}

// limitedUsers are those whose sessions are asked.
func limitedUsers(lines []v1alpha1.Limit) []account {
	domains := each(lines, func(l v1alpha1.Limit) string { return l.Domain })
	var all []account
	for _, domain := range domains {
		if isUser(domain) {
			all = append(all, account{name: domain})
		}
	}
	if slices.Contains(domains, "*") {
		for _, user := range ordinary {
			if !slices.Contains(domains, user.name) {
				all = append(all, user)
				break
			}
		}
	}
	return slices.DeleteFunc(all, func(who account) bool {
		return slices.ContainsFunc(lines, func(l v1alpha1.Limit) bool { return closes(l) && bearing(l, who).rank > 0 })
	})
}

func isUser(domain string) bool {
	return domain != "*" && !strings.ContainsAny(domain, "@%:") && !check.Template(domain)
}

// closes tells the lines that let no session begin, or none that finds programs.
func closes(l v1alpha1.Limit) bool {
	logins := l.Item == "maxlogins" || l.Item == "maxsyslogins"
	return l.Item == "chroot" || logins && strings.Trim(string(l.Value), "0") == ""
}

// bears says how a line bears on a user. What is set by a line of a higher rank, one of a lower rank
// leaves, and of two equal ones the later sets. A line that may be for others has a rank all the same.
type bears struct {
	rank    int // 0: not at all
	certain bool
}

// bearing is process_limit() of pam_limits, with Debian's exception of root from lines for all and for groups.
func bearing(l v1alpha1.Limit, who account) bears {
	group, isGroup := strings.CutPrefix(l.Domain, "@")
	isRange := strings.Contains(l.Domain, ":")
	switch {
	case l.Domain == who.name:
		return bears{3, true}
	case check.Template(l.Domain), isRange && !isGroup:
		return bears{3, false}
	case isRange:
		return bears{2, false}
	case who.name == "root":
		return bears{}
	case isGroup && (who.group == "" || who.group == group):
		return bears{2, false}
	case l.Domain == "*":
		return bears{1, true}
	}
	return bears{}
}

// limitsOn are the limits of one item: hard and soft, of which the soft one is never above the hard one.
func limitsOn(lines []v1alpha1.Limit, who account, item string) []Limit {
	var found []Limit
	for _, kind := range []string{"hard", "soft"} {
		line, ok := effective(lines, who, item, kind)
		if !ok {
			continue
		}
		value, ok := limitValue(item, string(line.Value))
		if !ok {
			continue
		}
		if len(found) > 0 {
			value = min(value, found[0].Value)
		}
		found = append(found, Limit{User: who.name, Domain: line.Domain, Type: kind, Item: item, Value: value})
	}
	return found
}

// effective is the line that sets a limit; false where there is none or it cannot be told.
func effective(lines []v1alpha1.Limit, who account, item, kind string) (line v1alpha1.Limit, ok bool) {
	var strongest bears
	for _, l := range lines {
		if l.Item != item || l.Type != kind && l.Type != "-" {
			continue
		}
		if b := bearing(l, who); b.rank > 0 && b.rank >= strongest.rank {
			strongest, line = b, l
		}
	}
	return line, strongest.certain
}

// limitValue takes a value to getrlimit(2)'s units; false where it is no value or the item no resource limit.
func limitValue(item, text string) (uint64, bool) {
	unit, ok := limitUnits[item]
	if !ok {
		return 0, false
	}
	if item == "nice" {
		// RLIMIT_NICE counts from the lowest priority: 20 - nice.
		n, err := strconv.Atoi(text)
		return uint64(20 - min(max(n, -20), 19)), err == nil
	}
	if slices.Contains([]string{"unlimited", "infinity", "-1"}, text) {
		return Unlimited, true
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false
	}
	if n > Unlimited/unit {
		return Unlimited, true
	}
	return n * unit, true
}
