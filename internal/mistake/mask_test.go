package mistake

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMask(t *testing.T) {
	mask := NewMask([]string{"open", "opensesame", "", "a\nb12", "a text that is too long for a message to show whole"})
	assert.Equal(t, "x <redacted> y <redacted>s", mask.Text("x opensesame y opens"))
	assert.Equal(t, "found <redacted>", mask.Text("found "+Word("a\nb12")))
	assert.Equal(t, "found <redacted>", mask.Text("found "+Word("a text that is too long for a message to show whole")))
	assert.Equal(t, "open.yaml:1: field: <redacted>", mask.Warning("open.yaml:1: field: opensesame"))
	assert.Equal(t, "<redacted>", mask.Warning("opensesame"))
	assert.Equal(t, "opensesame", Mask{}.Text("opensesame"))

	err := &fs.PathError{Op: "read", Path: "opensesame", Err: fs.ErrNotExist}
	assert.EqualError(t, mask.Error(err), "read <redacted>: file does not exist")
	assert.ErrorIs(t, mask.Error(err), fs.ErrNotExist)
	other := errors.New("other")
	assert.Same(t, other, mask.Error(other))
	assert.NoError(t, mask.Error(nil))
}
