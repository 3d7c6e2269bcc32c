package airship

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
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
	b.machine, err = b.isolation.Start(ctx, isolation.Config{
		Tools: b.tools, Work: directory, Memory: b.config.Memory << 20, CPUs: b.config.CPUs,
		Proxies: proxyEnvironment(store.ProxiesFrom(os.Getenv)), CABundle: authorities, Log: b.say,
	})
	return err
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
