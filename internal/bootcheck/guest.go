package bootcheck

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Firmware is what starts a machine's boot loader.
type Firmware string

const (
	BIOS Firmware = "bios" // SeaBIOS, which QEMU brings
	UEFI Firmware = "uefi" // OVMF or AAVMF, which the host has
	// UEFISecure is the same with Secure Boot on and Microsoft's keys: it starts only what is signed.
	UEFISecure Firmware = "uefi-secure-boot"
)

// kind is the firmware as a node knows it: bios or uefi.
func (f Firmware) kind() Firmware {
	if f == UEFISecure {
		return UEFI
	}
	return f
}

// guest is the throw-away machine that the image boots in, all its files in dir.
type guest struct {
	options Options
	dir     string
	// report is the file that the guest's report port ends in.
	report string
}

// reportPort is the guest's device that the report is written to. A PC's second serial port needs
// no driver that a kernel could lack; arm64's virt machine has one port alone.
func reportPort(arch string) string {
	if arch == "arm64" {
		return "/dev/virtio-ports/org.airshipit.bootcheck"
	}
	return "/dev/ttyS1"
}

// newGuest puts the seed (nil: none) and a copy of the firmware's variables into dir.
func newGuest(o Options, dir string, seed []byte) (guest, error) {
	g := guest{options: o, dir: dir, report: filepath.Join(dir, "report")}
	// QEMU truncates it; it exists from the start, so that a guest that dies at once has a report to lack.
	if err := os.WriteFile(g.report, nil, 0o600); err != nil {
		return guest{}, err
	}
	if seed == nil {
		return g, nil
	}
	return g, os.WriteFile(g.path("seed.iso"), seed, 0o600)
}

func (g guest) path(name string) string { return filepath.Join(g.dir, name) }

// args is QEMU's command line: a small machine without a display, whose console is QEMU's standard
// input and output.
func (g guest) args() ([]string, error) {
	arch := g.options.Plan.Target.Architecture
	args := []string{
		"-name", "airship-bootcheck", "-nodefaults", "-no-user-config", "-display", "none",
		"-smp", "2", "-m", memory(g.options),
		// A guest that reboots is one that did not report.
		"-no-reboot",
		// Nothing but the image is booted: UEFI would try the network for minutes.
		"-boot", "strict=on",
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-chardev", "file,id=report,path=" + qemu.Escape(g.report),
		// A network with DHCP and nothing behind it: waiting for it ends, and nothing gets out.
		"-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile=",
	}
	switch arch {
	case "amd64":
		// Without graphics SeaBIOS and GRUB talk to the serial port.
		args = append(args, "-machine", g.pc(), "-serial", "chardev:report")
	case "arm64":
		args = append(args, "-machine", "virt", "-device", "virtio-serial-pci",
			"-device", "virtserialport,chardev=report,name="+filepath.Base(reportPort(arch)))
	default:
		return nil, fmt.Errorf("no machine is known for architecture %q", arch)
	}
	args = append(args, g.options.Accelerator.Args(arch)...)
	if isLive(g.options.Plan) {
		args = append(args, optical(g.options.Image)...)
	} else {
		args = append(args, disk("root,bootindex=1"+sectors(g.options.Plan), g.options.Image, g.options.Format, "snapshot=on,cache=unsafe")...)
	}
	if _, err := os.Stat(g.path("seed.iso")); err == nil {
		args = append(args, disk("seed", g.path("seed.iso"), "raw", "readonly=on")...)
	}
	firmware, err := g.firmware()
	return append(args, firmware...), err
}

// pc is QEMU's machine on amd64. Firmware with Secure Boot guards its variables in system management mode.
func (g guest) pc() string {
	if g.options.Firmware == UEFISecure {
		return "q35,graphics=off,smm=on"
	}
	return "q35,graphics=off"
}

// memory of the guest in MiB. A crash kernel's share is lost to the node, and of a small machine the kernel
// gives it none. What the guest does not touch takes no memory of the host.
func memory(o Options) string {
	if slices.ContainsFunc(o.Expect.Cmdline, func(argument string) bool { return strings.HasPrefix(argument, "crashkernel=") }) {
		return "4096"
	}
	if isLive(o.Plan) {
		return "2048" // an initramfs for all machines, and what is written
	}
	return "1024"
}

// disk is a virtio disk; device is its name, with more of the device's options behind it. With
// snapshot=on QEMU writes to a nameless file in TMPDIR.
func disk(device, path, format, how string) []string {
	id, _, _ := strings.Cut(device, ",")
	return []string{
		"-drive", fmt.Sprintf("if=none,id=%s,file=%s,format=%s,%s", id, qemu.Escape(path), format, how),
		"-device", "virtio-blk-pci,drive=" + device,
	}
}

// sectors are a disk's, where they are not QEMU's own of 512 bytes.
func sectors(p plan.Plan) string {
	if size := p.Disk.SectorSize; size != 512 && size != 0 {
		return fmt.Sprintf(",logical_block_size=%[1]d,physical_block_size=%[1]d", size)
	}
	return ""
}

// optical is a drive with an ISO in it. SCSI by virtio is what kernels for clouds have, too, which lack AHCI.
func optical(path string) []string {
	return []string{
		"-drive", "if=none,id=root,media=cdrom,readonly=on,format=raw,file=" + qemu.Escape(path),
		"-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=root,bootindex=1",
	}
}

func isLive(p plan.Plan) bool { return p.Action == v1alpha1.ActionBuildISO }

// firmware is nothing for BIOS, which is QEMU's default on PCs and does not exist elsewhere.
func (g guest) firmware() ([]string, error) {
	if g.options.Firmware == BIOS {
		return nil, nil
	}
	find := qemu.FindFirmware
	if g.options.Firmware == UEFISecure {
		find = qemu.FindSecureFirmware
	}
	found, err := find(g.options.Binary)
	if err != nil {
		return nil, err
	}
	vars := g.path("vars.fd")
	if err := copyFile(found.Vars.Path, vars); err != nil {
		return nil, fmt.Errorf("copy the firmware's variables: %w", err)
	}
	args := []string{
		"-drive", "if=pflash,unit=0,readonly=on,format=" + found.Code.Format + ",file=" + qemu.Escape(found.Code.Path),
		"-drive", "if=pflash,unit=1,format=" + found.Vars.Format + ",file=" + qemu.Escape(vars),
	}
	if found.Secure && g.options.Plan.Target.Architecture == "amd64" {
		// Without S3, as OVMF's README has it for a guest that is not to sleep.
		args = append(args, "-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1")
	}
	return args, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}
