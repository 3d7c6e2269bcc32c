//go:build !slow

package bootcheck

// liveBoots is one of them all; make test-all has the tag slow.
var liveBoots = []liveBoot{{name: "optical drive in BIOS", device: asDrive}}
