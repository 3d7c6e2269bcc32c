package toolbox

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"strings"
)

// module is a Linux kernel module.
type module struct {
	name    string   // with underscores
	depends []string // names of the modules whose symbols it uses
	image   []byte   // what insmod(8) takes
}

// parseModule reads what a module says of itself: its ELF section .modinfo holds NUL-terminated KEY=VALUE.
func parseModule(image []byte) (module, error) {
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return module{}, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return module{}, errors.New("no section .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return module{}, fmt.Errorf("section .modinfo: %w", err)
	}
	m := module{image: image}
	for field := range strings.SplitSeq(string(info), "\x00") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "name":
			m.name = value
		case "depends":
			for name := range strings.SplitSeq(value, ",") {
				if name != "" {
					m.depends = append(m.depends, moduleName(name))
				}
			}
		}
	}
	if m.name != moduleName(m.name) || m.name == "" {
		return module{}, fmt.Errorf("%q is no module's name", m.name)
	}
	return m, nil
}

// moduleName is the name of the module in the file name, without what comes before its last slash or from its
// first dot on. Files have dashes where the kernel's names have underscores.
func moduleName(file string) string {
	file = file[strings.LastIndex(file, "/")+1:]
	file, _, _ = strings.Cut(file, ".")
	return strings.ReplaceAll(file, "-", "_")
}
