package bootcheck

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAskSysctls asks the host's kernel with the guest's script. It needs python3.
func TestAskSysctls(t *testing.T) {
	cmd := exec.Command("python3", "-B", "-c", `import ask, json
print(json.dumps(ask.sysctls(["kernel.ostype", "no.such.name", "kernel.ostype.x", "kernel", "vm.compact_memory"])))`)
	out, err := cmd.Output()
	require.NoError(t, err)
	var got map[string]*string
	require.NoError(t, json.Unmarshal(out, &got))
	assert.Equal(t, map[string]*string{
		"kernel.ostype": text("Linux"), "no.such.name": nil, "kernel.ostype.x": nil, "kernel": text("Is a directory"),
	}, got)
}
