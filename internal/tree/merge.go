package tree

import "slices"

// Merge lays over on base: mappings merge key by key, everything else replaces what base has, lists
// included. What is written as nothing leaves base as it is. Either may be nil.
func Merge(base, over *Node) *Node {
	switch {
	case base.IsNull():
		return over
	case over.IsNull():
		return base
	case !base.IsMapping() || !over.IsMapping():
		return over
	}
	out := over.Shell()
	out.Content = slices.Clone(base.Content)
	at := positions(base)
	over.Fields(func(key, value *Node) {
		i, there := at(key.Value)
		if !there {
			out.Content = append(out.Content, key, value)
			return
		}
		if merged := Merge(out.Content[i+1], value); merged != out.Content[i+1] {
			out.Content[i], out.Content[i+1] = key, merged
		}
	})
	return out
}

// positions finds the keys of a mapping in its content. Large ones are indexed: two of them merge in
// the time that their sizes add up to.
func positions(n *Node) func(name string) (i int, there bool) {
	const few = 16
	if len(n.Content) <= few {
		return func(name string) (int, bool) {
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == name {
					return i, true
				}
			}
			return 0, false
		}
	}
	index := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		index[n.Content[i].Value] = i
	}
	return func(name string) (int, bool) {
		i, there := index[name]
		return i, there
	}
}

// Splice is the tag of an element of a list that stands for the elements of another list, once the
// reference that is its value is filled in.
const Splice = "!splice"

// Append adds the elements of the list added to the end of list; each is a list or a text that refers
// to one, and list may be missing. false: the two cannot be one list, and the mistake is left to whoever
// reads them.
func Append(list, added *Node) (*Node, bool) {
	if list.IsNull() {
		return added, !added.IsNull()
	}
	first, ok := elements(list)
	if !ok {
		return nil, false
	}
	last, ok := elements(added)
	if !ok {
		return nil, false
	}
	out := List(list.Place, slices.Concat(first, last)...)
	out.Secret = list.Secret
	return out, true
}

// elements are those of a list, or one that stands for those of the list that a text refers to.
func elements(n *Node) ([]*Node, bool) {
	switch {
	case n.IsList():
		return n.Content, true
	case n.IsScalar() && n.Tag == "!!str":
		reference := *n
		reference.Tag = Splice
		return []*Node{&reference}, true
	}
	return nil, false
}

// Holds says whether a mapping can have a value at keys: nothing on the way there is of another kind.
func (n *Node) Holds(keys ...string) bool {
	for _, key := range keys {
		if !n.IsNull() && !n.IsMapping() {
			return false
		}
		n = n.Get(key)
	}
	return true
}

// Exclusive joins two trees that together are one document: a field of which both have a value is
// told to twice, which gets its keys, and stays as a has it.
func Exclusive(a, b *Node, twice func(first, second *Node)) *Node {
	if !a.IsMapping() || !b.IsMapping() {
		return Merge(b, a)
	}
	out := a.Shell()
	out.Content = slices.Clone(a.Content)
	at := positions(a)
	b.Fields(func(key, value *Node) {
		i, there := at(key.Value)
		switch {
		case !there:
			out.Content = append(out.Content, key, value)
		case out.Content[i+1].IsMapping() && value.IsMapping():
			out.Content[i+1] = Exclusive(out.Content[i+1], value, twice)
		case out.Content[i+1].IsNull():
			out.Content[i], out.Content[i+1] = key, value
		case !value.IsNull():
			twice(out.Content[i], key)
		}
	})
	return out
}
