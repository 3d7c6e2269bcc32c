package osconfig

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func testWriteMeta(t *testing.T, m *recorder) {
	files, err := Meta(testProfile(t, testDocument), testFacts())
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, WriteMeta(t.Context(), Chroot{Runner: m}, testEpoch, files))
	}
	for name, data := range files {
		assert.Equal(t, string(data), m.read(t, path.Join(MetaDir, name)))
	}
	const file, directory = "644 root:root 1700000000\n", "755 root:root 1700000000\n"
	assert.Equal(t, file+file+file+file, m.output(t, "sh", "-c", "stat --format='%a %U:%G %Y' /target"+MetaDir+"/*"))
	assert.Equal(t, directory+directory, m.output(t, "stat", "--format=%a %U:%G %Y", "/target"+path.Dir(MetaDir), "/target"+MetaDir))
}
