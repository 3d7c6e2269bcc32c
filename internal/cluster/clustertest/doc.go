// Package clustertest runs a real Kubernetes API server with etcd on the loopback interface, for the tests of
// what reads a cluster: definitions are applied to it, documents created in it or refused by it, and users
// made with as few rights as a test needs. It is for tests alone, and on Linux only.
package clustertest
