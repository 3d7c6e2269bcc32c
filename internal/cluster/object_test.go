package cluster

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What is rendered reads back as the object.
func FuzzRender(f *testing.F) {
	for _, text := range []string{
		`{"a":"yes","b":"0o17","c":"0644","d":"2020-01-01","e":"1_000","f":".5","g":null,"h":"~"}`,
		`{"a":"\n  leading","b":"trailing \n\n","c":"tab\there","d":"\u2028","e":"#","f":"- a"}`,
		`{"a":1.5e300,"b":9007199254740993,"c":-0.0,"d":1e21,"e":[[],{}],"f":{"<<":{"x":1}}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var o unstructured.Unstructured
		if err := json.Unmarshal([]byte(`{"kind":"X","spec":`+text+`}`), &o); err != nil {
			t.Skip()
		}
		got, err := render(o.Object)
		require.NoError(t, err)
		var back map[string]any
		require.NoError(t, yaml.Unmarshal(got, &back), "%s", got)
		one, err := json.Marshal(o.Object)
		require.NoError(t, err)
		two, err := json.Marshal(back)
		require.NoError(t, err)
		assert.JSONEq(t, string(one), string(two))
	})
}
