package resolution

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Everything that Locate tells, mistakes or not, is without the profile's secrets.
func TestLocateWithoutSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("p.yaml", []byte(`apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {package: plantedpackage}
---
apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node}
spec:
  valuesFrom: [{kind: Secret, name: keys, fieldPath: data.package, targetPath: "software.packages[0]"}]
  software: {packages: [placeholder]}
`), 0o600))
	p, err := readProfile(filepath.Join(".", "p.yaml"))
	require.NoError(t, err)
	problem := &Problem{Subject: Subject{Package: "plantedpackage"}, Text: "package plantedpackage: no"}
	cause := errors.New("plantedpackage is nowhere")
	located := Locate(p, multierror.Append(nil, problem, cause, &mistake.Mistake{Field: "spec.software", Problem: "has plantedpackage"}))
	require.Error(t, located)
	assert.Len(t, mistake.All(located), 2)
	assert.ErrorIs(t, located, cause)
	assert.NotContains(t, located.Error(), "planted")
	assert.NoError(t, Locate(p, nil))
}
