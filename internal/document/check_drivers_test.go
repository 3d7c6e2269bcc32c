package document

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnsignedModules(t *testing.T) {
	const drivers = "drivers: [{name: nic, firmware: [firmware-nic]}, {name: gpu, dkms: [gpu-dkms]}]"
	p, err := Parse(t.Context(), minimal+"{"+drivers+"}", "p.yaml")
	require.NoError(t, err)
	assert.Empty(t, p.Warnings)

	p, err = Parse(t.Context(), minimal+"\n  osKernel: {secureBoot: true}\n  "+drivers, "p.yaml")
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1)
	assert.Contains(t, p.Warnings[0], "p.yaml:6: spec.drivers[1].dkms: what dkms builds is not signed")
}
