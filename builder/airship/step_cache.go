package airship

import (
	"context"
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/resolution"
)

// openCache opens the cache, which all builds share.
func openCache(_ context.Context, b *build, _ multistep.StateBag) error {
	directory, err := packersdk.CachePath("airship")
	if err != nil {
		return fmt.Errorf("the cache: %w", err)
	}
	b.cache, err = resolution.OpenCache(resolution.CacheOptions{
		Dir: directory, Mirror: b.config.Mirror, SecurityMirror: b.config.SecurityMirror,
		CABundle: b.config.CABundle, Say: b.say,
	})
	return err
}

func closeCache(_ context.Context, b *build) error {
	if b.cache != nil {
		b.cache.Close()
	}
	return nil
}
