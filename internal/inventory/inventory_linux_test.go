package inventory

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// status has a package in each state and form that counts.
const status = `Package: tool
Status: install ok installed
Architecture: amd64
Version: 1:2.0-3+deb12u1
Description: a tool
 Version: 9 is not this one
 .
 Package: neither

Package: libshared
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: shared (4.5)
Version: 4.5+b1

Package: libshared
Status: install ok installed
Architecture: i386
Multi-Arch: same
Source: shared (4.5)
Version: 4.5+b1

Package: diverter
Status: hold ok triggers-pending
Architecture: all
Version: 1

Package: left
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: half
Status: install reinstreq half-installed
Architecture: all
Version: 1

Package: ../../../etc
Status: install ok installed
Architecture: all
Version: 1

Package: odd
Status: install ok unpacked
Architecture: all
Version: 1
`

// tree is a root filesystem with what makes counting hard. Contents have different lengths, so that what is counted
// shows in the sums.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	link := func(target, name string) {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.Symlink(target, filepath.Join(root, name)))
	}
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	for name, text := range map[string]string{
		"etc/os-release":       "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nHOME_URL=\"x\"\n",
		"var/lib/dpkg/status":  status,
		"usr/bin/tool":         strings.Repeat("t", 1000),
		"usr/bin/sh":           strings.Repeat("d", 2000), // diverter's
		"usr/bin/sh.distrib":   strings.Repeat("o", 4000), // tool's, which says /bin/sh
		"usr/lib/shared.conf":  strings.Repeat("s", 8000), // of two architectures
		"usr/lib/i386/shared":  strings.Repeat("3", 16000),
		"usr/share/odd/a/b/c":  strings.Repeat("v", 32000),
		"etc/local":            strings.Repeat("u", 64000), // nobody's
		"usr/local/\xffname/x": "x",
		"srv/large/a/b/c/d/e":  strings.Repeat("e", 128),

		"var/lib/dpkg/diversions":                "/bin/sh\n/bin/sh.distrib\ndiverter\n/etc/elsewhere\n/etc/local\n:\n",
		"var/lib/dpkg/info/tool.list":            "/.\n/bin\n/bin/tool\n/bin/tool-too\n/bin/sh\n/usr/share/doc/tool/copyright\n/usr/share/gone\nrubbish\n",
		"var/lib/dpkg/info/diverter.list":        "/bin/sh\n",
		"var/lib/dpkg/info/libshared:amd64.list": "/usr/lib/shared.conf\n",
		"var/lib/dpkg/info/libshared:i386.list":  "/usr/lib/shared.conf\n/lib/i386/shared\n",
		"var/lib/dpkg/info/odd.list":             "/usr/share/odd/a/b/c\n/usr/loop/x\n/etc\n",
		"var/lib/dpkg/status.d/small":            "Package: small\nVersion: 7\nArchitecture: all\n",
		"var/lib/dpkg/status.d/small.md5sums":    "d41d8cd98f00b204e9800998ecf8427e  srv/large/a/b/c/d/e\n",

		"usr/share/doc/tool/copyright": "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: tool\n\n" +
			"Files: *\nCopyright: me\nLicense: GPL-2+\n text\n .\n License: no field\n\nFiles: debian/*\nlicense: own and Expat\n\nLicense: GPL-2+\n a text\n\nLicense: Unused\n",
		"usr/share/doc/odd/copyright":      "This is odd.\n\nLicense: not machine-readable\n",
		"usr/share/doc/diverter/copyright": "Format-Specification: http://svn.debian.org/wsvn/dep/web/deps/dep5.mdwn?rev=135\n\nLicense: Zlib\n The text.\n",
	} {
		write(name, text)
	}
	for _, name := range []string{"bin", "lib"} {
		link("usr/"+name, name)
	}
	link("loop", "usr/loop")
	// Both lead to tool's: one by a name that is another inside, one out of the tree and in again.
	link("/usr/share/doc/tool", "usr/share/doc/libshared")
	link("../../../../../../../usr/share/doc/tool", "usr/share/doc/small")
	require.NoError(t, os.Link(filepath.Join(root, "usr/bin/tool"), filepath.Join(root, "usr/bin/tool-too")))
	require.NoError(t, exec.Command("mkfifo", filepath.Join(root, "usr/lib/os-release")).Run())
	require.NoError(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
	return root
}

// taken is what the program says of a tree.
func taken(t *testing.T, root string) Inventory {
	t.Helper()
	var messages bytes.Buffer
	command := exec.Command("python3", "-I", "-B", "-", root)
	command.Stdin, command.Stderr = strings.NewReader(program), &messages
	out, err := command.Output()
	require.NoError(t, err, messages.String())
	have, err := read(bytes.NewReader(out))
	require.NoError(t, err)
	return have
}

func TestProgram(t *testing.T) {
	root := tree(t)
	have := taken(t, root)
	var sum int64
	for _, p := range have.Packages {
		sum += p.Bytes
	}
	assert.Equal(t, have.Bytes, sum+have.Unowned)
	text, err := json.MarshalIndent(have, "", "  ")
	require.NoError(t, err)
	golden(t, "tree.json", string(text)+"\n")
	assert.Equal(t, have, taken(t, root+"/"), "the same again")
}

func TestNoDatabase(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "file"), []byte("12345"), 0o644))
	assert.Equal(t, Inventory{
		Packages: []Package{}, Directories: []Directory{{Path: "/", Bytes: 5, Files: 1}}, Files: 1, Bytes: 5, Unowned: 5,
	}, taken(t, root))
}

// TestHostile is a tree whose database and copyright files a program of no good will has written.
func TestHostile(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"var/lib/dpkg/status": "\x00\xff\n: no name\nVersion: 1\n\n" + // of no package
			"Package: a/../../../../etc\nStatus: install ok installed\nVersion: 1\n\n" +
			"Package: unversioned\nStatus: install ok installed\n\n" +
			"Package: stateless\nVersion: 1\n\n" +
			"\n\n# a remark: Package\nPackage: \xfftext\nStatus: install ok installed\nVersion: 1\n\nPackage: text\nStatus: install ok installed\nVersion: 1:\x00\nSource: \n\n" +
			"Package: ..\nStatus: install ok installed\nVersion: 1\n\nPackage: odd\nStatus: install ok installed\nVersion: 1\nArchitecture: ..\nSource: s (\n" +
			"Package: second\nVersion: 2", // a field twice: the first holds
		"var/lib/dpkg/diversions":       "/file\n\n\n/one",
		"var/lib/dpkg/info/text.list":   "\x00\nrelative\n/../../file\n//file//\n/\n\n/loop/../file\n/file\n",
		"var/lib/dpkg/info/odd:...list": "/file\n",
		"var/lib/dpkg/status.d/empty":   "",
		"etc/os-release":                "ID=\"\nVERSION_ID='12\"\nPRETTY_NAME\n=x\nVERSION_CODENAME=\xff",
		"usr/share/doc/text/copyright":  "Format: copyright-format\nLicense:\n\nFiles\nLicense: \xff\n\n\nFiles: *\nLicense:\x00and and or",
		"usr/share/doc/copyright":       "Format: dep5\nLicense: MIT\n",
		"file":                          "12345",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink("loop", filepath.Join(root, "loop")))
	have := taken(t, root)
	assert.Equal(t, System{Version: "12", Codename: "\ufffd"}, have.System)
	assert.Equal(t, []Package{
		{
			Name: "odd", Version: "1", Architecture: "..", Source: "s", SourceVersion: "1", Licences: []string{}, Bytes: 5, Files: 1,
		},
		{Name: "text", Version: "1:\x00", Source: "text", SourceVersion: "1:\x00", Licences: []string{"\x00and", "or"}},
	}, have.Packages)
}

func TestReadRefuses(t *testing.T) {
	for text, problem := range map[string]string{
		`{"packages": [{"nam": "x"}]}`: `read the inventory: json: unknown field "nam"`,
		`{"files": "many"}`:            "read the inventory: json: cannot unmarshal",
		`{} {}`:                        "something follows it",
		`{"files": 1`:                  "read the inventory: unexpected EOF",
		``:                             "read the inventory: EOF",
	} {
		_, err := read(strings.NewReader(text))
		assert.ErrorContains(t, err, problem, text)
	}
}

// golden compares text with testdata/name; AIRSHIP_UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}
