//go:build !linux

package qcow2

// dataExtents takes the whole disk for data: clusters of zeros are found by reading them.
func dataExtents(_ Source, size int64) ([]extent, error) { return []extent{{0, size}}, nil }
