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
		Args:  []string{"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", machine.Disk},
		Env:   a.env(),
		Stdin: strings.NewReader(sfdiskScript(a.plan.Disk)),
	})
	if err != nil {
		return err
	}
	dump, err := a.output(ctx, "sfdisk", "--json", machine.Disk)
	if err != nil {
		return err
	}
	return compareTable(a.plan.Disk, []byte(dump))
}

// sfdiskScript describes d to sfdisk(8), section "Input formats". Partitions are numbered by their
// order.
func sfdiskScript(d plan.Disk) string {
	var script strings.Builder
	fmt.Fprintf(&script, "label: gpt\nlabel-id: %s\nunit: sectors\nsector-size: %d\n\n", d.GUID, sectorSize)
	for _, p := range d.Partitions {
		fmt.Fprintf(&script, "start=%d, size=%d, type=%s, uuid=%s, name=%q\n",
			p.Start/sectorSize, p.Size/sectorSize, p.Type, p.GUID, p.Name)
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
				Start int64  `json:"start"` // sectors
				Size  int64  `json:"size"`  // sectors
				Type  string `json:"type"`
				UUID  string `json:"uuid"`
				Name  string `json:"name"`
			} `json:"partitions"`
		} `json:"partitiontable"`
	}
	if err := json.Unmarshal(dump, &read); err != nil {
		return fmt.Errorf("read the partition table back: %w", err)
	}
	table := read.PartitionTable
	if table.SectorSize != sectorSize || !strings.EqualFold(table.ID, d.GUID) || len(table.Partitions) != len(d.Partitions) {
		return fmt.Errorf("sfdisk made a table %s of %d partitions in sectors of %d, not %s of %d in sectors of %d",
			table.ID, len(table.Partitions), table.SectorSize, d.GUID, len(d.Partitions), sectorSize)
	}
	for i, want := range d.Partitions {
		got := table.Partitions[i]
		if got.Start*sectorSize != want.Start || got.Size*sectorSize != want.Size || got.Name != want.Name ||
			!strings.EqualFold(got.Type, want.Type) || !strings.EqualFold(got.UUID, want.GUID) {
			return fmt.Errorf("sfdisk made partition %d %+v, not %+v", want.Number, got, want)
		}
	}
	return nil
}
