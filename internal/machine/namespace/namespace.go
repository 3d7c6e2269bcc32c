// Package namespace is the machine in a Linux user namespace.
//
// A toolbox tree and a work directory, both owned by the mapped root, enter; a machine.Machine
// leaves: the toolbox as root directory with user, mount, process, IPC and host name namespaces of its
// own and the network of the host. Its first process is this binary, see Init.
package namespace

import "github.com/airshipit/packer-plugin-airship/internal/userns"

// Entry is the name under which Init is to be among userns.Main's entries.
const Entry = "machine"

// Config says what a machine is made of.
type Config struct {
	// Toolbox is the directory of a toolbox tree, unpacked under Mapping.
	Toolbox string
	// Work is an existing directory of this machine alone, which Start gives to the mapped root.
	// The machine's /scratch, /target and /output are its subdirectories of the same names; they
	// stay when the machine is closed and are removed with Mapping.Remove.
	Work string
	// Mapping is from userns.Detect.
	Mapping userns.Mapping
	// Proxies are NAME=VALUE pairs (http_proxy, https_proxy, no_proxy) for everything inside.
	Proxies []string
	// CABundle holds certificate authorities in PEM that the machine and an open target trust besides
	// their own; may be empty.
	CABundle []byte
}

// request is what Start tells Init.
type request struct {
	// Trees are the paths of the directories that make up the machine, in the order of trees;
	// empty where their mounts are handed over as files, after the control socket.
	Trees []string `json:"trees,omitempty"`
	// Same is Mapping.Same.
	Same bool `json:"same"`
	// ResolvConf is the host's /etc/resolv.conf.
	ResolvConf []byte `json:"resolvConf"`
	// Private are files for root alone, by absolute path in /run.
	Private map[string][]byte `json:"private"`
}

// ready is the line that Init reports once doors open.
const ready = "ready"
