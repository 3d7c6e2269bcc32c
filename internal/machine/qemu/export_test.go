package qemu

import "time"

// WithPatience is c with less patience than an accelerator asks for: until the machine is ready, between
// two questions whether it is still there, and for the answer.
func (c Config) WithPatience(start, pulse, silence time.Duration) Config {
	c.patience = patience{start: start, pulse: pulse, silence: silence}
	return c
}
