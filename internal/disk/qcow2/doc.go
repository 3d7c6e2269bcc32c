// Package qcow2 writes QEMU's disk image format from a raw disk.
//
// A raw disk enters; a standalone qcow2 version 3 leaves, its clusters compressed
// by every core and written in order, so equal disks give equal files. The format is specified in
// QEMU's docs/interop/qcow2.rst.
package qcow2

const (
	clusterBits = 16
	clusterSize = 1 << clusterBits
	// An L2 table is one cluster of 8-byte entries, a refcount block one of 2-byte counts.
	l2Entries       = clusterSize / 8
	refcountEntries = clusterSize / 2
)
