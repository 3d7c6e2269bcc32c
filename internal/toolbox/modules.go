package toolbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
)

// wantedModules are what a QEMU machine needs: disks, network and entropy by virtio over PCI, and the file systems
// of its disks. What a kernel has built in needs no module.
var wantedModules = []string{"virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "ext4", "isofs"}

const (
	// packagedModules is where a kernel package has a directory by the kernel's version.
	packagedModules = "usr/lib/modules"
	// maxModules bounds the memory that a kernel's modules take, in bytes; Debian's cloud kernel has 21 MB.
	maxModules = 64 << 20
	// maxModule bounds one of them, decompressed.
	maxModule = 64 << 20
)

// modules are a kernel's, as its package ships them: there is no modules.dep, for depmod(8) has not run.
type modules struct {
	packaged map[string]packagedModule // by name
	builtin  map[string]bool
	size     int64 // of all packaged, bytes
}

// packagedModule is a module's file, and the extension of its compression.
type packagedModule struct {
	data      []byte
	extension string
}

// take keeps one file of packagedModules, if it is of use. Which modules are needed shows only when all are read.
func (m *modules) take(name string, content io.Reader) error {
	base := path.Base(name)
	isModule := strings.Contains(base, ".ko")
	if !isModule && base != "modules.builtin" {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(content, maxModules-m.size+1))
	if err != nil {
		return err
	}
	if m.size += int64(len(data)); m.size > maxModules {
		return fmt.Errorf("the kernel's modules have more than %d bytes", maxModules)
	}
	if !isModule {
		m.builtin = map[string]bool{}
		for line := range strings.Lines(string(data)) {
			m.builtin[moduleName(strings.TrimSpace(line))] = true
		}
		return nil
	}
	if m.packaged == nil {
		m.packaged = map[string]packagedModule{}
	}
	_, extension, _ := strings.Cut(base, ".ko")
	m.packaged[moduleName(name)] = packagedModule{data, extension}
	return nil
}

// inLoadOrder is wanted and all that these need, each after what it needs, without what is built in.
func (m *modules) inLoadOrder(wanted []string) ([]module, error) {
	l := loading{modules: m, done: map[string]bool{}}
	for _, name := range wanted {
		if err := l.load(name); err != nil {
			return nil, fmt.Errorf("kernel module %w", err)
		}
	}
	return l.order, nil
}

type loading struct {
	modules *modules
	done    map[string]bool // false: what it needs comes first
	order   []module
}

func (l *loading) load(name string) error {
	done, begun := l.done[name]
	if done || l.modules.builtin[name] {
		return nil
	}
	if begun {
		return fmt.Errorf("%s: it needs itself", name)
	}
	l.done[name] = false
	one, err := l.modules.open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, need := range one.depends {
		if err := l.load(need); err != nil {
			return fmt.Errorf("%s: needs %w", name, err)
		}
	}
	l.done[name] = true
	l.order = append(l.order, one)
	return nil
}

// open decompresses a packaged module.
func (m *modules) open(name string) (module, error) {
	packaged, ok := m.packaged[name]
	if !ok {
		return module{}, errors.New("neither among the kernel package's modules nor built in")
	}
	plain, err := compression.NewReader(bytes.NewReader(packaged.data), packaged.extension)
	if err != nil {
		return module{}, err
	}
	image, err := io.ReadAll(io.LimitReader(plain, maxModule+1))
	if err := errors.Join(err, plain.Close()); err != nil {
		return module{}, err
	}
	if len(image) > maxModule {
		return module{}, fmt.Errorf("more than %d bytes", maxModule)
	}
	return parseModule(image)
}
