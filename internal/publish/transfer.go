package publish

import (
	"cmp"
	"net/http"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/registry"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// Transfer says how registries are spoken to. Zero values stand for the defaults named.
type Transfer struct {
	// Proxies to the registry.
	Proxies store.Proxies
	// CABundle is a PEM file of certificate authorities that are trusted besides the system's.
	CABundle string
	// ChunkSize of uploads, bytes. Default 64 MiB.
	ChunkSize int64
	// Retries is how often something is tried again, without any progress in between, after an error that may pass. Default 5; negative for none.
	Retries int
	// Backoff is the pause before the first retry; it doubles with each, to half a minute. Default 1 s.
	Backoff time.Duration
	// StallTimeout bounds the wait for the registry to take, or to send, the next bytes (default 1 min), AnswerTimeout the wait for an answer when
	// it has everything (5 min: some read a blob again when it is complete). An upload as a whole may take as long as it likes.
	StallTimeout, AnswerTimeout time.Duration
	// Locks is a directory in which builds of this host that write one tag take turns; empty: they do not.
	Locks string
	// Say takes a line of progress; it is never called twice at a time for one image.
	Say func(format string, args ...any)

	every time.Duration // between lines of progress
}

const longestPause = 30 * time.Second

func (t Transfer) withDefaults() Transfer {
	t.ChunkSize = cmp.Or(t.ChunkSize, 64<<20)
	t.Retries = cmp.Or(t.Retries, 5)
	t.Backoff = cmp.Or(t.Backoff, time.Second)
	t.StallTimeout = cmp.Or(t.StallTimeout, time.Minute)
	t.AnswerTimeout = cmp.Or(t.AnswerTimeout, 5*time.Minute)
	t.every = cmp.Or(t.every, 5*time.Second)
	if t.Say == nil {
		t.Say = func(string, ...any) {}
	}
	return t
}

// client asks with the timeouts of t. It follows no upload's body: watched does.
func (t Transfer) client() (*http.Client, error) {
	return store.NewClient(store.Options{
		Proxies: t.Proxies, CABundle: t.CABundle, HeaderTimeout: t.AnswerTimeout, StallTimeout: t.StallTimeout,
	})
}

// connection is a repository and how it is spoken to.
type connection struct {
	*registry.Repository
	Transfer
}

// connect opens a repository of REGISTRY/REPOSITORY[:TAG]; it asks nothing yet.
func (t Transfer) connect(reference string) (*connection, error) {
	t = t.withDefaults()
	client, err := t.client()
	if err != nil {
		return nil, err
	}
	repository, err := registry.Open(reference, client)
	if err != nil {
		return nil, err
	}
	return &connection{repository, t}, nil
}
