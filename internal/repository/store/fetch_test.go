package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/require"
)

func TestFetchOnlyWhatIsMissing(t *testing.T) {
	m := newMirror(t)
	s, f := newStore(t, Options{})
	items := append(m.items(20, 3000), m.item("empty", 0))
	unknown := m.item("unknown", 5000)
	unknown.Size = 0
	items = append(items, unknown, items[0])
	for range 2 {
		require.NoError(t, f.Fetch(t.Context(), items))
		require.Equal(t, 21, m.total(), "the empty one needs no request")
		requireSound(t, s, 22)
		require.Empty(t, partials(t, s))
	}
}

func TestLargestFirst(t *testing.T) {
	m := newMirror(t)
	var asked []string
	m.first = func(_ http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
		asked = append(asked, r.URL.Path)
		return false
	}
	_, f := newStore(t, Options{Parallel: 1})
	require.NoError(t, f.Fetch(t.Context(), []Item{m.item("b", 20), m.item("c", 10), m.item("a", 30)}))
	require.Equal(t, []string{"/a", "/b", "/c"}, asked)
}

func TestWrongSizeInStoreIsFetchedAgain(t *testing.T) {
	m := newMirror(t)
	s, f := newStore(t, Options{})
	item := m.item("a.deb", 1000)
	require.NoError(t, os.MkdirAll(filepath.Dir(s.final(item.SHA256)), 0o755))
	require.NoError(t, os.WriteFile(s.final(item.SHA256), []byte("short"), 0o644))
	require.NoError(t, f.Fetch(t.Context(), []Item{item}))
	requireSound(t, s, 1)
}

func TestWrongContents(t *testing.T) {
	bad := randomBytes(1000)
	for _, c := range []struct {
		name string
		size int64 // of the item; 0 where not known
		body []byte
		want string
	}{
		{"hash", 1000, bad, "a.deb from %s/a.deb has the wrong contents: expected SHA-256 %s, got " + hashOf(bad)},
		{"hash, size not known", 0, bad, "expected SHA-256 %[2]s, got " + hashOf(bad)},
		{"shorter", 2000, bad, "wrong size: expected 2000 bytes, got 1000 (expected SHA-256 %[2]s)"},
		{"longer", 500, bad, "wrong size: expected 500 bytes, got 1000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMirror(t)
			var caches []string
			m.first = func(w http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
				caches = append(caches, r.Header.Get("Cache-Control"))
				_, _ = w.Write(c.body)
				return true
			}
			s, f := newStore(t, Options{})
			item := m.item("a.deb", 1000)
			item.Size = c.size
			err := f.Fetch(t.Context(), []Item{item})
			var mismatch *MismatchError
			require.ErrorAs(t, err, &mismatch)
			want := c.want
			if strings.Contains(want, "%") {
				want = fmt.Sprintf(strings.Replace(want, "from %s/", "from %[1]s/", 1), m.URL, item.SHA256)
				want, _, _ = strings.Cut(want, "%!(EXTRA")
			}
			require.Contains(t, err.Error(), want)
			require.Equal(t, []string{"", "no-cache"}, caches, "one fresh try, past caches")
			requireSound(t, s, 0)
			require.Empty(t, partials(t, s))
		})
	}
}

func TestEndlessBodyIsCutOff(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				break
			}
		}
		return true
	}
	_, f := newStore(t, Options{})
	var mismatch *MismatchError
	require.ErrorAs(t, f.Fetch(t.Context(), []Item{m.item("a.deb", 1000)}), &mismatch)
	require.EqualValues(t, 1001, mismatch.GotSize)
	_, err := f.Get(t.Context(), m.URL+"/a.deb", 1000)
	require.ErrorContains(t, err, "larger than the 1000 bytes")
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		code, fails int
		ok          bool
		requests    int
	}{
		{http.StatusServiceUnavailable, 3, true, 4},
		{http.StatusServiceUnavailable, 4, false, 4},
		{http.StatusTooManyRequests, 1, true, 2},
		{http.StatusNotFound, 1, false, 1},
		{http.StatusForbidden, 1, false, 1},
		{http.StatusNotImplemented, 1, false, 1},
	} {
		t.Run(fmt.Sprintf("%d %d times", c.code, c.fails), func(t *testing.T) {
			m := newMirror(t)
			m.first = func(w http.ResponseWriter, _ *http.Request, _ []byte, n int) bool {
				if n <= c.fails {
					w.WriteHeader(c.code)
				}
				return n <= c.fails
			}
			s, f := newStore(t, Options{})
			item := m.item("a.deb", 1000)
			_, getErr := f.Get(t.Context(), m.URL+"/InRelease", 1000)
			m.item("InRelease", 10)
			err := f.Fetch(t.Context(), []Item{item})
			require.Equal(t, c.requests, m.count("/a.deb"))
			if c.ok {
				require.NoError(t, err)
				requireSound(t, s, 1)
				return
			}
			var status *StatusError
			require.ErrorAs(t, err, &status)
			require.Equal(t, StatusError{URL: item.URL, Code: c.code}, *status)
			require.ErrorContains(t, err, item.URL+": "+statusText(c.code))
			require.ErrorAs(t, getErr, &status)
			requireSound(t, s, 0)
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, _ *http.Request, _ []byte, n int) bool {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		return n == 1
	}
	_, f := newStore(t, Options{})
	began := time.Now()
	require.NoError(t, f.Fetch(t.Context(), []Item{m.item("a.deb", 10)}))
	require.GreaterOrEqual(t, time.Since(began), time.Second)
}

func TestEveryFailureIsTold(t *testing.T) {
	m := newMirror(t)
	s, f := newStore(t, Options{})
	items := m.items(30, 100)
	for i := range 14 {
		delete(m.files, fmt.Sprintf("/p%02d.deb", 2*i))
	}
	err := f.Fetch(t.Context(), items)
	var all *multierror.Error
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Errors, 14)
	for i, one := range all.Errors {
		require.EqualError(t, one, items[2*i].URL+": 404 Not Found")
	}
	require.True(t, strings.HasPrefix(err.Error(), "14 errors:\n  "+items[0].URL))
	require.True(t, strings.HasSuffix(err.Error(), "\n  and 4 more"))
	requireSound(t, s, 16)
}

func TestDeadMirrorIsGivenUp(t *testing.T) {
	m := newMirror(t)
	items := m.items(100, 100)
	m.first = func(w http.ResponseWriter, _ *http.Request, _ []byte, _ int) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	_, f := newStore(t, Options{Retries: 1})
	err := f.Fetch(t.Context(), items)
	require.ErrorContains(t, err, m.URL+"/p00.deb: 502 Bad Gateway (tried 2 times)")
	require.ErrorContains(t, err, "more files were not tried")
	require.Less(t, m.total(), 40)

	m.Close()
	err = f.Fetch(t.Context(), items)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "more files were not tried")
}

func TestSilentServerTimesOut(t *testing.T) {
	m := newMirror(t)
	m.first = func(_ http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
		<-r.Context().Done()
		return true
	}
	_, f := newStore(t, Options{HeaderTimeout: 100 * time.Millisecond, Retries: -1})
	err := f.Fetch(t.Context(), []Item{m.item("a.deb", 10_000)})
	require.ErrorContains(t, err, "timeout awaiting response headers")
	require.NotContains(t, err.Error(), "tried")
}

func TestCancelEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, _ int) bool {
		m.slowly(w, r, data, 10*time.Millisecond)
		return true
	}
	s, f := newStore(t, Options{})
	items := m.items(20, 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	time.AfterFunc(300*time.Millisecond, func() { cancelled = time.Now(); cancel() })
	err := f.Fetch(ctx, items)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(cancelled), 500*time.Millisecond)
	requireSound(t, s, 0)
	require.NotEmpty(t, partials(t, s), "to be continued")

	f.Close()
	m.Close()
	// Not by require.Eventually, which asks in a goroutine of its own.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestCancelDuringBackoffAndWait(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, _ *http.Request, _ []byte, _ int) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	s, f := newStore(t, Options{Backoff: time.Hour})
	item := m.item("a.deb", 10)
	gone := errors.New("gone")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, gone)
	defer cancel()
	require.ErrorIs(t, f.Fetch(ctx, []Item{item}), gone)

	part, err := s.acquire(t.Context(), item.SHA256, false)
	require.NoError(t, err)
	defer part.release()
	ctx, cancel = context.WithTimeoutCause(t.Context(), 100*time.Millisecond, gone)
	defer cancel()
	require.ErrorIs(t, f.Fetch(ctx, []Item{item}), gone)
}

func TestProgress(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, n int) bool {
		m.slowly(w, r, data, 40*time.Millisecond)
		return true
	}
	var running atomic.Int32
	var told []Progress
	s, f := newStore(t, Options{Progress: func(p Progress) {
		require.EqualValues(t, 1, running.Add(1))
		defer running.Add(-1)
		told = append(told, p)
	}})
	items := m.items(3, 256<<10) // about 2.6 s each
	m.files["/p00.deb"] = m.files["/p00.deb"][:200<<10]
	items[0].Size, items[0].SHA256 = 200<<10, hashOf(m.files["/p00.deb"])
	part := filepath.Join(s.partialDir(), items[1].SHA256)
	require.NoError(t, os.WriteFile(part, m.files["/p01.deb"][:100<<10], 0o644))
	require.NoError(t, f.Fetch(t.Context(), items))
	require.GreaterOrEqual(t, len(told), 3)
	require.LessOrEqual(t, len(told), 5)
	for i, p := range told {
		require.EqualValues(t, 712<<10, p.BytesTotal)
		require.Equal(t, 3, p.FilesTotal)
		if i > 0 {
			require.GreaterOrEqual(t, p.BytesDone, told[i-1].BytesDone)
		}
	}
	require.Greater(t, told[0].BytesDone, int64(100<<10))
	require.Less(t, told[0].BytesDone, int64(712<<10))
	require.Equal(t, Progress{712 << 10, 712 << 10, 3, 3}, told[len(told)-1])
}

func TestProgressAfterWrongContents(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, _ *http.Request, data []byte, n int) bool {
		if n == 1 {
			_, _ = w.Write(make([]byte, len(data)))
		}
		return n == 1
	}
	var last Progress
	_, f := newStore(t, Options{Progress: func(p Progress) { last = p }})
	require.NoError(t, f.Fetch(t.Context(), m.items(3, 1000)))
	require.Equal(t, Progress{3000, 3000, 3, 3}, last)
}
