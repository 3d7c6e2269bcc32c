package disk

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is missing for Secure Boot is said before anything is made. TestSecureBoot of the room bootcheck has all.
func TestSecureBootNeedsPackages(t *testing.T) {
	p := examplePlan(t)
	p.System.SecureBoot = true
	m, run := start(t, p)
	err := Assemble(t.Context(), m, p, t.Logf)
	require.ErrorContains(t, err, "the image lacks shim-signed, grub-efi-amd64-signed: add the missing to the profile's software.packages")

	// Ubuntu's shim is an alternative, an absolute link, and its MokManager has no second file.
	run("sh", "-euc", `
		mkdir -p /target/usr/lib/shim /target/etc/alternatives /target/usr/lib/grub/x86_64-efi-signed
		echo shim >/target/usr/lib/shim/shimx64.efi.signed.latest
		ln -s /etc/alternatives/shim /target/usr/lib/shim/shimx64.efi.signed
		ln -s /usr/lib/shim/shimx64.efi.signed.latest /target/etc/alternatives/shim
		echo mok >/target/usr/lib/shim/mmx64.efi
		echo grub >/target/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
		mkdir -p /target/boot/efi/EFI/debian /target/boot/efi/EFI/BOOT
	`)
	a := assembly{machine: m, plan: p, report: t.Logf}
	require.NoError(t, a.installSigned(t.Context(), "BOOTX64.EFI", "/target/boot/efi/EFI/debian", "/target/boot/efi/EFI/BOOT"))
	assert.Equal(t, "BOOT/BOOTX64.EFI shim\nBOOT/grubx64.efi grub\nBOOT/mmx64.efi mok\n"+
		"debian/grubx64.efi grub\ndebian/mmx64.efi mok\ndebian/shimx64.efi shim\n",
		run("sh", "-euc", `cd /target/boot/efi/EFI; for file in */*; do echo "$file $(cat $file)"; done`))

	// The image's kernel is signed, and another that is not is found beside it.
	require.NoError(t, a.checkKernels(t.Context()))
	run("sh", "-euc", "echo none >/target/boot/vmlinuz-6.1.0-site")
	require.EqualError(t, a.checkKernels(t.Context()), "/boot/vmlinuz-6.1.0-site: no signature, so that Secure Boot does not start it: "+
		"install the kernel that Debian signs, or leave the profile's osKernel.secureBoot out")
}

func TestSignedFiles(t *testing.T) {
	files := signedFiles("arm64")
	assert.Equal(t, "/usr/lib/shim/shimaa64.efi.signed", files[0].sources[0])
	assert.Equal(t, "/usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed", files[1].sources[0])
	assert.Equal(t, "grub-efi-arm64-signed", files[1].debian)
	assert.Equal(t, "mmaa64.efi", files[2].name)
}
