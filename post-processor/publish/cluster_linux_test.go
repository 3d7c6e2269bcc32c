package publish

import (
	"os"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
	"github.com/airshipit/packer-plugin-airship/internal/handover"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Run(m)) }

// The AirshipImage goes to a cluster with where the image is.
func TestCluster(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	s := clustertest.Start(t)
	s.ApplyDefinitions(t, "../../docs/crds")
	s.Namespace(t, "site")
	p, err := configure(t, map[string]any{
		"directory": t.TempDir(),
		"cluster":   map[string]any{"kubeconfig": clustertest.Write(t, s.Admin(t)), "namespace": "site"},
	})
	require.NoError(t, err)
	source := built(t, "QFI\xfbdisk")
	result, _, _, err := p.PostProcess(t.Context(), packersdk.TestUi(t), source)
	require.NoError(t, err)
	object := s.Get(t, schema.GroupVersionKind{Group: "airshipit.org", Version: "v1alpha1", Kind: "AirshipImage"}, "site", "worker-image")
	url, _, _ := unstructured.NestedString(object.Object, "status", "url")
	assert.Equal(t, result.State("url"), url)
	sum, _, _ := unstructured.NestedString(object.Object, "status", "checksum")
	assert.Equal(t, "sha256:"+sum, source.IdValue)

	source.StateValues[handover.Image] = strings.Replace(imageYAML, "worker-image", "worker_image", 1)
	_, _, _, err = p.PostProcess(t.Context(), packersdk.TestUi(t), source)
	require.ErrorContains(t, err, "the image is stored, but the cluster does not know it")
}
