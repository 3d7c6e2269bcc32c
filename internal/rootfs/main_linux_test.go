package rootfs

import (
	"os"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}
