package machinetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// LivePlan is the plan of an ISO of LiveTree, for a profile whose platform and target are filled in.
func LivePlan(t *testing.T, profile *v1alpha1.NodeProfile) plan.Plan {
	t.Helper()
	spec := &profile.Spec
	spec.Platform, spec.Architecture, spec.Distribution, spec.Suite = "vm", "amd64", "debian", "bookworm"
	form := plan.Form{Action: v1alpha1.ActionBuildISO}
	request, err := plan.Ask(profile, form)
	require.NoError(t, err)
	lock := plan.Lock{Format: plan.LockFormat, Request: request.Digest(), Toolbox: strings.Repeat("70", 32)}
	for _, s := range request.Sources {
		lock.Suites = append(lock.Suites, plan.LockedSuite{
			Source: s.Name, Suite: s.Suite, InRelease: strings.Repeat("1e", 32), Date: time.Date(2026, 7, 11, 9, 0, 0, 0, time.UTC),
		})
	}
	for _, name := range []string{"cloud-init", "openssh-server"} {
		lock.Packages = append(lock.Packages, plan.Package{
			Name: name, Version: "1", Architecture: "all", Source: "debian", Filename: name, Size: 1, SHA256: strings.Repeat("ab", 32),
		})
	}
	p, err := plan.New(profile, lock, plan.Options{Form: form})
	require.NoError(t, err)
	return p
}
