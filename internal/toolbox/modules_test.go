package toolbox

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
)

// moduleImage is an object file that has only what a module says of itself.
func moduleImage(t testing.TB, info ...string) []byte {
	const headerSize = 64 // of the file; a section's is as large
	modinfo := strings.Join(info, "\x00") + "\x00"
	names := "\x00.modinfo\x00.shstrtab\x00"
	var image bytes.Buffer
	put := func(v any) { require.NoError(t, binary.Write(&image, binary.LittleEndian, v)) }
	header := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shoff: uint64(headerSize + len(modinfo) + len(names)), Ehsize: headerSize, Shentsize: headerSize, Shnum: 3, Shstrndx: 2,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	put(header)
	image.WriteString(modinfo + names)
	put(elf.Section64{})
	put(elf.Section64{
		Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: headerSize, Size: uint64(len(modinfo)), Addralign: 1,
	})
	put(elf.Section64{
		Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(headerSize + len(modinfo)), Size: uint64(len(names)), Addralign: 1,
	})
	return image.Bytes()
}

func xzOf(t testing.TB, plain []byte) []byte {
	var data bytes.Buffer
	w, err := xz.NewWriter(&data)
	require.NoError(t, err)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return data.Bytes()
}

func TestModulesInLoadOrder(t *testing.T) {
	for name, c := range map[string]struct {
		wanted []string
		want   []string
		err    string
	}{
		"what is needed first":    {[]string{"virtio_net", "isofs"}, []string{"failover", "net_failover", "virtio_net", "cdrom", "isofs"}, ""},
		"needed twice":            {[]string{"cdrom", "isofs", "cdrom"}, []string{"cdrom", "isofs"}, ""},
		"built in":                {[]string{"virtio_pci", "virtio_rng"}, []string{"virtio_rng"}, ""},
		"unknown":                 {[]string{"isofs", "ext4"}, nil, "kernel module ext4: neither among the kernel package's modules nor built in"},
		"unknown that is needed":  {[]string{"broken"}, nil, "kernel module broken: needs absent: neither among"},
		"each other":              {[]string{"egg"}, nil, "kernel module egg: needs hen: needs egg: it needs itself"},
		"not a module":            {[]string{"text"}, nil, "kernel module text: bad magic number"},
		"not compressed as named": {[]string{"plain"}, nil, "kernel module plain: read xz header"},
	} {
		t.Run(name, func(t *testing.T) {
			var m modules
			take := func(name string, content []byte) {
				require.NoError(t, m.take("usr/lib/modules/6.12/"+name, bytes.NewReader(content)))
			}
			for file, info := range map[string][]string{
				"kernel/drivers/net/virtio_net.ko.xz":   {"alias=x", "depends=net_failover,virtio_pci", "name=virtio_net"},
				"kernel/drivers/net/net-failover.ko.xz": {"name=net_failover", "depends=failover"},
				"kernel/net/core/failover.ko.xz":        {"depends=", "name=failover"},
				"kernel/drivers/char/virtio-rng.ko.xz":  {"name=virtio_rng", "depends="},
				"kernel/fs/isofs/isofs.ko.xz":           {"name=isofs", "depends=cdrom"},
				"kernel/drivers/cdrom/cdrom.ko.xz":      {"name=cdrom", "depends="},
				"kernel/broken.ko.xz":                   {"name=broken", "depends=absent"},
				"kernel/hen.ko.xz":                      {"name=hen", "depends=egg"},
				"kernel/egg.ko.xz":                      {"name=egg", "depends=hen"},
			} {
				take(file, xzOf(t, moduleImage(t, info...)))
			}
			take("kernel/text.ko", []byte("0123456789abcdef"))
			take("kernel/plain.ko.xz", moduleImage(t, "name=plain"))
			take("modules.builtin", []byte("kernel/drivers/virtio/virtio-pci.ko\nkernel/fs/fuse/virtiofs.ko\n"))
			take("modules.builtin.modinfo", []byte("ext4.ko"))

			order, err := m.inLoadOrder(c.wanted)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			var names []string
			for _, one := range order {
				names = append(names, one.name)
				assert.Contains(t, string(one.image), "name="+one.name+"\x00")
			}
			assert.Equal(t, c.want, names)
		})
	}
}

func TestParseModuleRefuses(t *testing.T) {
	for name, c := range map[string]struct{ image, want string }{
		"no name":   {string(moduleImage(t, "depends=")), `"" is no module's name`},
		"path":      {string(moduleImage(t, "name=../x")), `"../x" is no module's name`},
		"truncated": {string(moduleImage(t, "name=x")[:100]), "EOF"},
		"nameless":  {strings.Replace(string(moduleImage(t, "name=x")), ".modinfo", ".modnone", 1), "no section .modinfo"},
	} {
		_, err := parseModule([]byte(c.image))
		assert.ErrorContains(t, err, c.want, name)
	}
}

func FuzzParseModule(f *testing.F) {
	f.Add(moduleImage(f, "name=virtio_net", "depends=net_failover,virtio"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, image []byte) {
		m, err := parseModule(image)
		if err == nil {
			assert.Equal(t, moduleName(m.name+".ko"), m.name)
		}
	})
}
