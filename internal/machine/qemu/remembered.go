package qemu

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// key is everything that a started guest's answer depends on. A change of any of it asks again:
// another host (a cache may be shared), another processor or its features, another kernel or
// hypervisor module of the host, another QEMU, another kernel to try. The host's boot and
// the device's permissions are not in it: the first changes nothing, the second is looked at anew.
type key struct {
	Host        string `json:"host"`      // what identifies this installation
	Processor   string `json:"processor"` // model and features
	HostKernel  string `json:"hostKernel"`
	QEMU        string `json:"qemu"` // path and version
	Accelerator string `json:"accelerator"`
	Kernel      string `json:"kernel"` // SHA-256 of the guest's kernel
}

func keyOf(o Options, accelerator, kernel string) (key, error) {
	digest, err := sha256File(kernel)
	if err != nil {
		return key{}, fmt.Errorf("kernel to try: %w", err)
	}
	host := describeHost()
	return key{
		Host:        host.identity,
		Processor:   host.processor,
		HostKernel:  host.kernel,
		QEMU:        o.Binary.Path + " " + o.Binary.Version,
		Accelerator: accelerator,
		Kernel:      digest,
	}, nil
}

// host is what describeHost tells; what an operating system does not tell is empty.
type host struct{ identity, processor, kernel string }

// memory is a remembered answer: accelerator/DIGEST.json in the cache directory, DIGEST being that of
// the key. Removing the file makes the next Probe start a guest again.
type memory struct {
	Key    key       `json:"key"` // for whoever reads the file
	Answer answer    `json:"answer"`
	Time   time.Time `json:"time"`
}

// grudge is how long a failure is believed: a host may have been too busy just then.
const grudge = 24 * time.Hour

func memoryPath(cacheDir string, k key) (string, error) {
	data, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return filepath.Join(cacheDir, "accelerator", hex.EncodeToString(sum[:16])+".json"), nil
}

// recall gives the remembered answer; a file that is missing, damaged or too old is none.
func recall(cacheDir string, k key) (answer, bool) {
	if cacheDir == "" {
		return answer{}, false
	}
	path, err := memoryPath(cacheDir, k)
	if err != nil {
		return answer{}, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return answer{}, false
	}
	var m memory
	if err := json.Unmarshal(data, &m); err != nil || m.Key != k || m.Answer.Reason == "" {
		return answer{}, false
	}
	if !m.Answer.Works && time.Since(m.Time) > grudge {
		return answer{}, false
	}
	return m.Answer, true
}

// remember writes the answer in one step, so that concurrent builds see all of it or nothing.
func remember(cacheDir string, k key, a answer) (err error) {
	if cacheDir == "" {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("remember the accelerator: %w", err)
		}
	}()
	path, err := memoryPath(cacheDir, k)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(memory{Key: k, Answer: a, Time: time.Now().UTC()}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return wholefile.Write(path, append(data, '\n'))
}

func sha256File(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
