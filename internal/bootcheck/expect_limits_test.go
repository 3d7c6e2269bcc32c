package bootcheck

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// lines are limits, each NAME DOMAIN TYPE ITEM VALUE.
func lines(text string) []v1alpha1.Limit {
	var all []v1alpha1.Limit
	for line := range strings.SplitSeq(text, "; ") {
		f := strings.Fields(line)
		all = append(all, v1alpha1.Limit{Name: f[0], Domain: f[1], Type: f[2], Item: f[3], Value: v1alpha1.Scalar(f[4])})
	}
	return all
}

// What is expected was seen in a session of runuser on Debian 12, where each of these was tried.
func TestLimitsOf(t *testing.T) {
	for name, test := range map[string]struct {
		lines string
		want  []Limit
	}{
		"all":  {"a * soft nofile 5000", []Limit{{"nobody", "*", "soft", "nofile", 5000}}},
		"both": {"a * - nproc 7", []Limit{{"nobody", "*", "hard", "nproc", 7}, {"nobody", "*", "soft", "nproc", 7}}},
		"units": {"a * soft memlock 64; b * soft cpu 7; c * soft nice -5; d * soft stack unlimited; e * soft msgqueue 9; f * soft as 36028797018963968", []Limit{
			{"nobody", "*", "soft", "memlock", 65536},
			{"nobody", "*", "soft", "cpu", 420},
			{"nobody", "*", "soft", "nice", 25},
			{"nobody", "*", "soft", "stack", Unlimited},
			{"nobody", "*", "soft", "msgqueue", 9},
			{"nobody", "*", "soft", "as", Unlimited},
		}},
		"root is not among all":       {"a * - nproc 7; b root soft nofile 3", []Limit{{"root", "root", "soft", "nofile", 3}, {"nobody", "*", "hard", "nproc", 7}, {"nobody", "*", "soft", "nproc", 7}}},
		"a user before all":           {"a kafka soft nofile 3; b * soft nofile 5", []Limit{{"kafka", "kafka", "soft", "nofile", 3}, {"nobody", "*", "soft", "nofile", 5}}},
		"all for a user's other kind": {"a kafka soft nofile 9; b * hard nofile 5", []Limit{{"kafka", "*", "hard", "nofile", 5}, {"kafka", "kafka", "soft", "nofile", 5}, {"nobody", "*", "hard", "nofile", 5}}},
		"an unlimited soft one":       {"a root soft nproc -1; b root hard nproc 5", []Limit{{"root", "root", "hard", "nproc", 5}, {"root", "root", "soft", "nproc", 5}}},
		"another ordinary user":       {"a nobody soft nofile 3; b * soft nproc 5", []Limit{{"nobody", "nobody", "soft", "nofile", 3}, {"nobody", "*", "soft", "nproc", 5}, {"daemon", "*", "soft", "nproc", 5}}},
		// Their files are read in the order of their names, 99-a-b.conf before 99-a.conf.
		"the last line":                 {"a root soft nofile 1; a-b root soft nofile 2", []Limit{{"root", "root", "soft", "nofile", 1}}},
		"a group that a user may be in": {"a @adm soft nofile 1; b kafka soft nproc 2; c * soft nofile 3; d * soft nproc 4", []Limit{{"kafka", "kafka", "soft", "nproc", 2}, {"nobody", "*", "soft", "nofile", 3}, {"nobody", "*", "soft", "nproc", 4}}},
		"a group that nobody is in":     {"a @nogroup soft nofile 1; b * soft nofile 3", nil},
		"groups are nothing to root":    {"a root soft nofile 1; b @adm soft nofile 3", []Limit{{"root", "root", "soft", "nofile", 1}}},
		"a range":                       {"a 1000: soft nofile 1; b * soft nofile 3; c * soft nproc 3", []Limit{{"nobody", "*", "soft", "nproc", 3}}},
		"a range of groups":             {"a @0: soft nofile 1; b * soft nofile 3", nil},
		"a range before a user":         {"a 0: soft nofile 1; b root soft nofile 3", []Limit{{"root", "root", "soft", "nofile", 3}}},
		"a range behind a user":         {"a root soft nofile 1; b 0: soft nofile 3", nil},
		"a template":                    {"a {{x}} soft nofile 1; b * soft nofile 3", nil},
		"a value that is a template":    {"a * soft nofile {{x}}", nil},
		"no resource limit":             {"a * - maxlogins 3; b * - priority 3; c * - nonewprivs 1; d root - maxsyslogins 9", nil},
		"all logins of a group":         {"a %adm - maxlogins 3; b % - maxlogins 3", nil},
		"a session that cannot begin":   {"a * hard maxlogins 0; b * hard core 0; c root hard core 0", []Limit{{"root", "root", "hard", "core", 0}}},
		"a session without programs":    {"a @sftp - chroot /srv; b sftp hard core 0; c * hard core 0", []Limit{{"nobody", "*", "hard", "core", 0}}},
	} {
		assert.Equal(t, test.want, limitsOf(lines(test.lines)), name)
	}
}

func FuzzLimits(f *testing.F) {
	f.Add("*", "soft", "nofile", "1024", "root", "-1")
	f.Add("@adm", "-", "nice", "-20", "1000:", "{{ x }}")
	f.Fuzz(func(t *testing.T, domain, kind, item, value, other, otherValue string) {
		wanted := limitsOf([]v1alpha1.Limit{
			{Name: "a", Domain: domain, Type: kind, Item: item, Value: v1alpha1.Scalar(value)},
			{Name: "b", Domain: other, Type: kind, Item: item, Value: v1alpha1.Scalar(otherValue)},
		})
		hard := map[string]uint64{}
		for _, l := range wanted {
			if l.Type == "hard" {
				hard[l.User] = l.Value
			} else if most, ok := hard[l.User]; ok {
				assert.LessOrEqual(t, l.Value, most)
			}
		}
	})
}
