package metal3

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/metal3-io/baremetal-operator/apis/metal3.io/v1alpha1"
	"sigs.k8s.io/yaml"
)

func TestHosts(t *testing.T) {
	data, err := os.ReadFile("../../internal/site/testdata/golden/metal3/hosts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, document := range bytes.Split(data, []byte("---\n")) {
		if len(document) == 0 {
			continue
		}
		count++
		var host v1alpha1.BareMetalHost
		if err := yaml.UnmarshalStrict(document, &host); err != nil {
			t.Errorf("%v in\n%s", err, document)
			continue
		}
		image := host.Spec.Image
		if image == nil {
			t.Errorf("no image in\n%s", document)
			continue
		}
		checksum, algorithm, err := image.GetChecksum()
		switch {
		case err != nil:
			t.Errorf("%v in\n%s", err, document)
		case image.IsOCI() && image.Checksum != "":
			// Operators after this version refuse it: baremetal-operator's pull request 3186.
			t.Errorf("a checksum beside oci:// in\n%s", document)
		case !image.IsOCI() && !image.IsLiveISO() && (len(checksum) != 64 || algorithm != "sha256" && algorithm != ""):
			t.Errorf("checksum %s of %q in\n%s", checksum, algorithm, document)
		case strings.HasSuffix(image.URL, ":1") && image.DiskFormat != nil:
			t.Errorf("a format beside a tag in\n%s", document)
		}
	}
	if count < 50 {
		t.Errorf("%d hosts", count)
	}
}
