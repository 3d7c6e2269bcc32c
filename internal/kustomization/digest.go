package kustomization

import (
	"crypto/sha256"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// digest tells whether two trees hold the same data, however they are written.
type digest [16]byte

// digests remembers those of trees, which do not change, and where in a list each is.
type digests struct {
	known map[*tree.Node]digest
	lists map[*tree.Node]map[digest][]int
}

func newDigests() *digests {
	return &digests{known: map[*tree.Node]digest{}, lists: map[*tree.Node]map[digest][]int{}}
}

// same are the indices of a list's elements that have a digest.
func (d *digests) same(list *tree.Node, want digest) []int {
	index, ok := d.lists[list]
	if !ok {
		index = map[digest][]int{}
		for i, element := range list.Content {
			one := d.of(element)
			index[one] = append(index[one], i)
		}
		d.lists[list] = index
	}
	return index[want]
}

func (d *digests) of(n *tree.Node) digest {
	if known, ok := d.known[n]; ok {
		return known
	}
	var text []byte
	switch {
	case n.IsScalar():
		text = append(text, scalar(n)...)
	case n.IsList():
		text = append(text, '[')
		for _, element := range n.Content {
			one := d.of(element)
			text = append(text, one[:]...)
		}
	default:
		// Keys have no order: their digests are added up.
		var sum digest
		n.Fields(func(key, value *tree.Node) {
			inner := d.of(value)
			one := sha256.Sum256(append([]byte(key.Value+"\x00"), inner[:]...))
			carry := 0
			for i := range sum {
				carry += int(sum[i]) + int(one[i])
				sum[i], carry = byte(carry), carry>>8
			}
		})
		text = append(append(text, '{'), sum[:]...)
	}
	all := sha256.Sum256(text)
	d.known[n] = digest(all[:16])
	return d.known[n]
}

// scalar is a scalar's type and value in one spelling: 0644 and 420 are one number.
func scalar(n *tree.Node) string {
	switch n.Tag {
	case "!!int", "!!float", "!!bool":
		value, err := n.Decode()
		if err != nil {
			break
		}
		switch v := value.(type) {
		case int:
			return "number " + strconv.FormatFloat(float64(v), 'g', -1, 64) + " " + strconv.Itoa(v)
		case float64:
			return "number " + strconv.FormatFloat(v, 'g', -1, 64) + " " + strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			return "bool " + strconv.FormatBool(v)
		}
	case "!!null":
		return "null"
	}
	return "text " + n.Value
}
