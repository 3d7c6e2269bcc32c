package rootfs

import "bytes"

// lineWriter calls each for every complete line written to it.
type lineWriter struct {
	each func(string)
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		w.each(string(bytes.TrimRight(line, "\r")))
		w.rest = rest
	}
}

// flush hands over a last line that has no end.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.each(string(w.rest))
		w.rest = nil
	}
}
