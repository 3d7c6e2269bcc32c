package disk

import (
	"context"
	"path"
)

// signedESP puts signed boot loaders into the tree of an ISO's ESP. Signed GRUB reads its configuration in the
// vendor's directory there, and has all modules built in that an ISO needs.
func (a isoAssembly) signedESP(ctx context.Context, p platform) error {
	boot := path.Join(espTree, "EFI/BOOT")
	if err := a.run(ctx, "mkdir", "-p", boot); err != nil {
		return err
	}
	if err := a.installSigned(ctx, p.fallback, boot); err != nil {
		return err
	}
	stub := path.Join(espTree, "EFI", a.plan.Target.Distribution, "grub.cfg")
	return a.machine.WriteFile(ctx, stub, 0o644, []byte(findMedium+"configfile $prefix/grub.cfg\n"))
}
