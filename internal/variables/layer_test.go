package variables

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

func parsed(t *testing.T, text string) *tree.Node {
	t.Helper()
	if text == "" {
		return nil
	}
	r := &tree.Report{}
	roots := tree.Parse("a.yaml", []byte(text), r)
	require.NoError(t, r.Err())
	return roots[0]
}

// Two layers, as they lie on what is known, and as one layer for what is not known yet.
func TestLayers(t *testing.T) {
	for _, test := range []struct{ base, over, layered, composed string }{
		{
			"software: {packages_append: [vim]}", "software: {packages_append: [ipset]}",
			"software: {packages_append: [vim], packages: [ipset]}", "software: {packages_append: [vim, ipset]}",
		},
		{
			"software: {packages: [vim]}", "software: {packages_append: [ipset]}",
			"software: {packages: [vim, ipset]}", "software: {packages: [vim, ipset]}",
		},
		{
			"software: {packages: [vim], packages_append: [curl]}", "software: {packages_append: [ipset]}",
			"software: {packages: [vim, ipset], packages_append: [curl]}", "software: {packages: [vim, curl, ipset]}",
		},
		{
			"software: {packages_append: [vim]}", "software: {packages: [ipset]}",
			"software: {packages_append: [vim], packages: [ipset]}", "software: {packages: [ipset]}",
		},
		{
			"software: {repos_append: [a]}", "software: {repos_append: [b]}",
			"software: {repos_append: [a, b]}", "software: {repos_append: [a, b]}",
		},
		{
			"software: {repos_append: [a]}", "software: {repos: [b]}",
			"software: {repos: [b]}", "software: {repos: [b]}",
		},
		{
			"osKernel: {grub: {GRUB_TIMEOUT: 1}}", "osKernel: {grub_cmdline_linux_default_append: [b]}",
			"osKernel: {grub: {GRUB_TIMEOUT: 1, GRUB_CMDLINE_LINUX_DEFAULT: [b]}}",
			"osKernel: {grub: {GRUB_TIMEOUT: 1}, grub_cmdline_linux_default_append: [b]}",
		},
		{
			"", "software: {packages: [vim], packages_append: [curl]}",
			"software: {packages: [vim, curl]}", "software: {packages: [vim], packages_append: [curl]}",
		},
	} {
		base, over := parsed(t, test.base), parsed(t, test.over)
		for want, got := range map[*tree.Node]*tree.Node{
			parsed(t, test.layered): Layer(base, over), parsed(t, test.composed): Compose(base, over),
		} {
			wanted, err := want.Decode()
			require.NoError(t, err)
			found, err := got.Decode()
			require.NoError(t, err)
			assert.Equal(t, wanted, found, "%s under %s", test.base, test.over)
		}
	}
	// What is composed and then laid gives what its layers give one after the other.
	for _, below := range []string{"", "software: {packages: [less], packages_append: [more]}"} {
		for _, base := range []string{"software: {packages_append: [vim]}", "software: {packages: [vim]}"} {
			for _, over := range []string{"software: {packages_append: [ipset]}", "software: {packages: [ipset], packages_append: [curl]}"} {
				bottom := Layer(nil, parsed(t, below))
				once, err := Layer(bottom, Compose(parsed(t, base), parsed(t, over))).Decode()
				require.NoError(t, err)
				twice, err := Layer(Layer(bottom, parsed(t, base)), parsed(t, over)).Decode()
				require.NoError(t, err)
				assert.Equal(t, twice, once, "%s under %s", base, over)
			}
		}
	}
}
