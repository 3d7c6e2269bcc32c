package meminfo

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

func TestWithin(t *testing.T) {
	const available = "MemAvailable:   1000 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no limit":        {map[string]string{"proc/meminfo": available, "proc/self/cgroup": "0::/\n"}, 1000 << 10},
		"nothing is told": {nil, 0},
		"a pod's": {map[string]string{
			"proc/meminfo": available, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "500000\n", "sys/fs/cgroup/memory.current": "300000\n",
			"sys/fs/cgroup/memory.stat": "anon 100000\ninactive_file 150000\nactive_file 50000\n",
		}, 400000},
		"one of a unit above": {map[string]string{
			"proc/meminfo": available, "proc/self/cgroup": "4:memory:/other\n0::/a.slice/b.service\n",
			"sys/fs/cgroup/a.slice/memory.max": "400\n", "sys/fs/cgroup/a.slice/memory.current": "100\n",
			"sys/fs/cgroup/a.slice/b.service/memory.max": "max\n", "sys/fs/cgroup/a.slice/b.service/memory.current": "100\n",
		}, 300},
		"more than there is": {map[string]string{
			"proc/meminfo": available, "sys/fs/cgroup/memory.max": "99999999\n", "sys/fs/cgroup/memory.current": "0\n",
		}, 1000 << 10},
		"used up": {map[string]string{
			"proc/meminfo": available, "sys/fs/cgroup/memory.max": "100\n", "sys/fs/cgroup/memory.current": "200\n",
		}, 0},
	} {
		root := fstest.MapFS{}
		for file, text := range c.files {
			root[file] = &fstest.MapFile{Data: []byte(text)}
		}
		assert.Equal(t, c.want, within(root), name)
	}
}
