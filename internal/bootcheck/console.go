package bootcheck

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// console follows the guest's serial console: it keeps the last lines, tells each stage of the boot
// when it first shows, and each event that the check acts on.
type console struct {
	log   io.Writer         // gets everything as it comes; may be nil
	stage func(name string) // called once a stage
	event func(event)       // called once an event

	mu    sync.Mutex
	lines []string // the last whole ones
	open  []byte   // the line that has not ended yet
	told  map[string]bool
	met   map[event]string // with the line that told it
}

// event is something on the console that the check acts on.
type event int

const (
	menuShown event = iota // the boot loader waits for a key
	panicked               // the guest's kernel died
	stuck                  // something waits for an operator who is not there
	refused                // Secure Boot does not start something
	loginShown
)

// Limits of what is kept: lines, and bytes of each.
const (
	keptLines  = 40
	lineLength = 2000
)

// stages are texts of a console and what they show, in the order of a boot.
var stages = []struct {
	text *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`SeaBIOS|BdsDxe|UEFI firmware`), "firmware"},
	{regexp.MustCompile(`GRUB loading|Welcome to GRUB|GNU GRUB`), "boot loader"},
	{regexp.MustCompile(`Linux version \d`), "kernel"},
	{regexp.MustCompile(`systemd\[1\]: |Welcome to (Debian|Ubuntu)`), "systemd"},
	{regexp.MustCompile(`Reached target (basic\.target|Basic System)`), "basic system"},
	{regexp.MustCompile(`Cloud-init v\. .* running 'init-local'`), "cloud-init, local stage"},
	{regexp.MustCompile(`Cloud-init v\. .* running 'init'`), "cloud-init, network stage"},
	{regexp.MustCompile(`Reached target (multi-user\.target|Multi-User System)`), "multi-user system"},
	{regexp.MustCompile(`Cloud-init v\. .* running 'modules:config'`), "cloud-init, config stage"},
	{regexp.MustCompile(`Cloud-init v\. .* running 'modules:final'`), "cloud-init, final stage"},
	{loginPrompt, "login prompt"},
}

var loginPrompt = regexp.MustCompile(`^(\S+) login: `)

var events = map[event]*regexp.Regexp{
	menuShown: regexp.MustCompile(`highlighted entry will be executed automatically`), // GRUB
	panicked:  regexp.MustCompile(`Kernel panic - not syncing`),
	// Initramfs-tools' and GRUB's shells, systemd's sulogin, SeaBIOS's and OVMF's last resorts.
	stuck: regexp.MustCompile(`^(\(initramfs\)|grub( rescue)?>) |emergency mode|root password for maintenance|` +
		`No bootable (device|option)|UEFI Interactive Shell|Boot failed: not a bootable disk`),
	refused:    anyRefusal(),
	loginShown: loginPrompt,
}

// withoutDisk is what systemd, initramfs-tools and live-boot say when a disk has not come in their time.
var withoutDisk = regexp.MustCompile(`Timed out waiting for device|Gave up waiting for root |Unable to find a medium containing a live file system`)

// control is what terminals are told (ECMA-48: colours, the cursor's place) and bytes that are no text.
var control = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()*+][0-9A-Za-z]|\x1b[0-Z\\-~]|[\x00-\x08\x0b-\x1f\x7f]`)

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.log != nil {
		if _, err := c.log.Write(p); err != nil {
			return 0, err
		}
	}
	rest := p
	for len(rest) > 0 {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		c.open = append(c.open, line...)
		rest = after
		// A prompt does not end its line, and a menu is one endless line with the cursor's places in it.
		whole := ended || len(c.open) > lineLength
		if !whole && !waits(c.open) {
			continue
		}
		text := control.ReplaceAllString(string(c.open), "")
		c.look(text)
		if whole {
			c.keep(text)
			c.open = c.open[:0]
		}
	}
	return len(p), nil
}

// waits tells an open line that is worth a look. QEMU writes byte by byte, so it must be cheap.
func waits(open []byte) bool {
	for _, sign := range []string{
		" login: ", "executed automatically", "(initramfs) ", "> ", "maintenance",
		"Security Violation", "shim signature",
	} {
		if bytes.Contains(open, []byte(sign)) {
			return true
		}
	}
	return false
}

func (c *console) look(text string) {
	if c.told == nil {
		c.told, c.met = map[string]bool{}, map[event]string{}
	}
	for _, stage := range stages {
		if !c.told[stage.name] && stage.text.MatchString(text) {
			c.told[stage.name] = true
			c.stage(stage.name)
		}
	}
	for e, sign := range events {
		if _, known := c.met[e]; !known && sign.MatchString(text) {
			c.met[e] = text
			c.event(e)
		}
	}
}

func (c *console) keep(text string) {
	text = strings.TrimRight(text, " ")
	if text == "" {
		return
	}
	c.lines = append(c.lines, text)
	if extra := len(c.lines) - keptLines; extra > 0 {
		c.lines = slices.Delete(c.lines, 0, extra)
	}
}

// line is the one that told e, empty where none did.
func (c *console) line(e event) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.met[e]
}

// tail is the last lines, the open one included.
func (c *console) tail() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	tail := slices.Clone(c.lines)
	if text := strings.TrimRight(control.ReplaceAllString(string(c.open), ""), " "); text != "" {
		tail = append(tail, text)
	}
	return tail
}

// saw says whether one of the last lines is such a text.
func (c *console) saw(text *regexp.Regexp) bool {
	return slices.ContainsFunc(c.tail(), text.MatchString)
}

// silent tells that nothing but firmware and boot loader was ever seen.
func (c *console) silent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, stage := range stages[2:] {
		if c.told[stage.name] {
			return false
		}
	}
	return true
}
