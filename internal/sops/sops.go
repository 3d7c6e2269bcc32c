// Package sops reads YAML documents that sops encrypted, and decrypts them in memory.
//
// An encrypted text goes in; the clear text comes out, with the places it has in the encrypted one and what was secret.
// The program sops does it, through pipes: its library's narrowest packages link every key service, 64 MB of plugin for 42.
package sops

import (
	"bytes"
	"context"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// File is what an encrypted file holds. Documents count from 0, empty ones included; the path of a value is the keys and
// the indices (from 0, in decimal) that lead to it.
type File struct {
	// Text is YAML without sops's metadata, laid out anew.
	Text []byte
	// Sealed: the secrets in Text are still as sops encrypted them.
	Sealed bool

	documents []*place
}

// Secret says whether the value at path was encrypted, or anything in it.
func (f *File) Secret(document int, path []string) bool {
	p := f.find(document, path)
	return p != nil && p.secret
}

// Origin is where the value at path stands in the encrypted text, both from 1; false where it has no such value.
func (f *File) Origin(document int, path []string) (line, column int, ok bool) {
	p := f.find(document, path)
	if p == nil {
		return 0, 0, false
	}
	return p.line, p.column, true
}

// Mark is a copy of root, a document parsed from Text, that has the places of the encrypted text and says which values are secret.
func (f *File) Mark(document int, root *tree.Node) *tree.Node {
	return f.find(document, nil).mark(root)
}

// Encrypted says whether a text is for this room: one of its documents has sops's metadata, or a value that sops encrypted.
// A file whose metadata was lost is thus not taken for one in clear.
func Encrypted(data []byte) bool {
	if !bytes.Contains(data, []byte(prefix)) && !bytes.Contains(data, []byte(metadataKey)) {
		return false
	}
	var documents []*yaml.Node
	if len(data) <= tree.MaxText {
		documents, _ = parse(data)
	}
	if documents == nil { // neither is valid YAML, which is said to whoever wrote it where it is read
		return metadataLine.Match(data) && bytes.Contains(data, []byte(prefix))
	}
	for _, root := range documents {
		if hasMetadata(root) || hasSealed(root, 0) {
			return true
		}
	}
	return false
}

var metadataLine = regexp.MustCompile(`(?m)^["']?` + metadataKey + `["']?[ \t]*:`)

// Decrypt decrypts data with the program sops on PATH; name is the file's in messages.
func Decrypt(ctx context.Context, name string, data []byte) (*File, error) {
	return Tool{}.Decrypt(ctx, name, data)
}

// Seal reads data without decrypting it, for a caller that may do without its secrets: they are in Text as sops encrypted
// them. Whether the file was changed since cannot be known.
func Seal(name string, data []byte) (*File, error) {
	s, err := read(name, data)
	if err != nil {
		return nil, err
	}
	text, err := s.sealed()
	if err != nil {
		return nil, err
	}
	return &File{Text: text, Sealed: true, documents: s.places()}, nil
}

// Decrypt decrypts data; name is the file's in messages. Errors hold a *mistake.Mistake, and nothing of what was decrypted.
func (t Tool) Decrypt(ctx context.Context, name string, data []byte) (*File, error) {
	s, err := read(name, data)
	if err != nil {
		return nil, err
	}
	text, err := t.run(ctx, s, data)
	if err != nil {
		return nil, err
	}
	clear, err := parse(text)
	if err != nil || len(clear) != len(s.documents) {
		return nil, s.mistake("%s gave something else than the documents in it, %d", t.path(), len(s.documents))
	}
	for _, root := range clear {
		if hasSealed(root, 0) {
			return nil, s.changed(s.mistake("has values that are still encrypted once it is decrypted"))
		}
	}
	return &File{Text: text, documents: s.places()}, nil
}

// source is an encrypted file, read.
type source struct {
	name      string
	documents []*yaml.Node // their roots, mappings all
	metadata
}

// mistake is one about the file as a whole.
func (s *source) mistake(format string, args ...any) *mistake.Mistake {
	return wrong(s.name, nil, format, args...)
}
