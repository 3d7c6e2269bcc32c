package sops

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedact(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "hunter2")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "abc/def+")
	got := redact("Failed.\n\nGroup 0: FAILED\n  x: FAILED\n    - | put http://me:pass1@proxy:1/ with hunter2: abc/def+,\n      | AGE-SECRET-KEY-1QQQ and AGE-PLUGIN-YUBIKEY-1QQ\n\nRecovery failed because")
	assert.Equal(t, "Group 0: FAILED x: FAILED - put http://proxy:1/ with …: …, … and …", got)
}
