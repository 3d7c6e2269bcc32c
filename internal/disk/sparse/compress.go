package sparse

import (
	"bytes"
	"context"

	"github.com/airshipit/packer-plugin-airship/internal/inorder"
)

// Block is a piece of a disk on its way through the compressors.
type Block struct {
	Number int64
	Data   []byte       // with zeros behind the disk's end
	Out    bytes.Buffer // what the compressor makes of it; empty before
}

// ahead is how many blocks for each core are in memory at once.
const ahead = 8

// Compress reads the disk's blocks of n bytes, tens of KiB, that hold anything but zeros, has them compressed on all
// cores, and written in order. compressor makes what one core works with.
func (d *Disk) Compress(ctx context.Context, n int64, compressor func() (func(*Block) error, error), write func(*Block) error) error {
	line, err := inorder.Start(ctx, inorder.Stages[Block]{
		New:    func() *Block { return &Block{Data: make([]byte, n)} },
		Worker: compressor,
		Write: func(b *Block) error {
			d.Reached(b.Number * n)
			return write(b)
		},
		Ahead: ahead,
	})
	if err != nil {
		return err
	}
	return line.Close(d.send(line, n))
}

func (d *Disk) send(line *inorder.Line[Block], n int64) error {
	for number := range d.blocks(n) {
		job, err := line.Take()
		if err != nil {
			return err
		}
		data, err := d.Read(job.Value.Data, number)
		if err != nil {
			return err
		}
		if !data {
			line.Return(job)
			continue
		}
		job.Value.Number = number
		job.Value.Out.Reset()
		line.Send(job)
	}
	return nil
}
