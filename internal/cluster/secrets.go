package cluster

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// secrets are the texts of a kubeconfig that no message may have. Messages are made without them; masking
// is for what others say: a plugin's output, a server's answer, a library's error.
type secrets struct{ texts []string }

// secretsOf collects what t knows so far.
func secretsOf(t target) *secrets {
	s := &secrets{}
	s.addURL(t.server)
	s.addURL(t.proxy)
	if t.config != nil {
		s.add(t.config.BearerToken)
	}
	if t.auth == nil {
		return s
	}
	s.add(t.auth.Token, t.auth.Password, string(t.auth.ClientKeyData), base64.StdEncoding.EncodeToString(t.auth.ClientKeyData))
	if e := t.auth.Exec; e != nil {
		for _, variable := range e.Env {
			s.add(variable.Value)
		}
		for _, arg := range e.Args {
			// Short ones are the names of commands and flags.
			if _, value, ok := strings.Cut(arg, "="); ok {
				s.add(value)
			} else if len(arg) >= 16 {
				s.add(arg)
			}
		}
	}
	return s
}

func (s *secrets) add(texts ...string) {
	for _, text := range texts {
		// A shorter one would be found in words that have nothing to do with it.
		if text = strings.TrimSpace(text); len(text) >= 4 {
			s.texts = append(s.texts, text)
		}
	}
}

func (s *secrets) addURL(text string) {
	if u, err := url.Parse(text); err == nil && u.User != nil {
		password, _ := u.User.Password()
		s.add(password, url.QueryEscape(password), url.PathEscape(password))
	} else if err != nil {
		s.add(text)
	}
}

// mask is an error whose text has no secret. What it wraps can be asked about, but is not shown.
func (s *secrets) mask(err error) error { return masked{err, s.hide(err.Error())} }

func (s *secrets) hide(text string) string {
	for _, secret := range s.texts {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}

type masked struct {
	err  error
	text string
}

func (m masked) Error() string { return m.text }
func (m masked) Unwrap() error { return m.err }
