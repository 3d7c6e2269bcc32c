package document

import (
	"os"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Run(m)) }
