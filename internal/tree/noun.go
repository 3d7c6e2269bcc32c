package tree

// Noun is what n is, in the words of a message: mapping, list, string, number, boolean, date or nothing.
func (n *Node) Noun() string {
	switch {
	case n.IsNull():
		return "nothing"
	case n.IsMapping():
		return "mapping"
	case n.IsList():
		return "list"
	}
	switch n.Tag {
	case "!!int", "!!float":
		return "number"
	case "!!bool":
		return "boolean"
	case "!!timestamp":
		return "date"
	default:
		return "string"
	}
}

// Describe is Noun with its article.
func (n *Node) Describe() string {
	if noun := n.Noun(); noun != "nothing" {
		return "a " + noun
	}
	return "nothing"
}
