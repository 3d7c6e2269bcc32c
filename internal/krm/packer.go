package krm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/handover"
)

// pluginSource is how Packer knows the plugin.
const pluginSource = "github.com/airshipit/airship"

// cleanupTime is what a build has to undo its work after it was interrupted.
const cleanupTime = 2 * time.Minute

// packer runs a build in a directory. What it says goes to stderr.
func (e Environment) packer(ctx context.Context, directory string, b build) error {
	template, err := b.template()
	if err != nil {
		return err
	}
	// Beside the documents, Packer would read no more than this: they are no templates.
	templates := filepath.Join(directory, "template")
	if err := os.MkdirAll(templates, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(templates, "airship.pkr.json"), template, 0o600); err != nil {
		return err
	}
	env, err := e.packerEnvironment(ctx, directory)
	if err != nil {
		return err
	}
	if b.passing() {
		env = append(env, handover.Passing+"=1")
	}
	// A site builds its image again under the same name.
	err = e.run(ctx, directory, env, "build", "-color=false", "-force", templates)
	if err != nil && ctx.Err() == nil {
		return errors.New("the build failed; what Packer said above tells why")
	}
	return err
}

// variableCache names the directory that builds share: the tools and the packages.
const variableCache = "PACKER_CACHE_DIR"

// packerEnvironment is this process' environment, with what Packer needs where no home directory is: containers run it as any user.
func (e Environment) packerEnvironment(ctx context.Context, directory string) ([]string, error) {
	env := append(os.Environ(), "CHECKPOINT_DISABLE=1")
	if cache := e.Getenv(variableCache); cache != "" && !writable(cache) {
		fmt.Fprintf(e.Stderr, "%s is %s, where this user (%d) cannot write: this build fetches its tools and packages again, and keeps none\n",
			variableCache, cache, os.Getuid())
		env = append(env, variableCache+"="+filepath.Join(directory, "cache"))
	}
	if e.Getenv(variableCache) == "" && !hasCache() {
		fmt.Fprintf(e.Stderr, "this user (%d) has no cache directory: this build fetches its tools and packages, and keeps none; %s can name one\n",
			os.Getuid(), variableCache)
		env = append(env, variableCache+"="+filepath.Join(directory, "cache"))
	}
	if name := "PACKER_CONFIG_DIR"; e.Getenv(name) == "" {
		env = append(env, name+"="+filepath.Join(directory, "packer"))
	}
	if e.Getenv("PACKER_PLUGIN_PATH") != "" {
		return env, nil
	}
	env = append(env, "PACKER_PLUGIN_PATH="+filepath.Join(directory, "plugins"))
	if err := e.run(ctx, directory, env, "plugins", "install", "--path", e.Plugin, pluginSource); err != nil {
		return nil, fmt.Errorf("install the plugin for this build: %w", err)
	}
	return env, nil
}

// hasCache says whether the user has the cache directory that Packer takes by itself.
func hasCache() bool {
	users, err := os.UserCacheDir()
	if err != nil {
		return false
	}
	directory := filepath.Join(users, "packer")
	return os.MkdirAll(directory, 0o755) == nil && writable(directory)
}

func writable(directory string) bool {
	file, err := os.CreateTemp(directory, "airship-")
	if err != nil {
		return false
	}
	file.Close()
	_ = os.Remove(file.Name())
	return true
}

// run is Packer with arguments. When ctx ends it is told to end, and cleans up: of a signal to itself alone, its outer process passes
// on SIGTERM and not SIGINT.
func (e Environment) run(ctx context.Context, directory string, env []string, arguments ...string) error {
	program, err := exec.LookPath("packer")
	if err != nil {
		return errors.New("there is no program packer on the PATH: install Packer, or run the container that has it")
	}
	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir, command.Env = directory, env
	command.Stdout, command.Stderr = e.Stderr, e.Stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = cleanupTime
	own(command)
	// What Linux sends Packer when its parent dies, it sends when the parent's thread does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return command.Run()
}
