package repository

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func scanned(text string) (records []string, err error) {
	err = scanRecords(strings.NewReader(text), func(r []byte) error {
		records = append(records, string(r))
		return nil
	})
	return records, err
}

func TestScanRecords(t *testing.T) {
	got, err := scanned("\n\nPackage: a\nversion:1\nDescription: long\n text\n .\nDepends: x,\n y,\n\tz\nTag: none\n more\n" +
		"\n \nPackage: b\nSHA256: 00\nEssential: yes\n")
	require.NoError(t, err)
	require.Len(t, got, 2)
	first, second := record(got[0]).values(), record(got[1]).values()
	assert.Equal(t, "a", first[fieldName])
	assert.Equal(t, "1", first[fieldVersion])
	assert.Equal(t, "x, y, z", first[fieldDepends])
	assert.Equal(t, "b", second[fieldName])
	assert.Empty(t, second[fieldVersion], "nothing of the paragraph before")
	assert.Equal(t, "yes", second[fieldEssential])
	assert.Equal(t, "b", record(got[1]).name())
}

func TestScanRecordsRefuses(t *testing.T) {
	for text, complaint := range map[string]string{
		" x\n":                                  "line 1 continues no field",
		"Package: a\nnonsense\n":                "line 2 is no field",
		"Version: 1\n":                          "no field Package",
		"Package: a\n\nVersion: 1\n\n":          "at line 3 has no field Package",
		"X: " + strings.Repeat("x", maxLine+10): "longer than",
	} {
		_, err := scanned(text)
		assert.ErrorContains(t, err, complaint)
	}
}

// slow is an endless stream that knows when it is being read.
type slow struct{ reading atomic.Bool }

func (s *slow) Read(p []byte) (int, error) {
	s.reading.Store(true)
	defer s.reading.Store(false)
	time.Sleep(10 * time.Millisecond)
	return len(p), nil
}

func TestDecodeAheadEnds(t *testing.T) {
	plain := &slow{}
	ahead, end := decodeAhead(plain)
	_, err := io.ReadFull(ahead, make([]byte, scanBuffer))
	require.NoError(t, err)
	require.Eventually(t, plain.reading.Load, time.Minute, time.Millisecond, "it reads on")
	end()
	assert.False(t, plain.reading.Load())
	_, err = ahead.Read(make([]byte, 1))
	assert.Error(t, err)
}

func TestParseDate(t *testing.T) {
	want := time.Date(2026, 7, 1, 9, 16, 37, 0, time.UTC)
	for _, text := range []string{
		"Wed, 01 Jul 2026 09:16:37 UTC", "Wed, 1 Jul 2026 9:16:37 UTC", "Wed,  1 Jul 2026 09:16:37 GMT",
		"Wed, 01 Jul 2026 09:16:37 +0000",
	} {
		got, err := parseDate(text)
		require.NoError(t, err)
		assert.True(t, want.Equal(got), text)
	}
	for _, text := range []string{"", "2026-07-01", "Wed, 01 Jul 2026 09:16:37 CET", "Wed, 01 Jul 2026 09:16:37 +0200"} {
		_, err := parseDate(text)
		assert.Error(t, err, text)
	}
}

func TestParseRelease(t *testing.T) {
	const digest = "d6c9c82f4e61b4662f9ba16b9ebb379c57b4943f8b7813091d1f637325ddfb79"
	const date = "Date: Sat, 11 Jul 2026 10:16:37 UTC\n"
	r, err := parseRelease("Origin: Debian\nCodename: trixie\n" + date + "MD5Sum:\n x 1 y\nSHA256:\n " +
		strings.ToUpper(digest) + "  17 ./Packages.gz\n")
	require.NoError(t, err)
	assert.Equal(t, map[string]listed{"Packages.gz": {size: 17, sha256: digest}}, r.files)
	for text, complaint := range map[string]string{
		"":                 "0 paragraphs",
		date + "\n" + date: "2 paragraphs",
		"Codename: x\nSHA256:\n " + digest + " 1 a\n": "no field Date",
		date + "SHA1:\n x 1 a\n":                      "no field SHA256",
		date + "SHA256:\n " + digest + " 1\n":         "not HASH SIZE PATH",
		date + "SHA256:\n abc 1 a\n":                  "not a SHA-256",
		date + "SHA256:\n " + digest + " -1 a\n":      "not a size",
		"Date: now\n":                                 "field date",
	} {
		_, err := parseRelease(text)
		assert.ErrorContains(t, err, complaint)
	}
}

// Another suite of the same archive has a good signature, too.
func TestCheckName(t *testing.T) {
	for _, test := range []struct {
		asked   string
		keyring []byte
		good    bool
	}{
		{"trixie", nil, true},
		{"stable", nil, true},
		{"bookworm", nil, false},
		{"bookworm", []byte("own"), true},
		{"/", nil, true},
	} {
		r := &Release{Source: Source{Suite: test.asked, Keyring: test.keyring}, Codename: "trixie", Suite: "stable"}
		if err := r.checkName(); test.good {
			assert.NoError(t, err, test.asked)
		} else {
			assert.ErrorContains(t, err, "InRelease is that of trixie (stable)")
		}
	}
}

func FuzzScanRecords(f *testing.F) {
	f.Add("Package: a\nDepends: b,\n c\n\nPackage: d\n")
	f.Add("Package: a\n \n")
	f.Fuzz(func(t *testing.T, text string) {
		records, _ := scanned(text)
		for _, r := range records {
			assert.NotEmpty(t, record(r).name())
			assert.Equal(t, fieldCount, strings.Count(r, "\n"))
		}
	})
}

func FuzzParseRelease(f *testing.F) {
	f.Add("Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n 00 1 a\n")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := parseRelease(text); err == nil {
			assert.NotEmpty(t, r.files)
		}
	})
}

// No text that was not signed is ever taken for a signed one.
func FuzzVerifyInRelease(f *testing.F) {
	data, err := ArchiveKeyring(Debian)
	require.NoError(f, err)
	keys, err := ReadKeyring(data)
	require.NoError(f, err)
	f.Add([]byte(clearsignStart + "\nHash: SHA256\n\nDate: x\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n=aaaa\n-----END PGP SIGNATURE-----\n"))
	f.Add([]byte(clearsignStart))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := verifyInRelease(data, keys, time.Now())
		assert.Error(t, err)
	})
}

func FuzzReadKeyring(f *testing.F) {
	data, err := ArchiveKeyring(Ubuntu)
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if keys, err := ReadKeyring(data); err == nil {
			assert.NotEmpty(t, keys)
		}
	})
}
