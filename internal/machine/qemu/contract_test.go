package qemu_test

import (
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
)

func TestMachineContract(t *testing.T) {
	machinetest.Contract(t, func(t *testing.T, w machinetest.Wants) machine.Machine {
		config := machinetest.QEMU(t)
		config.Proxies, config.CABundle = w.Proxies, w.CABundle
		return machinetest.StartQEMU(t, config)
	})
}
