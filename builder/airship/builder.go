// Package airship is the Packer builder airship: a NodeProfile becomes a disk image that boots.
package airship

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"github.com/hashicorp/packer-plugin-sdk/multistep/commonsteps"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
)

// BuilderID marks the artifacts of this builder for post-processors.
const BuilderID = "airshipit.airship"

// Builder implements packersdk.Builder.
type Builder struct {
	config Config
}

// ConfigSpec is Config's HCL schema.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec { return b.config.FlatMapstructure().HCL2Spec() }

// Prepare reads the options and checks the profile where its source is known already.
func (b *Builder) Prepare(raws ...any) (generated, warnings []string, err error) {
	if err := b.config.decode(raws...); err != nil {
		return nil, nil, err
	}
	warnings = b.config.warnings()
	if p := b.config.profile; p != nil {
		packersdk.LogSecretFilter.Set(p.Secrets()...)
		warnings = append(warnings, p.Warnings...)
	}
	return []string{osconfig.MachineKey, osconfig.BuildKey, imagePathKey, profileNameKey}, warnings, nil
}

// Run builds the image.
func (b *Builder) Run(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook) (packersdk.Artifact, error) {
	if b.config.profile == nil {
		return nil, errors.New("the profile is empty: profile_yaml or documents has no value")
	}
	if err := b.config.open(ctx); err != nil {
		return nil, err
	}
	packersdk.LogSecretFilter.Set(b.config.profile.Secrets()...)
	state := new(multistep.BasicStateBag)
	state.Put("ui", ui)
	state.Put("hook", hook)
	build := &build{config: &b.config, profile: b.config.profile, mask: b.config.profile.Mask(), ui: ui, began: time.Now()}
	state.Put(buildKey, build)

	commonsteps.NewRunnerWithPauseFn(b.steps(), b.config.PackerConfig, ui, state).Run(ctx, state)

	if err, failed := state.GetOk("error"); failed {
		return nil, build.mask.Error(err.(error))
	}
	if _, cancelled := state.GetOk(multistep.StateCancelled); cancelled {
		return nil, errors.New("the build was cancelled")
	}
	if _, halted := state.GetOk(multistep.StateHalted); halted {
		return nil, errors.New("the build was halted")
	}
	return build.artifact(), nil
}

// titleOfBase is empty for a build without a base, which has nothing to say.
func (b *Builder) titleOfBase() string {
	if b.config.base() == "" {
		return ""
	}
	return "Unpacking the base"
}

// steps of a build, in order. Each undoes its own work in its cleanup.
func (b *Builder) steps() []multistep.Step {
	return []multistep.Step{
		stepReserveOutput{step{run: reserveOutput, cleanup: discardOutput}},
		stepOpenCache{step{run: openCache, cleanup: closeCache}},
		stepOpenBase{step{run: openBase}},
		stepChooseIsolation{step{run: chooseIsolation}},
		stepOpenWork{step{run: openWork, cleanup: closeWork}},
		stepPrepareToolbox{step{title: "Preparing the tools", run: prepareToolbox}},
		stepStartMachine{step{title: "Starting the machine", run: startMachine, cleanup: closeMachine}},
		stepUnpackBase{step{title: b.titleOfBase(), run: unpackBase}},
		stepResolvePackages{step{title: "Resolving the packages", run: resolvePackages, cleanup: closeServer}},
		stepFetchPackages{step{title: "Downloading the packages", run: fetchPackages}},
		stepInstallPackages{step{title: "Installing the packages", run: makeRootFS}},
		stepOpenTarget{step{run: openTarget, cleanup: closeTarget}},
		&commonsteps.StepProvision{},
		stepFinalise{step{title: "Finalising the root filesystem", run: finalise}},
		stepAssemble{step{title: "Assembling the image", run: assemble}},
		stepWriteImages{step{title: "Writing the image", run: writeImages}},
		stepBootImage{step{title: "Booting the image", run: bootImage}},
		stepDeliver{step{run: deliver}},
	}
}

// Packer's -debug and -on-error=ask name a step by its type.
type (
	stepReserveOutput   struct{ step }
	stepOpenCache       struct{ step }
	stepOpenBase        struct{ step }
	stepChooseIsolation struct{ step }
	stepOpenWork        struct{ step }
	stepPrepareToolbox  struct{ step }
	stepStartMachine    struct{ step }
	stepUnpackBase      struct{ step }
	stepResolvePackages struct{ step }
	stepFetchPackages   struct{ step }
	stepInstallPackages struct{ step }
	stepOpenTarget      struct{ step }
	stepFinalise        struct{ step }
	stepAssemble        struct{ step }
	stepWriteImages     struct{ step }
	stepBootImage       struct{ step }
	stepDeliver         struct{ step }
)
