package clustertest

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// DryRun is TryCreate of which the server keeps nothing: documents are decoded, checked and admitted as any other. It
// returns what the server warned of, too. The namespace must exist, and a Pod's ServiceAccount in it.
func (s *Server) DryRun(ctx context.Context, namespace, text string) (warnings []string, err error) {
	heard := &listener{}
	config := rest.CopyConfig(s.config)
	config.WarningHandler = heard
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	err = s.create(ctx, client, namespace, text, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return heard.texts, err
}

// listener keeps an API server's warnings.
type listener struct {
	mu    sync.Mutex
	texts []string
}

func (l *listener) HandleWarningHeader(_ int, _, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, text)
}
