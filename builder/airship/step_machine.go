package airship

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// startMachine starts the machine that everything else runs in.
func startMachine(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	directory := filepath.Join(b.work.Path, "machine")
	if err := os.Mkdir(directory, 0o700); err != nil {
		return err
	}
	var authorities []byte
	if b.config.CABundle != "" {
		if authorities, err = os.ReadFile(b.config.CABundle); err != nil {
			return fmt.Errorf("ca_bundle: %w", err)
		}
	}
	proxies := proxyEnvironment(store.ProxiesFrom(os.Getenv))
	// A nil *Machine in the interface would not be nil.
	if b.isolation.Kind == isolation.QEMU {
		m, err := qemu.Start(ctx, qemu.Config{
			Binary: b.isolation.Binary, Accelerator: b.isolation.Accelerator,
			Kernel: b.bootFiles.Kernel, Initramfs: b.bootFiles.Initramfs, Work: directory,
			Memory: b.config.Memory << 20, CPUs: b.config.CPUs,
			Proxies: proxies, CABundle: authorities, Log: b.say,
		})
		if err != nil {
			return err
		}
		b.machine = m
		return nil
	}
	m, err := namespace.Start(ctx, namespace.Config{
		Toolbox: b.toolbox.Dir, Work: directory, Mapping: b.isolation.Mapping,
		Proxies: proxies, CABundle: authorities,
	})
	if err != nil {
		return err
	}
	b.machine = m
	return nil
}

func closeMachine(_ context.Context, b *build) error {
	if b.machine == nil {
		return nil
	}
	return b.machine.Close()
}

// proxyEnvironment is what programs in the machine read.
func proxyEnvironment(p store.Proxies) []string {
	var pairs []string
	for _, v := range []struct{ name, value string }{
		{"http_proxy", p.HTTP}, {"https_proxy", p.HTTPS}, {"no_proxy", p.NoProxy},
	} {
		if v.value != "" {
			pairs = append(pairs, fmt.Sprintf("%s=%s", v.name, v.value))
		}
	}
	return pairs
}
