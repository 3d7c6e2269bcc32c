package disk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// partition makes a new disk, writes the GPT and reads it back.
func (a assembly) partition(ctx context.Context) error {
	if err := a.machine.NewDisk(ctx, a.plan.Disk.Size); err != nil {
		return err
	}
	err := a.machine.Run(ctx, machine.Command{
		Args:  []string{"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", a.sectorOption(), machine.Disk},
		Env:   a.env(),
		Stdin: strings.NewReader(sfdiskScript(a.plan.Disk)),
	})
	if err != nil {
		return err
	}
	dump, err := a.output(ctx, "sfdisk", "--json", a.sectorOption(), machine.Disk)
	if err != nil {
		return err
	}
	return compareTable(a.plan.Disk, []byte(dump))
}

// sectorOption tells sfdisk the disk's sectors: a file has none.
func (a assembly) sectorOption() string {
	return fmt.Sprintf("--sector-size=%d", a.plan.Disk.SectorSize)
}

// sfdiskScript describes d to sfdisk(8), section "Input formats". Partitions are numbered by their
// order.
func sfdiskScript(d plan.Disk) string {
	var script strings.Builder
	label, id := "gpt", d.GUID
	if d.Table == plan.MBR {
		label, id = "dos", "0x"+d.GUID
	}
	fmt.Fprintf(&script, "label: %s\nlabel-id: %s\nunit: sectors\nsector-size: %d\n\n", label, id, d.SectorSize)
	for _, p := range d.Partitions {
		fmt.Fprintf(&script, "start=%d, size=%d, type=%s", p.Start/d.SectorSize, p.Size/d.SectorSize, p.Type)
		switch {
		case d.Table == plan.GPT:
			fmt.Fprintf(&script, ", uuid=%s, name=%q", p.GUID, p.Name)
		case p.Active:
			script.WriteString(", bootable")
		}
		script.WriteString("\n")
	}
	return script.String()
}

// compareTable checks that what sfdisk --json reads is what d asks for: a file system must be
// exactly as large as its partition.
func compareTable(d plan.Disk, dump []byte) error {
	var read struct {
		PartitionTable struct {
			ID         string `json:"id"`
			SectorSize int64  `json:"sectorsize"`
			Partitions []struct {
				Start  int64  `json:"start"` // sectors
				Size   int64  `json:"size"`  // sectors
				Type   string `json:"type"`
				UUID   string `json:"uuid"`
				Name   string `json:"name"`
				Active bool   `json:"bootable"`
			} `json:"partitions"`
		} `json:"partitiontable"`
	}
	if err := json.Unmarshal(dump, &read); err != nil {
		return fmt.Errorf("read the partition table back: %w", err)
	}
	table := read.PartitionTable
	if table.SectorSize != d.SectorSize || !strings.EqualFold(strings.TrimPrefix(table.ID, "0x"), d.GUID) || len(table.Partitions) != len(d.Partitions) {
		return fmt.Errorf("sfdisk made a table %s of %d partitions in sectors of %d, not %s of %d in sectors of %d",
			table.ID, len(table.Partitions), table.SectorSize, d.GUID, len(d.Partitions), d.SectorSize)
	}
	for i, want := range d.Partitions {
		got := table.Partitions[i]
		guid := want.GUID
		if d.Table == plan.MBR {
			guid = "" // it follows from the disk's
		}
		if got.Start*d.SectorSize != want.Start || got.Size*d.SectorSize != want.Size || got.Name != want.Name || got.Active != want.Active ||
			!strings.EqualFold(got.Type, want.Type) || !strings.EqualFold(got.UUID, guid) {
			return fmt.Errorf("sfdisk made partition %d %+v, not %+v", want.Number, got, want)
		}
	}
	return nil
}
