package cluster

import (
	"io"
	"net/http"
	"sync/atomic"
)

// limits are how much a cluster may hold.
type limits struct {
	bytes   int64 // of all answers together
	objects int
	text    int // bytes of one document
	page    int // objects in one answer
}

var defaultLimits = limits{bytes: 64 << 20, objects: 5000, text: 1 << 20, page: 100}

// budget is how many bytes a cluster may still answer.
type budget struct{ left atomic.Int64 }

// limited is a transport whose answers use up a budget.
type limited struct {
	next http.RoundTripper
	all  *budget
}

// RoundTrip counts what is read of the answer, after decompression.
func (l limited) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if err == nil {
		response.Body = countedBody{response.Body, l.all}
	}
	return response, err
}

type countedBody struct {
	io.ReadCloser
	all *budget
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.all.left.Add(int64(-n)) < 0 {
		return n, errTooMuch
	}
	return n, err
}
