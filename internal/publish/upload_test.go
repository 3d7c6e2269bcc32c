package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func published(t *testing.T, r Registry, images ...Image) []Published {
	t.Helper()
	all, err := r.Publish(t.Context(), images)
	require.NoError(t, err)
	require.Len(t, all, len(images))
	return all
}

// cutting ends the connection of uploads when so many bytes of bodies, in all, have passed; once at each number.
type cutting struct {
	http.Handler
	at     []int64
	passed atomic.Int64
	cut    atomic.Int64
}

func (c *cutting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := r.Body
	r.Body = &tapped{body, func(n int) error {
		passed := c.passed.Add(int64(n))
		if next := int(c.cut.Load()); next < len(c.at) && passed >= c.at[next] {
			c.cut.Add(1)
			return errors.New("cut")
		}
		return nil
	}}
	// What came so far reaches the registry; then the answer, whatever it is, does not reach the client.
	cut := c.cut.Load()
	c.Handler.ServeHTTP(w, r)
	if c.cut.Load() != cut {
		panic(http.ErrAbortHandler)
	}
}

// A registry that keeps its session is asked how much it has, and gets the rest.
func TestCutAnywhere(t *testing.T) {
	fresh(t, "{}")
	const size = 400_000
	random := rand.New(rand.NewPCG(1, 2))
	var offsets [][]int64
	for _, at := range []int64{1, 2, 65_535, 65_536, 65_537, 131_072, size - 1, size} {
		offsets = append(offsets, []int64{at})
	}
	for range 12 {
		offsets = append(offsets, []int64{random.Int64N(size), size + random.Int64N(size)})
	}
	offsets = append(offsets, []int64{50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 350_000, 400_000})
	for _, at := range offsets {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			image := qcow2(t, size)
			said := &spoken{}
			proxy := &cutting{Handler: specified(), at: at}
			address := serve(t, proxy)
			one := published(t, Registry{Repository: address + "/site/images", Transfer: quick(said)}, image)[0]
			want, err := os.ReadFile(image.File)
			require.NoError(t, err)
			sameBytes(t, want, blobAt(t, address, "site/images", "sha256:"+image.SHA256))
			assert.Equal(t, "oci://"+address+"/site/images@"+one.Digest, one.URL)
			assert.NotZero(t, proxy.cut.Load())
			// No more than a buffer of each cut is sent twice: what the registry has is not.
			assert.Less(t, proxy.passed.Load(), int64(size+len(at)*(64<<10)+4096), said.text())
		})
	}
}

func FuzzCut(f *testing.F) {
	f.Add(uint32(1), uint32(70_000))
	f.Add(uint32(65_536), uint32(65_537))
	f.Fuzz(func(t *testing.T, first, second uint32) {
		fresh(t, "{}")
		const size = 200_000
		image := qcow2(t, size)
		a, b := int64(first%size), int64(second%(2*size))
		address := serve(t, &cutting{Handler: specified(), at: []int64{min(a, b), max(a, b)}})
		published(t, Registry{Repository: address + "/a", Transfer: quick(&spoken{})}, image)
		sameBytes(t, noise(size, 0), blobAt(t, address, "a", "sha256:"+image.SHA256))
	})
}

// answering answers some requests itself.
type answering struct {
	http.Handler
	answer func(w http.ResponseWriter, r *http.Request) bool
}

func (a *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.answer(w, r) {
		a.Handler.ServeHTTP(w, r)
	}
}

// times answers the first n requests of a method that have a body or not with a status.
func times(n int64, method string, status int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	var done atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || !strings.Contains(r.URL.Path, "/blobs/") || done.Add(1) > n {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		return true
	}
}

func TestWhatPasses(t *testing.T) {
	const always = 1 << 40
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		says   string
	}{
		"out of order for a while":     {times(3, http.MethodPatch, http.StatusServiceUnavailable), "is out of order (503 Service Unavailable); trying again"},
		"too many requests":            {times(2, http.MethodPost, http.StatusTooManyRequests, "Retry-After", "0"), "takes no more requests for now"},
		"asks to wait":                 {times(1, http.MethodPost, http.StatusServiceUnavailable, "Retry-After", "1"), "trying again in 1s"},
		"the last answer":              {times(2, http.MethodPut, http.StatusBadGateway), "502 Bad Gateway"},
		"no chunks":                    {times(always, http.MethodPatch, http.StatusMethodNotAllowed), "takes no chunks (405 Method Not Allowed): node.qcow2 goes in one piece"},
		"no chunks, as 404":            {times(always, http.MethodPatch, http.StatusNotFound), "takes no chunks"},
		"a session that was lost":      {after(1, times(1, http.MethodPatch, http.StatusNotFound)), "has lost the upload; trying again"},
		"a lost session, at the end":   {times(1, http.MethodPut, http.StatusNotFound), "has lost the upload; trying again"},
		"the first look":               {times(2, http.MethodHead, http.StatusBadGateway), "502 Bad Gateway"},
		"it took other bytes, it says": {times(1, http.MethodPut, http.StatusBadRequest), "has other bytes than those that were sent; trying again"},
	} {
		t.Run(name, func(t *testing.T) {
			fresh(t, "{}")
			said := &spoken{}
			image := qcow2(t, 200_000)
			address := serve(t, &answering{specified(), c.answer})
			published(t, Registry{Repository: address + "/a", Transfer: quick(said)}, image)
			sameBytes(t, noise(200_000, 0), blobAt(t, address, "a", "sha256:"+image.SHA256))
			assert.Contains(t, said.text(), c.says)
		})
	}
}

// after lets the first n requests of what answers pass.
func after(n int, answer func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch && int(seen.Add(1)) <= n {
			return false
		}
		return answer(w, r)
	}
}

func TestSmallerChunks(t *testing.T) {
	fresh(t, "{}")
	image := qcow2(t, 5<<20)
	address := serve(t, &answering{specified(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength <= 3<<19 {
			return false
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return true
	}})
	transfer := quick(&spoken{})
	transfer.ChunkSize = 64 << 20
	published(t, Registry{Repository: address + "/a", Transfer: transfer}, image)
	sameBytes(t, noise(5<<20, 0), blobAt(t, address, "a", "sha256:"+image.SHA256))
}

func TestLeastChunk(t *testing.T) {
	fresh(t, "{}")
	image := qcow2(t, 500_000)
	var small atomic.Int64
	registry := specified()
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w = &heading{w, map[string]string{"OCI-Chunk-Min-Length": "150000"}}
		}
		if r.Method == http.MethodPatch && r.ContentLength < 150_000 && !strings.HasPrefix(r.Header.Get("Content-Range"), "450000-") {
			small.Add(1)
		}
		registry.ServeHTTP(w, r)
	}))
	published(t, Registry{Repository: address + "/a", Transfer: quick(&spoken{})}, image)
	assert.Zero(t, small.Load(), "chunks are smaller than the registry takes")
}

// heading sets headers of an answer last.
type heading struct {
	http.ResponseWriter
	set map[string]string
}

func (h *heading) WriteHeader(status int) {
	for name, value := range h.set {
		h.Header().Set(name, value)
	}
	h.ResponseWriter.WriteHeader(status)
}

func TestWhatFails(t *testing.T) {
	const always = 1 << 40
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"full":               {times(always, http.MethodPatch, http.StatusInsufficientStorage), "has no space left (507 Insufficient Storage)"},
		"full, by its words": {saying(http.MethodPatch, http.StatusInternalServerError, "UNKNOWN", "write /var/lib: no space left on device"), "has no space left (500 Internal Server Error: unknown: write /var/lib: no space left on device)"},
		"out of order":       {times(always, http.MethodPost, http.StatusInternalServerError), "is out of order (500 Internal Server Error)"},
		"too large":          {times(always, http.MethodPatch, http.StatusRequestEntityTooLarge), "takes no upload of this size (413 Request Entity Too Large): a limit of the registry, or of a proxy before it"},
		"forbidden":          {saying(http.MethodPost, http.StatusForbidden, "DENIED", "requested access to the resource is denied"), "forbids this in a without credentials: docker login"},
		"unauthorised":       {times(always, http.MethodPost, http.StatusUnauthorized), "wants credentials, and Docker's configuration has none for it: docker login"},
		"other bytes": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("5", 64))
			w.WriteHeader(http.StatusCreated)
			return true
		}, "has other bytes than those that were sent: it says sha256:5555"},
		"a blob with another digest": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodHead || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("5", 64))
			return true
		}, "has other bytes than those that were sent: "},
		"a blob that it has not": {times(always, http.MethodHead, http.StatusNotFound), "does not have sha256:"},
		"another host": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost {
				return false
			}
			w.Header().Set("Location", "https://elsewhere.example.org/upload?token="+password)
			w.WriteHeader(http.StatusAccepted)
			return true
		}, "wants the upload to go to another host, elsewhere.example.org, which would get the credentials"},
		"nowhere": {times(always, http.MethodPost, http.StatusAccepted), "names no place for the upload"},
	} {
		t.Run(name, func(t *testing.T) {
			fresh(t, "{}")
			said := &spoken{}
			address := serve(t, &answering{specified(), c.answer})
			transfer := quick(said)
			transfer.Retries = 1
			_, err := Registry{Repository: address + "/a", Transfer: transfer}.Publish(t.Context(), []Image{qcow2(t, 200_000)})
			require.ErrorContains(t, err, c.want)
			assert.Contains(t, err.Error(), "image node.qcow2 to "+address+"/a:latest: registry "+address)
			assert.NotContains(t, err.Error()+said.text(), password)
			assert.NotContains(t, err.Error()+said.text(), "_state")
			assert.Empty(t, tagsOf(t, address, "a"))
		})
	}
}

func saying(method string, status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
		return true
	}
}

// A registry that takes its time gets it, as long as anything is taken; one that takes nothing does not.
func TestSlow(t *testing.T) {
	fresh(t, "{}")
	large := written(t, "node.raw", plan.Raw, make([]byte, 64<<20)) // more than sockets take in
	transfer := quick(&spoken{})
	transfer.StallTimeout, transfer.Retries, transfer.ChunkSize = 3*time.Second, -1, 1<<30
	registry := specified()
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &tapped{r.Body, func(int) error { time.Sleep(4 * time.Millisecond); return nil }}
		registry.ServeHTTP(w, r)
	}))
	start := time.Now()
	published(t, Registry{Repository: address + "/a", Transfer: transfer}, large)
	assert.Greater(t, time.Since(start), 2*transfer.StallTimeout, "it was not slow")

	end := make(chan struct{})
	address = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			<-end
			return
		}
		registry.ServeHTTP(w, r)
	}))
	start = time.Now()
	_, err := Registry{Repository: address + "/b", Transfer: transfer}.Publish(t.Context(), []Image{large})
	require.ErrorContains(t, err, "stalls: it took nothing for 3s")
	assert.Less(t, time.Since(start), 25*time.Second)

	// Nor does one that takes everything and says nothing.
	transfer.AnswerTimeout = 3 * time.Second
	_, err = Registry{Repository: address + "/b", Transfer: transfer}.Publish(t.Context(), []Image{qcow2(t, 1000)})
	require.ErrorContains(t, err, "does not answer in time")
	close(end)
}

func TestCancelled(t *testing.T) {
	fresh(t, "{}")
	registry := specified()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the user has enough")
	var patches atomic.Int64
	end := make(chan struct{})
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch && patches.Add(1) == 2 {
			cancel(stop)
			<-end
			return
		}
		registry.ServeHTTP(w, r)
	}))
	start := time.Now()
	_, err := Registry{Repository: address + "/a", Transfer: quick(&spoken{})}.Publish(ctx, []Image{qcow2(t, 500_000)})
	require.ErrorIs(t, err, stop)
	assert.Less(t, time.Since(start), 10*time.Second)
	close(end)
	assert.Empty(t, tagsOf(t, address, "a"))
}

func TestProgress(t *testing.T) {
	fresh(t, "{}")
	said := &spoken{}
	registry := specified()
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &tapped{r.Body, func(int) error { time.Sleep(time.Millisecond); return nil }}
		registry.ServeHTTP(w, r)
	}))
	transfer := quick(said)
	published(t, Registry{Repository: address + "/a", Transfer: transfer}, qcow2(t, 5_000_000))
	assert.Regexp(t, `(?m)^node\.qcow2: [1-4] of 5 MB$`, said.text())
}

func TestFileChanged(t *testing.T) {
	fresh(t, "{}")
	address := serve(t, specified())
	image := qcow2(t, 200_000)
	require.NoError(t, os.WriteFile(image.File, noise(200_000, 1), 0o644))
	_, err := Registry{Repository: address + "/a", Transfer: quick(&spoken{})}.Publish(t.Context(), []Image{image})
	require.ErrorContains(t, err, "node.qcow2 is not what was built any more: its digest is sha256:")
}

// A registry that names no digest is asked for the bytes.
func TestReadBack(t *testing.T) {
	fresh(t, "{}")
	registry := specified()
	var damage atomic.Bool
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if damage.Load() && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/sha256:") {
			w.Header().Set("Content-Length", "200000")
			_, _ = w.Write(noise(200_000, 7))
			return
		}
		if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/blobs/") {
			w = silent{w}
		}
		registry.ServeHTTP(w, r)
	}))
	transfer := quick(&spoken{})
	transfer.Retries = -1
	published(t, Registry{Repository: address + "/a", Transfer: transfer}, qcow2(t, 200_000))
	damage.Store(true)
	_, err := Registry{Repository: address + "/b", Transfer: transfer}.Publish(t.Context(), []Image{qcow2(t, 200_000)})
	require.ErrorContains(t, err, "has other bytes than those that were sent: sha256:")
}

// silent names no digest.
type silent struct{ http.ResponseWriter }

func (s silent) WriteHeader(status int) {
	s.Header().Del("Docker-Content-Digest")
	s.ResponseWriter.WriteHeader(status)
}

func TestDown(t *testing.T) {
	fresh(t, "{}")
	gone := serve(t, specified())
	transfer := quick(&spoken{})
	transfer.Retries = 1
	server := gone[:strings.LastIndex(gone, ":")] + ":1"
	_, err := Registry{Repository: server + "/a", Transfer: transfer}.Publish(t.Context(), []Image{qcow2(t, 1000)})
	require.EqualError(t, err, "registry "+server+" does not answer: connection refused")
	_, err = Registry{Repository: "registry.invalid/a", Transfer: transfer}.Publish(t.Context(), []Image{qcow2(t, 1000)})
	require.ErrorContains(t, err, "registry registry.invalid is not known: there is no such host")
}
