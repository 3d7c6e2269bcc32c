package airship

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
)

// buildKey is where the state bag has the *build.
const buildKey = "airship"

// step is one stage of a build: a function that does it and one that undoes it.
type step struct {
	// title is said when the stage begins, and its time when it ends; empty for what takes none.
	title   string
	run     func(ctx context.Context, b *build, state multistep.StateBag) error
	cleanup func(ctx context.Context, b *build) error
}

// Run implements multistep.Step.
func (s step) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	b := state.Get(buildKey).(*build)
	if s.title != "" {
		b.ui.Say(s.title)
	}
	// With -on-error=ask a step that failed may run again.
	state.Remove("error")
	began := time.Now()
	quiet := b.tellTime(s.title, quietTime)
	err := s.run(ctx, b, state)
	quiet()
	if err != nil {
		if ctx.Err() != nil {
			return multistep.ActionHalt
		}
		state.Put("error", err)
		// Packer shows it.
		return multistep.ActionHalt
	}
	if s.title != "" {
		took := time.Since(began)
		b.stages = append(b.stages, stage{Name: s.title, Seconds: took.Seconds()})
		b.say("done in %.1f s", took.Seconds())
	}
	return multistep.ActionContinue
}

// quietTime is how long a stage says nothing before it says that it is still at work.
const quietTime = 15 * time.Second

// tellTime says how long a stage has been at work whenever nothing else was said for a while, until the returned function is called.
func (b *build) tellTime(title string, quiet time.Duration) (stop func()) {
	if title == "" {
		return func() {}
	}
	began := time.Now()
	b.lastSaid.Store(began.UnixNano())
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			wait := quiet - time.Since(time.Unix(0, b.lastSaid.Load()))
			if wait <= 0 {
				b.say("at work for %.0f s", time.Since(began).Seconds())
				wait = quiet
			}
			select {
			case <-ended:
				return
			case <-time.After(wait):
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

// cleanupTimeout bounds what a step may take to undo its work.
const cleanupTimeout = time.Minute

// Cleanup implements multistep.Step.
func (s step) Cleanup(state multistep.StateBag) {
	if s.cleanup == nil {
		return
	}
	b := state.Get(buildKey).(*build)
	// The build's own context may have ended.
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	if err := s.cleanup(ctx, b); err != nil {
		b.ui.Error(fmt.Sprintf("clean up: %v", err))
	}
}
