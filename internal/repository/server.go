package repository

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

// Server hands packages and indices to an apt inside a machine, by HTTP on the loopback interface.
// Whoever does not know its random token gets nothing. Its methods are safe for concurrent use.
type Server struct {
	listener net.Listener
	http     *http.Server
	token    string
	ended    chan struct{}

	mutex  sync.RWMutex
	files  map[string]served // by path below the token, without a leading slash
	mounts int
}

// served is a file: content where it is made here, else the file at path.
type served struct {
	content  []byte
	path     string
	modified time.Time // zero: not told
}

// NewServer starts a server on a free port of 127.0.0.1. Close ends it.
func NewServer() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start package server: %w", err)
	}
	s := &Server{listener: listener, token: rand.Text(), ended: make(chan struct{}), files: map[string]served{}}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.ended)
		// It returns when Close closes the listener, and never before.
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

// Close ends the server and the transfers under way.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.ended
	return err
}

// Port that the server listens on, at 127.0.0.1.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Mount is a repository that a Server serves.
type Mount struct {
	server *Server
	path   string // below the token
	// Suite and Components are what an apt source says beside the URI: the Release's own, or "./"
	// and none.
	Suite      string
	Components []string
}

// URI of the repository for an apt source, as seen from where the server's host is called host:
// 127.0.0.1, or the gateway's address in a VM.
func (m Mount) URI(host string) string {
	u := url.URL{
		Scheme: "http", Host: net.JoinHostPort(host, fmt.Sprint(m.server.Port())),
		Path: "/" + path.Join(m.server.token, m.path),
	}
	return u.String()
}

func (s *Server) mount(files map[string]served, suite string, components []string) Mount {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	m := Mount{server: s, path: fmt.Sprint(s.mounts), Suite: suite, Components: components}
	s.mounts++
	for name, file := range files {
		s.files[path.Join(m.path, name)] = file
	}
	return m
}

// ServeHTTP answers GET and HEAD, ranges included.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name, found := strings.CutPrefix(path.Clean(r.URL.Path), "/"+s.token+"/")
	s.mutex.RLock()
	file, known := s.files[name]
	s.mutex.RUnlock()
	if !found || !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if file.path == "" {
		http.ServeContent(w, r, "", file.modified, bytes.NewReader(file.content))
		return
	}
	content, err := os.Open(file.path)
	if errors.Is(err, os.ErrNotExist) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	defer content.Close()
	http.ServeContent(w, r, "", file.modified, content)
}
