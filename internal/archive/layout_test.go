package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layer is a tar archive of names: a name that ends in / is a directory, others are files with their own name and
// mark as contents.
func layer(t *testing.T, mark string, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(mark))}
		if name[len(name)-1] == '/' {
			header = &tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}
		}
		require.NoError(t, w.WriteHeader(header))
		if header.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, mark)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// flat are the members of the flattened layers, each with its contents.
func flat(t *testing.T, layers ...[]byte) []string {
	t.Helper()
	r, err := flattened(t.Context(), len(layers), func(i int) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layers[i])), nil })
	require.NoError(t, err)
	defer r.Close()
	var all []string
	in := tar.NewReader(r)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		all = append(all, header.Name+" "+string(text))
	}
}

func TestFlattened(t *testing.T) {
	lower := layer(t, "1", "etc/", "etc/passwd", "etc/gone", "var/", "var/log/", "var/log/a", "usr", "opt/", "opt/old")
	for name, c := range map[string]struct {
		upper []byte
		want  []string
	}{
		"one replaces another": {
			layer(t, "2", "./etc/", "./etc/passwd"),
			[]string{"etc/gone 1", "var/ ", "var/log/ ", "var/log/a 1", "usr 1", "opt/ ", "opt/old 1", "./etc/ ", "./etc/passwd 2"},
		},
		"whiteouts": {
			layer(t, "2", "etc/.wh.gone", "var/.wh.log"),
			[]string{"etc/ ", "etc/passwd 1", "var/ ", "usr 1", "opt/ ", "opt/old 1"},
		},
		"an opaque directory": {
			layer(t, "2", "opt/", "opt/.wh..wh..opq", "opt/new"),
			[]string{"etc/ ", "etc/passwd 1", "etc/gone 1", "var/ ", "var/log/ ", "var/log/a 1", "usr 1", "opt/ ", "opt/new 2"},
		},
		"a directory becomes a file": {
			layer(t, "2", "var"),
			[]string{"etc/ ", "etc/passwd 1", "etc/gone 1", "usr 1", "opt/ ", "opt/old 1", "var 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, flat(t, lower, c.upper))
		})
	}
	assert.Equal(t, []string{"a 1"}, flat(t, layer(t, "1", "a")), "a single layer")
	assert.Equal(t, []string{"a 3"}, flat(t, layer(t, "1", "a"), layer(t, "2", ".wh.a"), layer(t, "3", "a")))
}

func TestFlattenedEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	one := layer(t, "1", "a")
	_, err := flattened(ctx, 2, func(int) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(one)), nil })
	require.ErrorContains(t, err, "enough")
}

// A hard link keeps its content when an upper layer takes out or replaces the name that the content came by.
func TestFlattenedLinks(t *testing.T) {
	var lower bytes.Buffer
	w := tar.NewWriter(&lower)
	require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "perl", Mode: 0o755, Size: 1}))
	_, err := io.WriteString(w, "1")
	require.NoError(t, err)
	for _, link := range []string{"perl5", "perl5.36"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeLink, Name: link, Linkname: "perl"}))
	}
	require.NoError(t, w.Close())
	for name, upper := range map[string][]byte{"taken out": layer(t, "2", ".wh.perl"), "replaced": layer(t, "2", "perl")} {
		t.Run(name, func(t *testing.T) {
			r, err := flattened(t.Context(), 2, func(i int) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader([][]byte{lower.Bytes(), upper}[i])), nil
			})
			require.NoError(t, err)
			var got []string
			for in := tar.NewReader(r); ; {
				header, err := in.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				text, err := io.ReadAll(in)
				require.NoError(t, err)
				got = append(got, header.Name+" "+header.Linkname+" "+string(text))
			}
			want := []string{"./perl5  1", "perl5.36 ./perl5 "}
			if name == "replaced" {
				want = append(want, "perl  2")
			}
			assert.Equal(t, want, got)
		})
	}
}
