package airship

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig/osconfigtest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

func TestProvision(t *testing.T) {
	m := osconfigtest.Target(t)
	access, err := json.Marshal(m.Access())
	require.NoError(t, err)
	facts, err := json.Marshal(osconfig.Facts{Plugin: "0.1.0", Epoch: 1700000000})
	require.NoError(t, err)

	p, err := prepare(t, `documents = ["testdata"]`+"\n"+`profile_name = "worker"`)
	require.NoError(t, err)
	var said bytes.Buffer
	ui := &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: &said, ErrorWriter: &said, PB: &packersdk.NoopProgressTracker{}}
	err = p.Provision(t.Context(), ui, nil, map[string]any{osconfig.MachineKey: string(access), osconfig.BuildKey: string(facts)})
	require.NoError(t, err, said.String())
	t.Log(said.String())

	assert.Contains(t, said.String(), "Applying the configuration of profile worker\n  Make the accounts: changed (deployer)\n")
	assert.NotContains(t, said.String(), "planted")
	assert.Contains(t, osconfigtest.Output(t, m, "cat", "/target/etc/passwd"), ":/home/deployer:/bin/bash\n")
	assert.Contains(t, osconfigtest.Output(t, m, "cat", "/target/etc/shadow"), "\ndeployer:$6$planted$")
	assert.Contains(t, osconfigtest.Output(t, m, "cat", "/target/etc/sysctl.d/60-airship.conf"), "\nkernel.panic = 3\n")

	meta := path.Join("/target", osconfig.MetaDir)
	assert.Equal(t, "airshipimage.yaml 644 0:0 1700000000\nbuild.yaml 644 0:0 1700000000\n"+
		"nodeprofile.yaml 644 0:0 1700000000\nvars.yaml 644 0:0 1700000000\n",
		osconfigtest.Output(t, m, "sh", "-c", "cd "+meta+" && stat --format='%n %a %u:%g %Y' *"))
	assert.NotContains(t, osconfigtest.Output(t, m, "sh", "-c", "cat "+meta+"/*"), "planted")
}
