package bootcheck

import (
	"fmt"
	"strconv"
)

func (m *Mismatches) limits(want []Limit, a Answers) {
	if _, failed := a.Errors["limits"]; failed {
		return
	}
	hard := map[[2]string]bool{}
	for _, l := range want {
		if l.Type == "hard" {
			hard[[2]string{l.User, l.Item}] = true
		}
	}
	for _, l := range want {
		session := a.Limits[l.User]
		if session == nil {
			continue // such a user may be made on the node later
		}
		got := session[l.Item]
		said := got.Soft
		if l.Type == "hard" {
			said = got.Hard
		}
		value := l.Value
		// Where the profile sets no hard limit the kernel does, often by the machine's memory, and a soft one above it
		// becomes it.
		if most, ok := rlimit(got.Hard); ok && l.Type == "soft" && !hard[[2]string{l.User, l.Item}] {
			value = min(value, most)
		}
		if n, ok := rlimit(said); ok && (n == value || openFiles(l, n, a)) {
			continue
		}
		m.add("limit %s %s %s: asked for %s, a session of %s has %s", l.Domain, l.Type, l.Item, shownLimit(l.Value), l.User, orNothing(said))
	}
}

// openFiles tells an unlimited nofile, for which pam_limits sets the most there can be.
func openFiles(l Limit, n uint64, a Answers) bool {
	return l.Item == "nofile" && l.Value == Unlimited && strconv.FormatUint(n, 10) == a.OpenFiles
}

func rlimit(text string) (uint64, bool) {
	if text == "unlimited" {
		return Unlimited, true
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

func shownLimit(n uint64) string {
	if n == Unlimited {
		return "unlimited"
	}
	return fmt.Sprint(n)
}
