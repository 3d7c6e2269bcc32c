package check

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// What limits.conf(5) knows; chroot is Debian's own (its pam_limits has it by a patch).
var (
	limitItems = []string{
		"core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as", "maxlogins",
		"maxsyslogins", "nonewprivs", "priority", "locks", "sigpending", "msgqueue", "nice", "rtprio", "chroot",
	}
	limitTypes = []string{"soft", "hard", "-"}
)

var (
	limitName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*\$?$`)
	limitRange = regexp.MustCompile(`^([0-9]+:[0-9]*|:[0-9]+)$`)
)

// LimitDomain checks whom a limit of an item is for: NAME, @GROUP, *, %, %GROUP, and ranges of uids and gids.
func LimitDomain(domain, item string) string {
	const want = "want a user, @group, *, or a range such as 1000: or @1000:2000"
	rest, group := strings.CutPrefix(domain, "@")
	total := false
	if !group {
		rest, total = strings.CutPrefix(domain, "%")
	}
	switch {
	case domain == "*":
		return ""
	case total && item != "maxlogins" && item != "maxsyslogins":
		return fmt.Sprintf("%% counts logins, so it is for maxlogins alone; %s", want)
	case domain == "%":
		return ""
	case strings.Contains(rest, ":"):
		return limitRangeProblem(domain, rest, total)
	case !limitName.MatchString(rest):
		return fmt.Sprintf("%s is no domain; %s", mistake.Word(domain), want)
	}
	return ""
}

func limitRangeProblem(domain, rest string, total bool) string {
	if !limitRange.MatchString(rest) || total && rest[0] != ':' {
		return fmt.Sprintf("%s is not a range; want MIN:MAX, MIN: or :NUMBER", mistake.Word(domain))
	}
	low, high, _ := strings.Cut(rest, ":")
	from, _ := strconv.ParseUint(low, 10, 64)
	to, _ := strconv.ParseUint(high, 10, 64)
	if low != "" && high != "" && from > to {
		return fmt.Sprintf("%s is empty: it ends before it begins", mistake.Word(domain))
	}
	return ""
}

// LimitType checks soft, hard or - (both).
func LimitType(kind string) string {
	if kind == "both" {
		return "both is written -"
	}
	return oneOf("type of limit", kind, limitTypes)
}

// LimitItem checks what is limited.
func LimitItem(item string) string { return oneOf("item", item, limitItems) }

// LimitValue checks an item's value: a whole number in the item's unit, or unlimited, infinity or -1.
// Of an item that is not known it says nothing.
func LimitValue(item, value string) string {
	switch item {
	case "chroot":
		if !strings.HasPrefix(value, "/") {
			return fmt.Sprintf("%s is not a directory's absolute path", mistake.Word(value))
		}
		return ""
	case "nonewprivs":
		return oneOf("value of nonewprivs", value, []string{"0", "1"})
	case "priority", "nice":
		return wholeNumber(value, -20, 19)
	}
	if !slices.Contains(limitItems, item) || slices.Contains([]string{"unlimited", "infinity", "-1"}, value) {
		return ""
	}
	if text := wholeNumber(value, 0, 1<<62); text == "" {
		return ""
	}
	digits := strings.TrimRight(value, "kKmMgGtTbBiI")
	if _, err := strconv.ParseUint(digits, 10, 63); err == nil && digits != value {
		return fmt.Sprintf("%s has a unit; %s", mistake.Word(value), limitUnit(item))
	}
	if near := mistake.Near(value, []string{"unlimited", "infinity"}); near != "" {
		return fmt.Sprintf("%s is not a value; did you mean %s?", mistake.Word(value), near)
	}
	return fmt.Sprintf("%s is not a value; want a whole number or unlimited", mistake.Word(value))
}

// limitUnit says what an item is counted in.
func limitUnit(item string) string {
	switch item {
	case "core", "data", "fsize", "memlock", "rss", "stack", "as":
		return "want the number of KiB alone"
	case "msgqueue":
		return "want the number of bytes alone"
	case "cpu":
		return "want the number of minutes alone"
	}
	return "want a number alone"
}

func wholeNumber(text string, low, high int) string {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return fmt.Sprintf("%s is not a whole number from %d to %d", mistake.Word(text), low, high)
	}
	return ""
}
