package userns

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseSubIDs(t *testing.T) {
	owned, err := parseSubIDs(strings.NewReader(`
# not a line of the format, but seen
ann:100000:65536
1001:165536:65536
 bob:231072:65536
ann:4294901760:65535
broken
ann:x:1
ann:1:0
ann:4294901760:65536
:1:1
`))
	require.NoError(t, err)
	assert.Equal(t, []Ownership{
		{"ann", Range{100000, 65536}},
		{"1001", Range{165536, 65536}},
		{"bob", Range{231072, 65536}},
		{"ann", Range{4294901760, 65535}},
	}, owned)
	assert.Equal(t, []Range{{100000, 65536}, {4294901760, 65535}}, ownedBy(owned, "ann", "1000"))
	assert.Equal(t, []Range{{165536, 65536}}, ownedBy(owned, "cid", "1001"))
	assert.Empty(t, ownedBy(owned, "dan", "1002"))
}

func TestParseIDMap(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Extent
		fail string
	}{
		{text: "         0          0 4294967295\n", want: []Extent{{0, 0, 4294967295}}},
		{text: "0 1000 1\n1 100000 65536\n", want: []Extent{{0, 1000, 1}, {1, 100000, 65536}}},
		{text: "", want: nil},
		{text: "0 1000\n", fail: "not three numbers"},
		{text: "0 x 1\n", fail: "invalid syntax"},
		{text: "0 1 0\n", fail: "no range"},
		{text: "1 1 4294967295\n", fail: "no range"},
	} {
		got, err := parseIDMap(strings.NewReader(c.text))
		if c.fail != "" {
			assert.ErrorContains(t, err, c.fail)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
}

func TestShift(t *testing.T) {
	everything := []Extent{{0, 0, 4294967295}}
	container := []Extent{{0, 100000, 65536}}
	for name, c := range map[string]struct {
		taken      []Range
		uids, gids []Extent
		first      uint32
		found      bool
	}{
		"host":             {uids: everything, gids: everything, first: 0x6FFF0000, found: true},
		"taken at the top": {taken: []Range{{0x6FFFFFFF, 1}}, uids: everything, gids: everything, first: 0x6FFE0000, found: true},
		"touching":         {taken: []Range{{0x70000000, 9}, {0x6FFE0000, 65536}}, uids: everything, gids: everything, first: 0x6FFF0000, found: true},
		"all taken":        {taken: []Range{{0, 4294967295}}, uids: everything, gids: everything},
		"nested":           {uids: container, gids: container},
		"gids nested":      {uids: everything, gids: container},
		"nested, large":    {uids: []Extent{{0, 1000000, 0x00100000}}, gids: everything, first: 0x000F0000, found: true},
	} {
		first, found := shift(c.taken, c.uids, c.gids)
		assert.Equal(t, c.found, found, name)
		assert.Equal(t, c.first, first, name)
	}
}

func TestSame(t *testing.T) {
	extents, ok := same([]Extent{{0, 100000, 65536}})
	assert.True(t, ok)
	assert.Equal(t, []Extent{{0, 0, 65536}}, extents)

	extents, ok = same([]Extent{{1, 100000, 65536}, {0, 1000, 1}})
	assert.True(t, ok, "as podman maps for a user")
	assert.Equal(t, []Extent{{0, 0, 1}, {1, 1, 65535}}, extents)

	_, ok = same([]Extent{{0, 1000, 1}, {1, 100000, 65534}})
	assert.False(t, ok, "one too few")
	_, ok = same([]Extent{{0, 1000, 1}, {2, 100000, 65536}})
	assert.False(t, ok, "a hole")
}

func TestCompose(t *testing.T) {
	for name, c := range map[string]struct {
		ranges []Range
		want   []Extent
		total  uint32
	}{
		"usual":         {[]Range{{100000, 65536}}, []Extent{{0, 1000, 1}, {1, 100000, 65535}}, 65536},
		"two":           {[]Range{{100000, 10}, {200000, 70000}}, []Extent{{0, 1000, 1}, {1, 100000, 10}, {11, 200000, 65525}}, 65536},
		"just enough":   {[]Range{{100000, 65535}}, []Extent{{0, 1000, 1}, {1, 100000, 65535}}, 65536},
		"too small":     {[]Range{{100000, 5}}, []Extent{{0, 1000, 1}, {1, 100000, 5}}, 6},
		"with the user": {[]Range{{999, 65536}}, []Extent{{0, 1000, 1}}, 1},
	} {
		got, total := compose(1000, c.ranges)
		assert.Equal(t, c.want, got, name)
		assert.Equal(t, c.total, total, name)
	}
}

func TestKey(t *testing.T) {
	shifted := []Extent{{0, 0x6FFF0000, 65536}}
	zero := []Extent{{0, 0, 65536}}
	ann, _ := compose(1000, []Range{{100000, 65536}})
	other, _ := compose(1000, []Range{{165536, 65536}})
	assert.Equal(t, "shift-1878982656", Mapping{UIDs: shifted, GIDs: shifted, Direct: true}.Key())
	assert.Equal(t, "same", Mapping{UIDs: zero, GIDs: zero, Direct: true, Same: true}.Key())
	first, second := Mapping{UIDs: ann, GIDs: ann}.Key(), Mapping{UIDs: other, GIDs: other}.Key()
	assert.Regexp(t, `^user-1000-[0-9a-f]{8}$`, first)
	assert.NotEqual(t, first, second)
}

func TestArguments(t *testing.T) {
	assert.Equal(t, []string{"0", "1000", "1", "1", "100000", "65535"},
		arguments([]Extent{{0, 1000, 1}, {1, 100000, 65535}}))
}

func FuzzParseSubIDs(f *testing.F) {
	f.Add("ann:100000:65536\n")
	f.Add("1000:1:4294967295\n:::\n")
	f.Fuzz(func(t *testing.T, text string) {
		owned, _ := parseSubIDs(strings.NewReader(text))
		for _, o := range owned {
			if o.Owner == "" || o.Count == 0 || o.end() > 1<<32-1 {
				t.Errorf("%q gave %+v", text, o)
			}
		}
	})
}

func FuzzParseIDMap(f *testing.F) {
	f.Add("         0          0 4294967295\n")
	f.Add("0 1000 1\n1 100000 65536\n")
	f.Fuzz(func(t *testing.T, text string) {
		extents, err := parseIDMap(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, e := range extents {
			if e.Count == 0 || uint64(e.Inside)+uint64(e.Count) > 1<<32-1 {
				t.Errorf("%q gave %+v", text, e)
			}
		}
	})
}
