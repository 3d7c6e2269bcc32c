// packer-plugin-airship builds operating-system images from Airship's documents.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/packer-plugin-sdk/plugin"

	builder "github.com/airshipit/packer-plugin-airship/builder/airship"
	"github.com/airshipit/packer-plugin-airship/datasource/nodeprofile"
	"github.com/airshipit/packer-plugin-airship/internal/krm"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
	"github.com/airshipit/packer-plugin-airship/post-processor/publish"
	provisioner "github.com/airshipit/packer-plugin-airship/provisioner/airship"
	"github.com/airshipit/packer-plugin-airship/version"
)

func main() {
	// This binary runs itself in user namespaces; there it does one of these and ends.
	userns.Main(map[string]userns.Entry{
		namespace.Entry:   namespace.Init,
		toolbox.EntryTask: toolbox.DoTask,
	})

	if len(os.Args) > 1 && os.Args[1] == "build" {
		if len(os.Args) > 2 {
			exit(errors.New("usage: packer-plugin-airship build, without arguments: a KRM function, which reads a ResourceList from standard input and writes it (docs/container.md)"))
		}
		exit(build())
	}
	set := plugin.NewSet()
	set.SetVersion(version.PluginVersion)
	set.RegisterBuilder(plugin.DEFAULT_NAME, new(builder.Builder))
	set.RegisterProvisioner(plugin.DEFAULT_NAME, new(provisioner.Provisioner))
	set.RegisterDatasource("nodeprofile", new(nodeprofile.Datasource))
	set.RegisterPostProcessor("publish", new(publish.PostProcessor))
	exit(set.Run())
}

// build is what the container of a release does: a KRM function, and Airship's older entry points.
func build() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return krm.Run(ctx, krm.Environment{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Plugin: self, Mounts: krm.Mounts,
	})
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
