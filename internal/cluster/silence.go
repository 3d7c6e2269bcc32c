package cluster

import (
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// silence turns off klog, to which client-go writes what it also returns, or what only its developers can use.
// klog has one logger a process, and replacing it is not safe while it is in use: it is done once, before.
var silence = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })
