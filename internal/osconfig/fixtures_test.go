package osconfig

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	plantedHash = "$6$plantedsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
	otherHash   = "$6$othersalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
	testEpoch   = 1700000000 // 19675 days since 1970
)

const testVars = `user_management:
- name: deployer
  shell: /bin/bash
  password: ` + plantedHash + `
- name: locked
  shell: /bin/sh
  password: ` + plantedHash + `
  password_lock: true
  run_contexts: [common, qcow]
- name: plain
  password_lock: false
- name: elsewhere
  run_contexts: [iso]
sysctl:
- name: kernel.panic
  value: "3"
- name: net.ipv4.ip_local_port_range
  value: 32768 60999
`

// lines collects progress.
type lines struct{ all []string }

func (l *lines) add(format string, args ...any) { l.all = append(l.all, fmt.Sprintf(format, args...)) }

// assertNotContains searches for a hash's parts too: what cuts a line may leave some of it.
func assertNotContains(t *testing.T, text, hash string) {
	t.Helper()
	assert.NotContains(t, text, hash)
	assert.NotContains(t, text, "plantedsalt")
}
