// packer-plugin-airship builds operating-system images from Airship's documents.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/packer-plugin-sdk/plugin"

	builder "github.com/airshipit/packer-plugin-airship/builder/airship"
	"github.com/airshipit/packer-plugin-airship/datasource/nodeprofile"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
	provisioner "github.com/airshipit/packer-plugin-airship/provisioner/airship"
	"github.com/airshipit/packer-plugin-airship/version"
)

func main() {
	// This binary runs itself in user namespaces; there it does one of these and ends.
	userns.Main(map[string]userns.Entry{
		namespace.Entry:   namespace.Init,
		toolbox.EntryTask: toolbox.DoTask,
	})

	set := plugin.NewSet()
	set.SetVersion(version.PluginVersion)
	set.RegisterBuilder(plugin.DEFAULT_NAME, new(builder.Builder))
	set.RegisterProvisioner(plugin.DEFAULT_NAME, new(provisioner.Provisioner))
	set.RegisterDatasource("nodeprofile", new(nodeprofile.Datasource))
	if err := set.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
