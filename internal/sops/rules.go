package sops

import (
	"encoding/base64"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// rules say which values of a file are encrypted, by the keys that lead to them.
type rules struct {
	UnencryptedSuffix string `yaml:"unencrypted_suffix"`
	EncryptedSuffix   string `yaml:"encrypted_suffix"`
	UnencryptedRegex  string `yaml:"unencrypted_regex"`
	EncryptedRegex    string `yaml:"encrypted_regex"`
	// By comments; sops has them encrypted, too, so what they say is not known here.
	UnencryptedComment string `yaml:"unencrypted_comment_regex"`
	EncryptedComment   string `yaml:"encrypted_comment_regex"`
}

// encrypts says whether sops encrypts the value that keys lead to.
func (r *rules) encrypts(keys []string) bool {
	suffixed := func(suffix string) bool {
		return anyOf(keys, func(key string) bool { return strings.HasSuffix(key, suffix) })
	}
	matching := func(expression string) bool {
		matcher, err := regexp.Compile(expression)
		return err == nil && anyOf(keys, matcher.MatchString)
	}
	switch {
	case r.EncryptedRegex != "":
		return matching(r.EncryptedRegex)
	case r.UnencryptedRegex != "" && matching(r.UnencryptedRegex):
		return false
	case r.EncryptedSuffix != "":
		return suffixed(r.EncryptedSuffix)
	}
	return r.UnencryptedSuffix == "" || !suffixed(r.UnencryptedSuffix)
}

func anyOf(keys []string, is func(string) bool) bool {
	for _, key := range keys {
		if is(key) {
			return true
		}
	}
	return false
}

// misfits are the values that are not as the file's rules say: why a file cannot be decrypted that was edited by hand.
func (s *source) misfits() []*mistake.Mistake {
	if s.EncryptedComment != "" || s.UnencryptedComment != "" {
		return nil
	}
	var found []*mistake.Mistake
	var walk func(node *yaml.Node, keys []string, path string)
	walk = func(node *yaml.Node, keys []string, path string) {
		switch node.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(node.Content); i += 2 {
				key := node.Content[i].Value
				if len(keys) == 0 && key == metadataKey {
					continue
				}
				walk(node.Content[i+1], append(keys[:len(keys):len(keys)], key), tree.Join(path, mistake.Word(key)))
			}
		case yaml.SequenceNode:
			n := 0
			for _, element := range node.Content {
				walk(element, keys, tree.Element(path, n))
				if !isComment(element) {
					n++
				}
			}
		case yaml.ScalarNode:
			if problem := s.misfit(node, keys); problem != "" {
				m := wrong(s.name, node, "%s", problem)
				m.Field = path
				found = append(found, m)
			}
		}
	}
	for _, root := range s.documents {
		if root != nil {
			walk(root, nil, "")
		}
	}
	return found
}

// An encrypted value: its data, nonce and tag in base64, and its type.
var sealedForm = regexp.MustCompile(`^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(str|int|float|bool|bytes|time|comment)\]$`)

func (s *source) misfit(node *yaml.Node, keys []string) string {
	wanted := s.encrypts(keys)
	switch {
	case !isSealed(node) && wanted && node.Value != "" && node.ShortTag() != "!!null":
		return "is not encrypted, which it is to be in this file; use `sops edit` to change it"
	case isSealed(node) && !wanted && !isComment(node):
		return "is encrypted, but its name says that it is not; use `sops edit` to change it"
	case isSealed(node) && !intact(node.Value):
		return "is a damaged encrypted value; restore it"
	}
	return ""
}

func intact(sealed string) bool {
	match := sealedForm.FindStringSubmatch(sealed)
	if match == nil {
		return false
	}
	for _, part := range match[1:4] {
		if _, err := base64.StdEncoding.DecodeString(part); err != nil {
			return false
		}
	}
	return true
}
