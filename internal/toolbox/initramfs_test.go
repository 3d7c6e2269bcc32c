//go:build linux

package toolbox

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shipped is a file of a package.
type shipped struct {
	tar.Header
	content string
}

func text(name, content string) shipped {
	return shipped{tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: 0o644, ModTime: day.AddDate(0, 0, -1), Size: int64(len(content)),
	}, content}
}

func pack(t testing.TB, all ...shipped) []byte {
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, one := range all {
		require.NoError(t, w.WriteHeader(&one.Header))
		_, err := io.WriteString(w, one.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return data.Bytes()
}

// bootPackages have, beside a few of everything, what an initramfs cannot be without.
func bootPackages(t testing.TB) map[string][]byte {
	group := file("./usr/bin/acme-group", 0o2755)
	group.Gid = 42
	kernel := []shipped{
		text("./boot/vmlinuz-6.12-cloud-amd64", string(kernelWith(0x202, "HdrS"))),
		text("./boot/config-6.12-cloud-amd64", "CONFIG_BLOCK=y\n"),
		text("./lib/modules/6.12-cloud-amd64/modules.builtin",
			"kernel/drivers/virtio/virtio_pci.ko\nkernel/fs/ext4/ext4.ko\n"),
	}
	for name, needs := range map[string]string{
		"virtio_blk": "", "virtio_net": "failover", "failover": "", "virtio-rng": "", "isofs": "", "unwanted": "",
	} {
		image := moduleImage(t, "name="+moduleName(name), "depends="+needs)
		kernel = append(kernel, text("./lib/modules/6.12-cloud-amd64/kernel/"+name+".ko.xz", string(xzOf(t, image))))
	}
	return map[string][]byte{
		"base-files": archive(t, dir("./", 0o755), dir("./usr/", 0o755), dir("./usr/bin/", 0o755),
			dir("./usr/lib/", 0o755), dir("./tmp/", 0o1777), dir("./root/", 0o700), dir("./boot/", 0o755),
			dir("./var/", 0o755), dir("./var/run/", 0o755), dir("./var/lock/", 0o755),
			link(tar.TypeSymlink, "./bin", "usr/bin"), link(tar.TypeSymlink, "./lib", "usr/lib")),
		"base-passwd": pack(t, text("./"+passwdMaster, "root:*:0:0:root:/root:/bin/bash\n"),
			text("./"+groupMaster, "root:*:0:\nshadow:*:42:\n")),
		"ca-certificates": pack(t, text("./usr/share/ca-certificates/mozilla/B.crt", "-----B-----\n"),
			text("./usr/share/ca-certificates/mozilla/A.crt", "-----A-----")),
		"acme": archive(t, dir("./", 0o700), dir("./bin/", 0o700), // the first package's modes stay
			file("./bin/acme", 0o4755), link(tar.TypeLink, "./usr/bin/acme-two", "./bin/acme"),
			link(tar.TypeLink, "./usr/acme-three", "./usr/bin/acme-two"), group,
			link(tar.TypeSymlink, "./usr/bin/which", "acme"), // a fixup takes its place
			file("./usr/libexec/acme/helper", 0o755), file("./etc/hosts", 0o600),
			file("./usr/share/doc/acme/copyright", 0o644), file("./usr/share/man/man1/acme.1", 0o644)),
		"zeta": archive(t, dir("./usr/libexec/", 0o750), link(tar.TypeSymlink, "./lib/zeta", "../libexec/acme")),

		"linux-image-6.12-cloud-amd64": pack(t, kernel...),
		"linux-image-cloud-amd64":      archive(t, dir("./", 0o755), file("./usr/share/doc/linux/copyright", 0o644)),
	}
}

// unpacked is what an archive has.
type unpacked struct {
	*cpio.Header
	content string
}

// readInitramfs reads what Linux would, and checks what Linux silently passes over: entries whose directory is not
// there yet, and links on the way to them. Of entries with one name, files has the last.
func readInitramfs(t testing.TB, r io.Reader) (all []unpacked, files map[string]unpacked) {
	files = map[string]unpacked{}
	for archive := cpio.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all, files
		}
		require.NoError(t, err)
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		if header.Name != "." {
			parent := files[path.Dir(header.Name)]
			isRoot := path.Dir(header.Name) == "."
			require.True(t, isRoot || parent.Header != nil && parent.Mode&cpio.ModeType == cpio.TypeDir,
				"%q before its directory", header.Name)
		}
		if before := files[header.Name]; before.Header != nil && before.Mode&cpio.ModeType == cpio.TypeDir {
			for other := range files {
				isDirectory := header.Mode&cpio.ModeType == cpio.TypeDir
				require.False(t, !isDirectory && within(header.Name, other), "%q over a directory", header.Name)
			}
		}
		all = append(all, unpacked{header, string(content)})
		files[header.Name] = all[len(all)-1]
	}
}

func storedDebs(t testing.TB, packages map[string][]byte, names ...string) []Deb {
	dir := t.TempDir()
	var debs []Deb
	for _, name := range names {
		d := Deb{Name: name, Path: filepath.Join(dir, name)}
		require.NoError(t, os.WriteFile(d.Path, debFile(packages[name]), 0o600))
		debs = append(debs, d)
	}
	return debs
}

// bootOrder has base-files first, as download does.
var bootOrder = []string{
	"base-files", "acme", "base-passwd", "ca-certificates", "linux-image-6.12-cloud-amd64", "linux-image-cloud-amd64", "zeta",
}

func TestInitramfs(t *testing.T) {
	var data, again bytes.Buffer
	require.NoError(t, writeInitramfs(t.Context(), &data, storedDebs(t, bootPackages(t), bootOrder...), day))
	require.NoError(t, writeInitramfs(t.Context(), &again, storedDebs(t, bootPackages(t), bootOrder...), day))
	assert.True(t, bytes.Equal(data.Bytes(), again.Bytes()), "the same packages make the same bytes")

	var listing strings.Builder
	all, _ := readInitramfs(t, &data)
	for _, f := range all {
		line := fmt.Sprintf("%06o %d:%d %s %s", f.Mode, f.Uid, f.Guid, f.ModTime.UTC().Format("2006-01-02"), f.Name)
		switch {
		case f.Linkname != "":
			line += " -> " + f.Linkname
		case strings.HasSuffix(f.Name, ".ko"):
			line += " an object file"
			assert.Contains(t, f.content, "\x7fELF")
		case f.Name == "init":
			line += " of init.sh"
			assert.Equal(t, initScript, f.content)
		case f.Mode&cpio.ModeType == cpio.TypeReg:
			line += fmt.Sprintf(" %q", f.content)
		}
		fmt.Fprintln(&listing, line)
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/initramfs.txt", []byte(listing.String()), 0o644))
	}
	golden, err := os.ReadFile("testdata/initramfs.txt")
	require.NoError(t, err)
	assert.Equal(t, string(golden), listing.String())
}

func TestInitramfsRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(packages map[string][]byte)
		want   string
	}{
		"no certificates": {func(p map[string][]byte) { p["ca-certificates"] = archive(t) }, "holds no certificate"},
		"no users":        {func(p map[string][]byte) { p["base-passwd"] = archive(t) }, "passwd.master is missing"},
		"no modules": {
			func(p map[string][]byte) { p["linux-image-6.12-cloud-amd64"] = archive(t) },
			"kernel module virtio_pci: neither among",
		},
		"truncated": {func(p map[string][]byte) { p["zeta"] = p["zeta"][:700] }, "unpack zeta: unexpected EOF"},
		"twice": {
			func(p map[string][]byte) { p["zeta"] = archive(t, file("./usr/bin/acme", 0o755)) },
			"unpack zeta: usr/bin/acme: file already exists",
		},
		"a link over files": {
			func(p map[string][]byte) { p["zeta"] = archive(t, file("./var/run/zeta", 0o644)) },
			"make the toolbox's var/run: a directory with files is there",
		},
		"large master": {
			func(p map[string][]byte) {
				p["base-passwd"] = pack(t, text(passwdMaster, strings.Repeat("x", maxInput+1)))
			}, "passwd.master: more than 1048576 bytes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			packages := bootPackages(t)
			c.change(packages)
			err := writeInitramfs(t.Context(), io.Discard, storedDebs(t, packages, bootOrder...), day)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// packInto is writeInitramfs without what a whole toolbox has.
func packInto(ctx context.Context, w io.Writer, data []byte) error {
	i := newInitramfs(w, day)
	if err := eachEntry(ctx, bytes.NewReader(data), i.packaged); err != nil {
		return err
	}
	return i.archive.Close()
}

func TestInitramfsOfHostileArchives(t *testing.T) {
	for name, headers := range hostile() {
		assert.Error(t, packInto(t.Context(), io.Discard, archive(t, headers...)), name)
	}
}

// FuzzInitramfs feeds entries of all kinds: what is written, Linux would unpack below its root and nowhere else.
func FuzzInitramfs(f *testing.F) {
	f.Add("./a", "..", byte('2'), "./a/b", "", byte('0'), "./c", "./a/../b", byte('1'))
	f.Add("a/b", "", byte('0'), "a", "", byte('5'), "c", "a/b", byte('1'))
	f.Fuzz(func(t *testing.T, n1, l1 string, t1 byte, n2, l2 string, t2 byte, n3, l3 string, t3 byte) {
		var data bytes.Buffer
		w := tar.NewWriter(&data)
		for _, h := range []tar.Header{link(t1, n1, l1), link(t2, n2, l2), link(t3, n3, l3)} {
			if w.WriteHeader(&h) != nil {
				return
			}
		}
		var made bytes.Buffer
		if packInto(t.Context(), &made, data.Bytes()) != nil {
			return
		}
		all, _ := readInitramfs(t, &made)
		for _, f := range all {
			_, err := entryName(f.Name)
			require.NoError(t, err)
		}
	})
}
