package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// origin is where a profile can be read again.
type origin struct {
	Source
	Selection Selection `json:"selection"`
}

// Parse reads the one NodeProfile in text, such as SourcedYAML's; name stands for the file in
// messages. A keyring in it must be a key block or an absolute path.
//
// A text that names the documents it comes from, because they hold secrets, is read by reading those
// again: they must still give the same text.
func Parse(ctx context.Context, text, name string, checks ...Check) (*Profile, error) {
	return parse(ctx, text, name, false, checks)
}

// parse is Parse, which decrypts what the data source left encrypted where decrypt.
func parse(ctx context.Context, text, name string, decrypt bool, checks []Check) (*Profile, error) {
	from, err := originOf(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if from != nil {
		return from.again(ctx, text, name, decrypt, checks)
	}
	g := &gatherer{ctx: ctx, report: &tree.Report{}, directories: map[string]string{}, files: []string{name}, resolved: isResolved(text), comments: text}
	set, err := g.assemble(g.transposed(g.count(tree.Parse(name, []byte(text), g.report))), checks)
	if err != nil {
		return nil, err
	}
	chosen, err := set.Select(Selection{})
	if err != nil {
		return nil, err
	}
	profile := chosen[0]
	profile.origin = nil
	profile.takeHead(text)
	return profile, nil
}

// originOf is what the head of a text says about its documents; nil where it says nothing.
func originOf(text string) (*origin, error) {
	line, _, _ := strings.Cut(text, "\n")
	head, ok := strings.CutPrefix(strings.TrimRight(line, "\r"), sourceMark)
	if !ok {
		return nil, nil
	}
	from := &origin{}
	decoder := json.NewDecoder(strings.NewReader(head))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(from); err != nil {
		return nil, errors.New("the first line, which says where the documents are, is damaged; want the data source's profile_yaml as it is")
	}
	return from, nil
}

// again reads the profile of a text from its documents, which must give the same text. What the data
// source left encrypted is decrypted, where decrypt, once that is seen.
func (o *origin) again(ctx context.Context, text, name string, decrypt bool, checks []Check) (*Profile, error) {
	profile, err := o.read(ctx, o.Source, name, checks)
	if err != nil {
		return nil, err
	}
	now, err := profile.SourcedYAML()
	if err != nil {
		return nil, err
	}
	if line, was, is := difference(text, now); line > 0 {
		return nil, fmt.Errorf("%s: the documents changed while packer ran; line %d was %q when the data source read them and is %q now",
			name, line, was, is)
	}
	if !decrypt || !o.LeaveEncrypted {
		return profile, nil
	}
	source := o.Source
	source.LeaveEncrypted = false
	return o.read(ctx, source, name, checks)
}

func (o *origin) read(ctx context.Context, source Source, name string, checks []Check) (*Profile, error) {
	set, err := source.Read(ctx, checks...)
	if err != nil {
		return nil, fmt.Errorf("read the documents of %s again: %w", name, err)
	}
	chosen, err := set.Select(o.Selection)
	if err != nil {
		return nil, fmt.Errorf("read the documents of %s again: %w", name, err)
	}
	profile, err := one(chosen)
	if err != nil {
		return nil, err
	}
	profile.origin = &origin{Source: source, Selection: o.Selection}
	return profile, nil
}

// difference is the first line in which two texts differ, 0 for none.
func difference(a, b string) (line int, inA, inB string) {
	as, bs := strings.Split(strings.TrimSpace(a), "\n"), strings.Split(strings.TrimSpace(b), "\n")
	for i := range max(len(as), len(bs)) {
		inA, inB = "", ""
		if i < len(as) {
			inA = strings.TrimSpace(as[i])
		}
		if i < len(bs) {
			inB = strings.TrimSpace(bs[i])
		}
		if inA != inB {
			return i + 1, inA, inB
		}
	}
	return 0, "", ""
}
