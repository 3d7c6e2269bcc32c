package bootcheck

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseReport(t *testing.T) {
	whole := framed(t, map[string]any{"state": "running", "sysctls": map[string]any{"a": "1", "b": nil}})
	for name, port := range map[string]string{
		"alone":               whole,
		"after other output":  "[ 1.0] noise\nTraceback\n" + whole + "more",
		"a terminal's ends":   strings.ReplaceAll(whole, "\n", "\r\n"),
		"after one cut short": whole[:60] + "\n" + whole,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseReport([]byte(port))
			require.NoError(t, err)
			assert.True(t, got.Asked)
			assert.Equal(t, "running", got.State)
			assert.Equal(t, map[string]*string{"a": text("1"), "b": nil}, got.Sysctls)
		})
	}
}

func TestParseReportRefuses(t *testing.T) {
	whole := framed(t, map[string]string{"state": "running"})
	for name, test := range map[string]struct{ port, problem string }{
		"nothing":   {"", "no report"},
		"cut short": {whole[:len(whole)-20], "no report"},
		"changed":   {strings.Replace(whole, "eyJz", "eyJx", 1), "checksum is wrong"},
		"no base64": {strings.Replace(whole, "eyJz", "eyJ", 1), "report: illegal base64"},
		"no JSON":   {framed(t, "text"), "report: json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseReport([]byte(test.port))
			require.ErrorContains(t, err, test.problem)
		})
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte("-----BEGIN AIRSHIP BOOT REPORT-----\ne30=\n-----END AIRSHIP BOOT REPORT " +
		"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a-----"))
	f.Add([]byte("-----BEGIN AIRSHIP BOOT REPORT-----\n"))
	f.Fuzz(func(t *testing.T, port []byte) {
		if answers, err := parseReport(port); err == nil {
			// Whatever a guest says can be judged.
			_ = Judge(asked, answers)
		}
	})
}
