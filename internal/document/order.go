package document

import "slices"

// orders are the pairs that w's list of extends sets in order where neither builds on the other, the
// lower one first. What w extends has its line already.
func (w *written) orders() [][2]*written {
	if w.pairs != nil || len(w.extends) < 2 {
		return w.pairs
	}
	w.pairs = [][2]*written{}
	for i, upper := range w.extends {
		for j := i - 1; j >= 0; j-- {
			lower := w.extends[j]
			if lower != upper && !slices.Contains(lower.line, upper) {
				w.pairs = append(w.pairs, [2]*written{lower, upper})
				break
			}
		}
	}
	return w.pairs
}

// sorted is line, in which each comes after what it builds on, so that it is in the order of all lists
// of extends in it and in w, too. Where those contradict one another, the order of line remains.
func sorted(line []*written, w *written) []*written {
	at := make(map[*written]int, len(line))
	for i, one := range line {
		at[one] = i
	}
	// above are those that wait for each, waits for how many each does.
	above, waits := make([][]int, len(line)), make([]int, len(line))
	wait := func(lower, upper *written) {
		i, there := at[lower]
		j, also := at[upper]
		if there && also {
			above[i] = append(above[i], j)
			waits[j]++
		}
	}
	for _, one := range line {
		for _, base := range one.extends {
			wait(base, one)
		}
		for _, pair := range one.orders() {
			wait(pair[0], pair[1])
		}
	}
	for _, pair := range w.orders() {
		wait(pair[0], pair[1])
	}

	out := make([]*written, 0, len(line))
	placed := make([]bool, len(line))
	for first := 0; len(out) < len(line); {
		for placed[first] {
			first++
		}
		next := first
		for i := first; i < len(line); i++ {
			if !placed[i] && waits[i] <= 0 {
				next = i
				break
			}
		}
		placed[next] = true
		out = append(out, line[next])
		for _, i := range above[next] {
			waits[i]--
		}
	}
	return out
}
