package userns

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		step  string
		err   error
		facts facts
		says  string
		does  string
	}{
		"turned off": {stepClone, syscall.ENOSPC, facts{max: "0", root: true}, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces="},
		"debian":     {stepClone, syscall.EPERM, facts{max: "9", clone: "0"}, "unprivileged_userns_clone is 0", "unprivileged_userns_clone=1"},
		"root needs no leave": {
			stepClone, syscall.EPERM, facts{max: "9", clone: "0", root: true}, "container's policy", "virtual machine",
		},
		"ubuntu":        {stepMount, syscall.EACCES, facts{max: "9", apparmor: "1"}, "AppArmor", "apparmor_restrict_unprivileged_userns=0"},
		"seccomp":       {stepClone, syscall.EPERM, facts{max: "9", seccomp: "2", root: true}, "seccomp filter", "seccomp=unconfined"},
		"container":     {stepMount, syscall.EPERM, facts{max: "9", root: true}, "container's policy", "outside it"},
		"masked proc":   {stepProc, syscall.EPERM, facts{max: "9", root: true}, "hides parts", "systempaths=unconfined"},
		"limit":         {stepClone, syscall.ENOSPC, facts{max: "9"}, "user.max_user_namespaces = 9", "lsns"},
		"depth":         {stepClone, syscall.EUSERS, facts{max: "9"}, "32 within one another", "lsns"},
		"kernel":        {stepClone, syscall.EINVAL, facts{}, "CONFIG_USER_NS", "virtual machine"},
		"no new privs":  {stepMap, errors.New("exit status 1"), facts{max: "9", noNewPrivs: "1"}, "no_new_privs", "NoNewPrivileges"},
		"map refused":   {stepMap, errors.New("exit status 1"), facts{max: "9"}, "could not be mapped", "nosuid"},
		"anything else": {stepMount, syscall.EIO, facts{max: "9"}, "user namespace: mount", "input/output error"},
	} {
		err := explain(c.step, fmt.Errorf("try: %w", c.err), c.facts)
		assert.ErrorContains(t, err, c.says, name)
		assert.ErrorContains(t, err, c.does, name)
		assert.ErrorIs(t, err, c.err, name)
		assert.NotContains(t, err.Error(), "isolation", "no such option: %s", name)
	}
}

func TestRefusalsWithoutAnErrno(t *testing.T) {
	for _, c := range []struct {
		err  error
		says []string
	}{
		{noSubIDs("/etc/subuid", "ann"), []string{"/etc/subuid has no entry for the user ann", "usermod --add-subuids", "echo ann:524288:65536 >> /etc/subuid"}},
		{noSubIDs("/etc/subgid", "ann"), []string{"/etc/subgid", "--add-subgids"}},
		{fewSubIDs("/etc/subuid", "ann", 1001), []string{"grants the user ann 1000 ids", "needs 65535"}},
		{noTool("newuidmap"), []string{"newuidmap is not installed", "apt-get install uidmap"}},
		{noSetuid("/usr/bin/newuidmap"), []string{"neither setuid", "chmod u+s /usr/bin/newuidmap"}},
		{noIDs(), []string{"fewer than 65536 ids", "outside it"}},
	} {
		var refusal *Refusal
		require.ErrorAs(t, c.err, &refusal)
		for _, text := range c.says {
			assert.ErrorContains(t, c.err, text)
		}
	}
}
