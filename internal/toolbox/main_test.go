//go:build linux

package toolbox

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// hangIn names a cache directory to the copy of the test binary that TestKilledEnsure kills.
const hangIn = "TOOLBOX_TEST_HANG_IN"

func TestMain(m *testing.M) {
	userns.Main(map[string]userns.Entry{EntryTask: DoTask, entryTools: doTools})
	if cacheDir := os.Getenv(hangIn); cacheDir != "" {
		hang(cacheDir)
	}
	os.Exit(m.Run())
}

// hang makes a toolbox by a pin on its standard input, and never finishes it.
func hang(cacheDir string) {
	o, err := decodeOptions(os.Stdin, cacheDir)
	if err == nil {
		o.Inside = func(ctx context.Context, t Task) error {
			err := Unpack(ctx, t.Debs, t.Tree)
			fmt.Println("unpacked", err)
			select {}
		}
		_, err = Ensure(context.Background(), o)
	}
	fmt.Println(err)
	os.Exit(1)
}
