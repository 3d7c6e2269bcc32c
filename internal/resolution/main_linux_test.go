package resolution

import (
	"os"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	if directory := os.Getenv(checkIn); directory != "" {
		checkUntilKilled(directory)
	}
	os.Exit(m.Run())
}
