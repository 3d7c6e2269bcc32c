package clustertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/airshipit/packer-plugin-airship/internal/work"
)

// Server is a running API server that holds nothing but what Kubernetes itself creates.
type Server struct {
	Address    string // https://127.0.0.1:PORT
	Kubeconfig string // the file of a cluster administrator; its one context is named "admin"

	dir       *work.Dir
	authority *authority
	config    *rest.Config
	client    dynamic.Interface
	processes []*process // in the order of their start
}

// shared is the one server of this test binary: it is made by the first test that needs one, and ended by Run.
var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Run runs the tests and ends the server that they shared. A TestMain calls os.Exit with what it returns.
func Run(m *testing.M) int {
	defer func() {
		shared.Lock()
		defer shared.Unlock()
		if shared.server != nil {
			shared.server.stop()
		}
	}()
	return m.Run()
}

// Start is the server that all tests of this binary share; its package's TestMain must call Run. Where the
// programs are missing the test fails and says how to get them; under -short it is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	skipShort(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start(t.Context())
	}
	require.NoError(t, shared.err)
	return shared.server
}

// StartAnother is a server for this test alone, on which no definition is installed.
func StartAnother(t testing.TB) *Server {
	t.Helper()
	skipShort(t)
	s, err := start(t.Context())
	require.NoError(t, err)
	t.Cleanup(s.stop)
	return s
}

func skipShort(t testing.TB) {
	if testing.Short() {
		t.Skip("needs a Kubernetes API server")
	}
}

func start(ctx context.Context) (*Server, error) {
	programs, err := find()
	if err != nil {
		return nil, err
	}
	// A free port may be taken by another process before the server listens on it.
	var all []error
	for range 3 {
		s, err := tryStart(ctx, programs)
		if err == nil {
			return s, nil
		}
		all = append(all, err)
	}
	return nil, errors.Join(all...)
}

func tryStart(ctx context.Context, programs programs) (_ *Server, err error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	remove := func(_ context.Context, path string) error { return os.RemoveAll(path) }
	dir, err := work.New(ctx, cache, remove, func(string, ...any) {})
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	s.Address = "https://127.0.0.1:" + ports[2]
	if s.authority, err = newAuthority(); err != nil {
		return nil, err
	}
	if err := s.launch(programs, ports); err != nil {
		return nil, err
	}
	if err := s.administer(); err != nil {
		return nil, err
	}
	return s, s.ready(ctx)
}

// launch starts etcd and the API server.
func (s *Server) launch(programs programs, ports []string) error {
	client, peer := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	etcd, err := startProcess(programs.etcd, s.path("etcd.log"),
		"--data-dir="+s.path("etcd"),
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
	if err != nil {
		return err
	}
	s.processes = append(s.processes, etcd)
	if err := s.authority.writeServing(s.dir.Path); err != nil {
		return err
	}
	server, err := startProcess(programs.server, s.path("kube-apiserver.log"),
		"--etcd-servers="+client,
		"--bind-address=127.0.0.1", "--secure-port="+ports[2],
		"--tls-cert-file="+s.path("serving.crt"), "--tls-private-key-file="+s.path("serving.key"),
		"--client-ca-file="+s.path("ca.crt"), "--cert-dir="+s.path("certificates"),
		"--service-account-key-file="+s.path("serving.key"), "--service-account-signing-key-file="+s.path("serving.key"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC", "--enable-priority-and-fairness=false")
	if err != nil {
		return err
	}
	s.processes = append(s.processes, server)
	return nil
}

// administer makes the administrator's kubeconfig and client.
func (s *Server) administer() error {
	identity, err := s.authority.identity("admin", "system:masters", time.Now().Add(day))
	if err != nil {
		return err
	}
	config := s.kubeconfig("admin", "default", identity)
	s.Kubeconfig = s.path("admin.kubeconfig")
	if err := clientcmd.WriteToFile(*config, s.Kubeconfig); err != nil {
		return err
	}
	if s.config, err = clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig(); err != nil {
		return err
	}
	s.config.QPS = -1
	s.config.WarningHandler = rest.NoWarnings{}
	s.client, err = dynamic.NewForConfig(s.config)
	return err
}

// ready waits until the server can be used.
func (s *Server) ready(ctx context.Context) error {
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	answer := "nothing"
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address+"/readyz", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			answer = response.Status
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		for _, p := range s.processes {
			if p.ended() {
				return fmt.Errorf("%s has ended: %s", p.name, p.log())
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server is not ready (%s): %w: %s", answer, ctx.Err(), s.processes[1].log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Server) path(name string) string { return filepath.Join(s.dir.Path, name) }

// stop ends the processes, the last one first, and removes all they wrote.
func (s *Server) stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		s.processes[i].kill()
	}
	if err := s.dir.Remove(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "clustertest:", err)
	}
}

// freePorts are ports of 127.0.0.1 on which nobody listens now, no two the same.
func freePorts(n int) ([]string, error) {
	ports := make([]string, n)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		if _, ports[i], err = net.SplitHostPort(listener.Addr().String()); err != nil {
			return nil, err
		}
	}
	return ports, nil
}
