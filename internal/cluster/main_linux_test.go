package cluster

import (
	"os"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

func TestMain(m *testing.M) {
	os.Setenv("NO_PROXY", "*") // addresses that are not there are asked for here, not at a proxy
	os.Exit(clustertest.Run(m))
}
