package plan

import (
	"fmt"
	"strings"
)

// LiveGrub renders the grub.cfg of an ISO. It names no device, so that it serves whatever the ISO is read from: an
// optical drive, a stick, or a loop device of another GRUB.
func LiveGrub(system System, iso ISO) string {
	var text strings.Builder
	text.WriteString("# Written by the image build.\n")
	fmt.Fprintf(&text, "set default=0\nset timeout_style=menu\nset timeout=%d\n", system.GrubTimeout)
	terminal, serial := grubTerminal(system)
	if serial != "" {
		text.WriteString(serial + "\n")
	}
	if terminal != "" {
		fmt.Fprintf(&text, "terminal_input %s\nterminal_output %s\n", terminal, terminal)
	}
	// Linux gets its frame buffer from what UEFI and these modules set up.
	text.WriteString("if [ \"$grub_platform\" = efi ]; then\n\tinsmod all_video\nfi\n\n")
	arguments := make([]string, 0, len(iso.Cmdline))
	for _, argument := range iso.Cmdline {
		arguments = append(arguments, quoteGrub(argument))
	}
	fmt.Fprintf(&text, "menuentry %s {\n\tlinux %s %s\n\tinitrd %s\n}\n",
		quoteGrub("Live system "+system.Hostname), LiveKernel, strings.Join(arguments, " "), LiveInitrd)
	return text.String()
}
