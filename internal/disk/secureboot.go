package disk

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// signedFile is a boot loader with a signature, in the target's tree.
type signedFile struct {
	name    string   // beside the others on an ESP
	sources []string // where packages have it; the first that is there counts
	debian  string   // the package, for messages
}

// shim, which firmware starts by the name of a fallback, starts GRUB and MokManager by their names beside it.
// Debian's MokManager has a second signature file, Ubuntu's is signed itself; Ubuntu's shim is one of several, by
// a link of its own from 22.04 on.
func signedFiles(architecture string) []signedFile {
	efi, grub := "x64", "x86_64-efi"
	if architecture == "arm64" {
		efi, grub = "aa64", "arm64-efi"
	}
	const shimLib = "/usr/lib/shim/"
	return []signedFile{
		{"shim" + efi + ".efi", []string{shimLib + "shim" + efi + ".efi.signed", shimLib + "shim" + efi + ".efi.signed.latest"}, "shim-signed"},
		{"grub" + efi + ".efi", []string{path.Join(grubLib, grub+"-signed", "grub"+efi+".efi.signed")}, "grub-efi-" + architecture + "-signed"},
		{"mm" + efi + ".efi", []string{shimLib + "mm" + efi + ".efi.signed", shimLib + "mm" + efi + ".efi"}, "shim-signed"},
	}
}

// firstOf prints the first of its arguments that is a file.
const firstOf = `
for file; do
	[ ! -f "$file" ] || { echo "$file"; exit 0; }
done
exit 1
`

// signedSource is where the target has f. Alternatives are absolute links, so the target itself is asked.
func (a assembly) signedSource(ctx context.Context, f signedFile) (source string, found bool, err error) {
	source, err = a.output(ctx, append([]string{"chroot", machine.Target, "sh", "-euc", firstOf, "sh"}, f.sources...)...)
	var exit *machine.ExitError
	if errors.As(err, &exit) {
		return "", false, nil
	}
	return strings.TrimSpace(source), err == nil, err
}

// missingSigned are the packages that a target lacks for Secure Boot.
func (a assembly) missingSigned(ctx context.Context) ([]string, error) {
	var missing []string
	for _, f := range signedFiles(a.plan.Target.Architecture) {
		_, found, err := a.signedSource(ctx, f)
		if err != nil {
			return nil, err
		}
		if !found && !slices.Contains(missing, f.debian) {
			missing = append(missing, f.debian)
		}
	}
	return missing, nil
}

// copyOut copies the file $1 of the target, where links are followed inside it, to the machine's $2.
const copyOut = `chroot ` + machine.Target + ` cat -- "$1" >"$2"`

// installSigned copies the signed boot loaders into directories of the machine, which are an ESP's. In
// /EFI/BOOT shim has the fallback's name.
//
// shim's own fallback, fbx64.efi, stays away: it writes boot entries and restarts the machine, at each first boot.
func (a assembly) installSigned(ctx context.Context, fallback string, directories ...string) error {
	for _, f := range signedFiles(a.plan.Target.Architecture) {
		source, found, err := a.signedSource(ctx, f)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("the image lacks %s", f.debian)
		}
		for _, directory := range directories {
			name := f.name
			if path.Base(directory) == "BOOT" && strings.HasPrefix(name, "shim") {
				name = fallback
			}
			if err := a.run(ctx, "sh", "-euc", copyOut, "sh", source, path.Join(directory, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// answerDebconf answers what grub-install is called with when shim is upgraded on the node (shim-signed.postinst):
// what firmware starts, /EFI/BOOT, is renewed as well, and the boot order stays as the machine's owner has it. No
// other package of the image asks these questions, so their types are told, too.
const answerDebconf = `
debconf-set-selections <<EOF
shim-signed grub2/force_efi_extra_removable boolean true
shim-signed grub2/update_nvram boolean false
EOF
rm -f /var/cache/debconf/*-old
`

// installSecureBoot makes the ESP start by Secure Boot, as grub-install --uefi-secure-boot --force-extra-removable
// would. Signed GRUB has its modules built in, and reads its configuration in the vendor's directory.
func (a assembly) installSecureBoot(ctx context.Context, p platform, vendor, boot string) error {
	if err := a.checkKernels(ctx); err != nil {
		return err
	}
	if err := a.installSigned(ctx, p.fallback, machine.Target+vendor, machine.Target+boot); err != nil {
		return err
	}
	if a.plan.Target.Distribution != "debian" {
		return nil // Ubuntu's grub-install does so unasked
	}
	return a.inTarget(ctx, "sh", "-euc", answerDebconf)
}

// kernelHeads prints the name of each kernel and, in hex, its first bytes unpacked.
const kernelHeads = `
for kernel in ` + machine.Target + `/boot/vmlinuz-*; do
	[ -f "$kernel" ] || continue
	printf '%s ' "${kernel##*/}"
	gzip --decompress --force --stdout -- "$kernel" 2>/dev/null | head -c ` + headLength + ` | od -An -v -tx1 | tr -d ' \n'
	echo
done
`

// checkKernels refuses kernels without a signature. grub.cfg has an entry for each.
func (a assembly) checkKernels(ctx context.Context) error {
	heads, err := a.output(ctx, "sh", "-euc", kernelHeads)
	if err != nil {
		return err
	}
	unsigned, err := unsignedKernels(heads)
	if err != nil || len(unsigned) == 0 {
		return err
	}
	return fmt.Errorf("%s: no signature, so that Secure Boot does not start it: install the kernel that %s signs, "+
		"or leave the profile's osKernel.secureBoot out", strings.Join(unsigned, ", "), distributionName(a.plan.Target))
}

func distributionName(target plan.Target) string {
	if target.Distribution == "ubuntu" {
		return "Ubuntu"
	}
	return "Debian"
}
