package document

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Texts of several lines that begin with space come out of what is handed on as they went in.
func TestTextsThatBeginWithSpace(t *testing.T) {
	for _, text := range []string{"\ta\nb\n", "\n\ta\n", "  a\nb", "\n a\n\n", "\r\n\ta"} {
		p, err := Parse(t.Context(), minimal+fmt.Sprintf("{files: {files: [{name: /a, file_content: %q}]}, cloudInit: {metaData: {a: [%q]}}}", text, text), "p.yaml")
		require.NoError(t, err)
		for _, render := range []func() (string, error){p.YAML, p.SourcedYAML} {
			out, err := render()
			require.NoError(t, err)
			again, err := Parse(t.Context(), out, "profile_yaml")
			require.NoError(t, err, out)
			assert.Equal(t, text, again.NodeProfile.Spec.Files.Files[0].FileContent)
			assert.Equal(t, text, again.NodeProfile.Spec.CloudInit.MetaData["a"].([]any)[0])
		}
	}
}
