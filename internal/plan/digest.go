package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Digests identify what each stage makes, SHA-256 in hex. A stage's digest covers the stages
// before it, so equal digests mean equal bytes.
type Digests struct {
	RootFS string `json:"rootfs"` // the tree of packages
	System string `json:"system"` // with the builder's files and the variables
	Disk   string `json:"disk"`   // the raw disk, the ISO or the archive
	Output string `json:"output"` // the finished file
}

// Digests of the plan's stages.
func (p Plan) Digests() Digests {
	var d Digests
	d.RootFS = digest("rootfs", p.Target, p.Epoch, p.Plugin, p.Toolbox, p.RootFS)
	d.System = digest("system", d.RootFS, p.Profile, p.Packer, p.System, p.Variables)
	d.Disk = digest("disk", d.System, p.Action, p.Disk, p.ISO)
	d.Output = digest("output", d.Disk, p.Outputs)
	return d
}

// digest hashes the JSON of values behind the stage's name. encoding/json writes struct fields in
// order and map keys sorted, so the text is stable.
func digest(stage string, values ...any) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "airship/v1 %s\n", stage)
	encoder := json.NewEncoder(hash)
	for _, v := range values {
		// Plans hold strings, numbers, lists and structs of them: encoding cannot fail.
		_ = encoder.Encode(v)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
