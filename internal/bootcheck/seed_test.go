package bootcheck

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// readISO reads a tree back by its Rock Ridge names: path → content.
func readISO(t *testing.T, image []byte) (label string, files map[string]string) {
	t.Helper()
	volume := image[descriptorSector*sector:]
	require.Equal(t, "\x01CD001\x01", string(volume[:7]))
	assert.Equal(t, len(image)/sector, int(binary.LittleEndian.Uint32(volume[80:])))
	files = map[string]string{}
	readDirectory(t, image, volume[156:190], "", files)
	return strings.TrimSpace(string(volume[40:72])), files
}

func readDirectory(t *testing.T, image, record []byte, dir string, files map[string]string) {
	t.Helper()
	extent := func(record []byte) []byte {
		start, size := binary.LittleEndian.Uint32(record[2:]), binary.LittleEndian.Uint32(record[10:])
		require.Equal(t, start, binary.BigEndian.Uint32(record[6:]))
		require.Equal(t, size, binary.BigEndian.Uint32(record[14:]))
		return image[start*sector : start*sector+size]
	}
	for records, i := extent(record), 0; len(records) > 0 && records[0] != 0; i++ {
		one := records[:records[0]]
		records = records[records[0]:]
		if i < 2 {
			continue // itself and its parent
		}
		_, name, ok := bytes.Cut(one, []byte("NM"))
		require.True(t, ok, "a Rock Ridge name")
		path := dir + string(name[3:name[0]-2])
		if one[25]&directoryFlag != 0 {
			readDirectory(t, image, one, path+"/", files)
		} else {
			files[path] = string(extent(one))
		}
	}
}

func TestSeedReadsBack(t *testing.T) {
	q := questions{Port: "/dev/ttyS1", Deadline: 480, Users: []string{"o'ps"}, Sysctls: []string{"kernel.pid_max"}}
	for _, test := range []struct {
		label       string
		datasources []string
		user, meta  string
	}{
		{"CIDATA", nil, "user-data", "meta-data"},
		{"CIDATA", []string{"ConfigDrive", "nocloud", "None"}, "user-data", "meta-data"},
		{"config-2", []string{"ConfigDrive", "None"}, "openstack/latest/user_data", "openstack/latest/meta_data.json"},
	} {
		kind, err := chooseSeed(test.datasources, false)
		require.NoError(t, err)
		image, err := seedImage(kind, q)
		require.NoError(t, err)
		label, files := readISO(t, image)
		assert.Equal(t, test.label, label)
		require.Len(t, files, 2)
		var meta map[string]string
		require.NoError(t, yaml.Unmarshal([]byte(files[test.meta]), &meta))
		assert.Len(t, meta, 1, "an instance and nothing that the image itself must say")

		config, ok := strings.CutPrefix(files[test.user], "#cloud-config\n")
		require.True(t, ok)
		var keys map[string]any
		require.NoError(t, json.Unmarshal([]byte(config), &keys))
		assert.Equal(t, true, keys["preserve_hostname"])
		assert.Empty(t, keys["users"])
		assert.NotContains(t, keys, "hostname")
	}
	_, err := chooseSeed([]string{"Azure"}, false)
	require.ErrorContains(t, err, "looks for Azure alone")
}

// The commands write the scripts with a shell and programs that are not ours; what the scripts then report
// of this host can be read.
func TestGuestFiles(t *testing.T) {
	commands, err := guestFiles(questionsFor(Options{Expect: Expectations{Users: []User{{Name: "o'ps"}}}}))
	require.NoError(t, err)
	dir := t.TempDir()
	script := strings.ReplaceAll(strings.Join(commands, " && "), guestDir, dir) + "; python3 -B " + dir + "/ask.py 2>" + dir + "/report"
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
	report, unread := os.ReadFile(dir + "/report")
	require.NoError(t, unread)
	require.NoError(t, err, "%s%s", out, report)
	answers, err := parseReport(report)
	require.NoError(t, err, "%s", report)
	assert.Equal(t, map[string]*Login{"o'ps": nil}, answers.Users)
}

func TestUserDataTooLarge(t *testing.T) {
	q := questions{}
	for i := range 20_000 {
		q.Paths = append(q.Paths, fmt.Sprintf("/etc/%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)})))
	}
	_, err := userData(q)
	require.ErrorContains(t, err, "more files, units and parameters than the boot check can ask for")
}

// The label is how cloud-init finds the seed, and blkid (util-linux) how it looks.
func TestSeedIsRecognised(t *testing.T) {
	image, err := seedImage(noCloud, questions{})
	require.NoError(t, err)
	path := t.TempDir() + "/seed.iso"
	require.NoError(t, os.WriteFile(path, image, 0o600))
	out, err := exec.CommandContext(t.Context(), "blkid", "-p", "-o", "export", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "LABEL=CIDATA\n")
	assert.Contains(t, string(out), "TYPE=iso9660\n")
}

func TestWriteISORefuses(t *testing.T) {
	for _, name := range []string{"", "/a", "a/../b", "a//b", "a/"} {
		_, err := writeISO("L", map[string][]byte{name: nil})
		require.ErrorContains(t, err, "is not a relative path", name)
	}
	_, err := writeISO(strings.Repeat("L", 33), nil)
	require.ErrorContains(t, err, "longer than 32 bytes")
	many := map[string][]byte{}
	for i := range 40 {
		many[strings.Repeat("n", i+1)] = nil
	}
	_, err = writeISO("L", many)
	require.ErrorContains(t, err, "too many files")
}
