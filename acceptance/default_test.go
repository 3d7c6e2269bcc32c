//go:build acceptance && slow

package acceptance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAirshipDefault builds the built-in profile whole and boots it: some 500 packages, which takes an emulated
// machine minutes to start.
func TestAirshipDefault(t *testing.T) {
	r := newRun(t, sharedCache(t))
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "node.yaml"), []byte(`apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node}
spec:
  extends: [airship-default]
`), 0o644))
	t.Log(r.build(t, "-var", "verify_boot=true"))
	manifest := r.manifest(t)
	assert.True(t, manifest.Verified)
	assert.Len(t, manifest.Boots, 2)
}
