package airship

import (
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/handover"
)

type listener struct {
	packersdk.Ui
	said chan string
}

func (l listener) Say(text string) { l.said <- text }

// A stage that says nothing for a while says that it is still at work, and one that talks does not.
func TestTellTime(t *testing.T) {
	ui := listener{said: make(chan string, 100)}
	b := &build{ui: ui}
	stop := b.tellTime("Finalising", 10*time.Millisecond)
	assert.Regexp(t, `at work for \d+ s`, <-ui.said)
	stop()

	ui = listener{said: make(chan string, 100)}
	b = &build{ui: ui}
	b.tellTime("Fetching", time.Hour)()
	b.tellTime("", 0)() // what has no title takes no time
	assert.Empty(t, ui.said)
}

// Packer destroys what a post-processor failed on.
func TestArtifactIsKept(t *testing.T) {
	dir := t.TempDir()
	a := &Artifact{all: []string{dir}}
	assert.Nil(t, a.State("nothing"))
	assert.Equal(t, true, a.State(handover.Keep))
	require.NoError(t, a.Destroy())
	assert.DirExists(t, dir)
	t.Setenv(handover.Passing, "1")
	assert.Equal(t, false, a.State(handover.Keep), "whoever runs Packer removes it all the same")
	require.NoError(t, (&Artifact{all: []string{dir}}).Destroy())
	assert.NoDirExists(t, dir)
}
