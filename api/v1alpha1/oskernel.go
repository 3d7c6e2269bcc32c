package v1alpha1

// OSKernel is the area osKernel: the kernel, its command line and its parameters.
type OSKernel struct {
	// KernelBasePkg is the kernel's meta package. Default: by distribution and platform.
	KernelBasePkg string `json:"kernel_base_pkg,omitempty"`
	// KernelHeadersPkg is installed where it is given.
	KernelHeadersPkg string `json:"kernel_headers_pkg,omitempty"`
	// SecureBoot starts the node by UEFI Secure Boot: the distribution's signed shim, GRUB and kernel.
	SecureBoot bool `json:"secureBoot,omitempty"`
	// Kernel says which modules are loaded at boot and which never.
	// +optional
	Kernel Kernel `json:"kernel,omitzero"`
	// Sysctl are kernel parameters that the node sets at boot.
	Sysctl []Sysctl `json:"sysctl,omitempty"`
	// +optional
	Grub Grub `json:"grub,omitzero"`
	// GrubCmdlineLinuxDefaultAppend extends grub.GRUB_CMDLINE_LINUX_DEFAULT.
	GrubCmdlineLinuxDefaultAppend []Argument `json:"grub_cmdline_linux_default_append,omitempty"`
	// +optional
	KdumpTools KdumpTools `json:"kdump_tools,omitzero"`
}

// Kernel holds the kernel's modules.
type Kernel struct {
	// +optional
	Modules Modules `json:"modules,omitzero"`
}

// Modules to load and to keep out.
type Modules struct {
	// Load becomes modules-load.d, with arguments in modprobe.d.
	Load []Module `json:"load,omitempty"`
	// Blacklist becomes modprobe.d's blacklist.
	Blacklist []ModuleName `json:"blacklist,omitempty"`
}

// Module is loaded at boot.
type Module struct {
	Name string `json:"name"`
	// Args are the module's parameters.
	Args []Argument `json:"args,omitempty"`
}

// ModuleName is a module that is never loaded by itself.
type ModuleName struct {
	Name string `json:"name"`
}

// KdumpTools is kdump-tools' part of the kernel command line, applied where kdump-tools is installed.
type KdumpTools struct {
	// Crashkernel is the memory kept for the crash kernel: 768M, 1G-2G:128M,2G-:256M.
	Crashkernel string `json:"crashkernel,omitempty"`
}

// Driver is what one piece of hardware needs.
type Driver struct {
	// Name identifies the driver; unique.
	Name string `json:"name"`
	// Packages are installed: NAME or NAME=VERSION.
	Packages []string `json:"packages,omitempty"`
	// Modules are loaded at boot.
	Modules []Module `json:"modules,omitempty"`
	// Blacklist are the modules that this driver takes the place of.
	Blacklist []string `json:"blacklist,omitempty"`
	// DKMS are packages whose modules are built for the image's kernel; its headers are installed with them.
	DKMS []string `json:"dkms,omitempty"`
	// Firmware are packages of firmware, which the initramfs then holds, too.
	Firmware []string `json:"firmware,omitempty"`
}

// Sysctl is one kernel parameter: name net.ipv4.ip_forward, value "1" (a number is accepted too).
type Sysctl struct {
	Name  string `json:"name"`
	Value Scalar `json:"value"`
}

// Grub is what /etc/default/grub is rendered from.
type Grub struct {
	// Timeout in seconds; nil leaves 5.
	Timeout *int `json:"GRUB_TIMEOUT,omitempty"`
	// CmdlineLinuxDefault is the kernel command line, in order; names may repeat.
	CmdlineLinuxDefault []Argument `json:"GRUB_CMDLINE_LINUX_DEFAULT,omitempty"`
	// SerialCommand are the options of GRUB's serial command: speed, unit, word, parity, stop.
	SerialCommand []Argument `json:"GRUB_SERIAL_COMMAND,omitempty"`
}

// Argument is NAME=VALUE, or a bare flag where the value is absent.
type Argument struct {
	Name  string  `json:"name"`
	Value *Scalar `json:"value,omitempty"`
}
