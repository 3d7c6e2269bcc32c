package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
)

func got(t *testing.T, url string) []byte {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode, url)
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return data
}

// names are the files in a directory.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func inode(t *testing.T, name string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Stat(name)
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t)
}

// sumAt is what Ironic reads of a checksum's URL (checksum_utils.py, get_checksum_from_url).
func sumAt(t *testing.T, url, image string) string {
	t.Helper()
	name := image[strings.LastIndex(image, "/")+1:]
	for line := range strings.SplitSeq(string(got(t, url)), "\n") {
		if !regexp.MustCompile(`\s[*]?`+name+`$`).MatchString(line) && !regexp.MustCompile(`\s\(`+name+`\)\s`).MatchString(line) {
			continue
		}
		if sum := regexp.MustCompile(`^([a-fA-F\d]{64})\s`).FindStringSubmatch(line); sum != nil {
			return sum[1]
		}
	}
	return ""
}

func TestDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "images")
	server := httptest.NewServer(http.StripPrefix("/site/", http.FileServer(http.Dir(dir))))
	t.Cleanup(server.Close)
	said := &spoken{}
	to := Directory{Path: dir, URL: server.URL + "/site/", Endings: []string{sbom.Ending, ".report.html"}, Transfer: quick(said)}
	image := qcow2(t, 300_000)
	image.Attachments = []Attachment{
		{Data: []byte(`{"bomFormat":"CycloneDX"}`), MediaType: sbom.MediaType, Title: "node.qcow2.cdx.json"}, {Data: []byte("x"), MediaType: "text/html", Title: "report.html"},
	}
	images := []Image{image, written(t, "node.tar.gz", plan.GCE, noise(1000, 1))}
	require.NoError(t, to.Check(t.Context(), images))
	assert.NoFileExists(t, dir)
	all, err := to.Publish(t.Context(), images)
	require.NoError(t, err)

	short := image.SHA256[:12]
	assert.Equal(t, server.URL+"/site/node-"+short+".qcow2", all[0].URL)
	assert.Equal(t, server.URL+"/site/node.qcow2", all[0].TagURL)
	assert.Equal(t, image.SHA256, all[0].Checksum)
	assert.Equal(t, server.URL+"/site/node-"+images[1].SHA256[:12]+".tar.gz", all[1].URL)
	for _, url := range []string{all[0].URL, all[0].TagURL} {
		sameBytes(t, noise(300_000, 0), got(t, url))
		assert.Equal(t, image.SHA256, sumAt(t, url+".sha256", url))
		assert.JSONEq(t, `{"bomFormat":"CycloneDX"}`, string(got(t, url+".cdx.json")))
		assert.Equal(t, "x", string(got(t, url+".report.html")))
	}
	assert.Equal(t, all[0].URL+".cdx.json", all[0].Attachments[0])
	for _, tool := range []string{"sha256", "sha512", "md5"} {
		for _, name := range []string{"node.qcow2", "node-" + short + ".qcow2"} {
			ending := map[string]string{"md5": ".md5sum"}[tool]
			if ending == "" {
				ending = "." + tool
			}
			check := exec.Command(tool+"sum", "--check", "--strict", name+ending)
			check.Dir = dir
			out, err := check.CombinedOutput()
			require.NoError(t, err, "%s", out)
		}
	}
	listed := names(t, dir)
	assert.Len(t, listed, 2*(4+2)+2*4)

	// The same again leaves the files alone.
	before := *inode(t, filepath.Join(dir, "node.qcow2"))
	again, err := to.Publish(t.Context(), images)
	require.NoError(t, err)
	assert.Equal(t, all, again)
	assert.Equal(t, listed, names(t, dir))
	assert.Equal(t, before.Ino, inode(t, filepath.Join(dir, "node.qcow2")).Ino)
	assert.Contains(t, said.text(), "node-"+short+".qcow2 is there already")

	// Another under the same name is refused, and replaces the name alone where it may.
	other := written(t, "node.qcow2", plan.QCOW2, noise(200_000, 5))
	for _, f := range []func() error{
		func() error { return to.Check(t.Context(), []Image{other}) },
		func() error { _, err := to.Publish(t.Context(), []Image{other}); return err },
	} {
		require.ErrorContains(t, f(), filepath.Join(dir, "node.qcow2")+" exists and is another file: set overwrite")
	}
	assert.NoFileExists(t, filepath.Join(dir, "node-"+other.SHA256[:12]+".qcow2"))
	to.Overwrite = true
	replaced, err := to.Publish(t.Context(), []Image{other})
	require.NoError(t, err)
	sameBytes(t, noise(200_000, 5), got(t, replaced[0].TagURL))
	assert.Equal(t, other.SHA256, sumAt(t, replaced[0].TagURL+".sha256", replaced[0].TagURL))
	sameBytes(t, noise(300_000, 0), got(t, all[0].URL))
	// What was said of the old one goes with the name, and stays with its digest.
	for _, ending := range to.Endings {
		assert.NoFileExists(t, filepath.Join(dir, "node.qcow2"+ending))
		assert.FileExists(t, filepath.Join(dir, "node-"+short+".qcow2"+ending))
	}
	require.NoError(t, to.Served(t.Context(), replaced))
}

// What is said of an image whose name is longer stays when the shorter one becomes another file.
func TestDirectoryClearsItsOwn(t *testing.T) {
	dir := t.TempDir()
	to := Directory{Path: dir, Overwrite: true}
	packed := written(t, "node.raw.zst", "raw.zst", noise(1000, 1))
	for seed := range byte(2) {
		_, err := to.Publish(t.Context(), []Image{packed, written(t, "node.raw", plan.Raw, noise(1000, 2+seed))})
		require.NoError(t, err)
		assert.FileExists(t, filepath.Join(dir, "node.raw.zst.sha256"))
		assert.FileExists(t, filepath.Join(dir, "node.raw.sha256"))
	}
	_, err := to.Publish(t.Context(), []Image{written(t, "node.raw", plan.Raw, noise(1000, 9))})
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dir, "node.raw.zst.sha512"))
}

// What is published stays as it is when the build's own file is booted, resized or written anew, and the web server, another user, can read it.
func TestDirectoryHasItsOwn(t *testing.T) {
	image := qcow2(t, 100_000)
	require.NoError(t, os.Chmod(image.File, 0o600))
	dir := t.TempDir()
	_, err := Directory{Path: dir}.Publish(t.Context(), []Image{image})
	require.NoError(t, err)
	file, err := os.OpenFile(image.File, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString("written by a boot")
	require.NoError(t, errors.Join(err, file.Close()))
	data, err := os.ReadFile(filepath.Join(dir, "node-"+image.SHA256[:12]+".qcow2"))
	require.NoError(t, err)
	sameBytes(t, noise(100_000, 0), data)
	assert.Equal(t, uint32(0o644), inode(t, filepath.Join(dir, "node.qcow2")).Mode&0o777)
}

// A copy leaves out what is zero.
func TestDirectoryCopies(t *testing.T) {
	elsewhere := t.TempDir()
	content := append(append(noise(100_000, 1), make([]byte, 8<<20)...), noise(50, 2)...)
	content = append(content, make([]byte, 1<<20)...)
	image := written(t, "node.raw", plan.Raw, content)
	said := &spoken{}
	_, err := Directory{Path: elsewhere, Transfer: quick(said)}.Publish(t.Context(), []Image{image})
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(elsewhere, "node.raw"))
	require.NoError(t, err)
	sameBytes(t, content, data)
	if from, err := os.Open(image.File); err == nil && clone(from, filepath.Join(elsewhere, "probe")) == nil {
		return // a clone has the source's blocks
	}
	assert.Less(t, inode(t, filepath.Join(elsewhere, "node.raw")).Blocks*512, int64(1<<20), "the holes are filled")
}

func TestDirectoryFaults(t *testing.T) {
	image := qcow2(t, 300_000)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		to   Directory
		want string
	}{
		"no path":     {Directory{}, "directory: it has no path"},
		"a file":      {Directory{Path: file}, "directory: " + file + " is none"},
		"credentials": {Directory{Path: "x", URL: "http://alice:" + password + "@host/"}, "url: it holds credentials, which documents must not show"},
		"query":       {Directory{Path: "x", URL: "http://host/?token=" + password}, "url: it has a ? or a # in it"},
		"scheme":      {Directory{Path: "x", URL: "ftp://host/"}, "url: want http://HOST/PATH or https://HOST/PATH"},
		"no URL":      {Directory{Path: "x", URL: "http://ho st\x7f" + password}, "url: it is not valid"},
	} {
		err := c.to.Check(t.Context(), []Image{image})
		require.ErrorContains(t, err, c.want, name)
		assert.NotContains(t, err.Error(), password)
	}

	// A file that is not what was built gets no name.
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(image.File, noise(300_000, 9), 0o644))
	_, err := Directory{Path: dir}.Publish(t.Context(), []Image{image})
	require.ErrorContains(t, err, image.File+" is not what was built any more: its SHA-256 is ")
	assert.Empty(t, names(t, dir))

	// Nor does one whose copy is cancelled.
	image = qcow2(t, 300_000)
	require.NoError(t, os.Chmod(image.File, 0o600))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err = Directory{Path: dir}.Publish(ctx, []Image{image})
	require.ErrorContains(t, err, "enough")
	assert.Empty(t, names(t, dir))

	// What a killed build left is no hindrance.
	partial := Directory{Path: dir}.partial()
	require.NoError(t, os.WriteFile(partial, noise(1000, 1), 0o600))
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(partial, long, long))
	_, err = Directory{Path: dir}.Publish(t.Context(), []Image{image})
	require.NoError(t, err)
	assert.NoFileExists(t, partial)

	// A file that was damaged is told from the image.
	damaged := filepath.Join(dir, "node-"+image.SHA256[:12]+".qcow2")
	require.NoError(t, os.WriteFile(damaged, noise(300_000, 1), 0o644))
	_, err = Directory{Path: dir}.Publish(t.Context(), []Image{image})
	require.ErrorContains(t, err, damaged+" exists and is another file")

	full := fmt.Errorf("write x: %w", syscall.ENOSPC)
	require.EqualError(t, explainDisk(full), "no space is left there: write x: no space left on device")
}

// Builds that publish one name at a time leave one image's file and checksum under it.
func TestDirectoryTogether(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for i := range 6 {
		image := written(t, "node.qcow2", plan.QCOW2, noise(50_000, byte(i)))
		wait.Go(func() {
			_, err := Directory{Path: dir, Overwrite: true}.Publish(t.Context(), []Image{image})
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, ".sha256") {
			check := exec.Command("sha256sum", "--check", "--strict", name)
			check.Dir = dir
			out, err := check.CombinedOutput()
			require.NoError(t, err, "%s", out)
		}
	}
	assert.Len(t, names(t, dir), 7*4)
}

func TestDigestName(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for _, c := range []struct{ name, format, want string }{
		{"node.qcow2", plan.QCOW2, "node-abababababab.qcow2"},
		{"node.raw.zst", plan.RawZstd, "node-abababababab.raw.zst"},
		{"node.oci.tar", plan.OCI, "node-abababababab.oci.tar"},
		{"node.img", plan.QCOW2, "node-abababababab.img"},
		{"node", plan.QCOW2, "node-abababababab"},
	} {
		assert.Equal(t, c.want, digestName(&Image{Name: c.name, Format: c.format, SHA256: sum}))
	}
}

func TestImagesAreChecked(t *testing.T) {
	image := qcow2(t, 1000)
	wrong := image
	wrong.Name, wrong.Format, wrong.SHA256, wrong.Architecture, wrong.Size = "../node", "vdi", "XY", "", 7
	wrong.Attachments = []Attachment{{Title: "/", MediaType: "x"}}
	err := checkImages([]Image{image, wrong, image})
	for _, want := range []string{
		"image ../node: its name must be of letters", "its format vdi is none that is published: want qcow2, raw, ", "its SHA-256 is not 64 hex digits in lower case",
		"its architecture is not known", "has 1000 bytes, and had 7 when it was built", "attachment /: its title is no file name", "its media type is not TYPE/SUBTYPE",
		"it must have either a file or data", "two images are called node.qcow2",
	} {
		require.ErrorContains(t, err, want)
	}
	require.EqualError(t, checkImages(nil), "there is no image to publish")
}
