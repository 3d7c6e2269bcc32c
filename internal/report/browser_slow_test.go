//go:build slow && linux

package report

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browser is a Chromium without a window, spoken to by the DevTools protocol over a pipe: JSON that ends with a zero
// byte, on descriptors 3 and 4.
type browser struct {
	t       *testing.T
	to      *os.File
	session string // of the page

	lock     sync.Mutex
	next     int
	waiting  map[int]chan reply
	requests []string // addresses that the page asked for
	loaded   chan struct{}
	broken   []string // what the console complained about
}

type reply struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	require.NoError(t, err, "install Debian's package chromium")
	toRead, to, err := os.Pipe()
	require.NoError(t, err)
	from, fromWrite, err := os.Pipe()
	require.NoError(t, err)
	command := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars", "--user-data-dir="+t.TempDir(), "about:blank")
	command.ExtraFiles = []*os.File{toRead, fromWrite}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	require.NoError(t, command.Start())
	toRead.Close()
	fromWrite.Close()
	b := &browser{t: t, to: to, waiting: map[int]chan reply{}, loaded: make(chan struct{}, 8)}
	go b.read(from)
	t.Cleanup(func() {
		// The group is this browser's own: its helpers write to the profile that the test removes.
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
		to.Close()
		from.Close()
	})

	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func (b *browser) read(from *os.File) {
	reader := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := reader.ReadBytes(0)
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(text[:len(text)-1], &r) != nil {
			continue
		}
		b.lock.Lock()
		switch r.Method {
		case "":
			if answer := b.waiting[r.ID]; answer != nil {
				answer <- r
				delete(b.waiting, r.ID)
			}
		case "Network.requestWillBeSent":
			var sent struct{ Request struct{ URL string } }
			_ = json.Unmarshal(r.Params, &sent)
			b.requests = append(b.requests, sent.Request.URL)
		case "Page.loadEventFired":
			b.loaded <- struct{}{}
		case "Log.entryAdded", "Runtime.exceptionThrown":
			b.broken = append(b.broken, string(r.Params))
		}
		b.lock.Unlock()
	}
}

func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.lock.Lock()
	b.next++
	id, answer := b.next, make(chan reply, 1)
	b.waiting[id] = answer
	b.lock.Unlock()
	message := map[string]any{"id": id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	require.NoError(b.t, err)
	_, err = b.to.Write(append(text, 0))
	require.NoError(b.t, err)
	select {
	case r := <-answer:
		require.Nil(b.t, r.Error, "%s: %v", method, r.Error)
		if result != nil {
			require.NoError(b.t, json.Unmarshal(r.Result, result))
		}
	case <-time.After(2 * time.Minute):
		require.FailNow(b.t, "the browser does not answer", method)
	}
}

// open shows a file in a window of a size, and waits until it is there.
func (b *browser) open(file string, width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.call("Page.navigate", map[string]any{"url": "file://" + file}, nil)
	select {
	case <-b.loaded:
	case <-time.After(2 * time.Minute):
		require.FailNow(b.t, "the page does not load", file)
	}
}

// value of an expression in the page.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	var result struct {
		Result           struct{ Value T }
		ExceptionDetails any
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &result)
	require.Nil(b.t, result.ExceptionDetails, expression)
	return result.Result.Value
}

// keep writes what the browser drew, where AIRSHIP_SCREENSHOTS names a directory for people to look at.
func (b *browser) keep(name, method string, params map[string]any) []byte {
	b.t.Helper()
	var drawn struct{ Data string }
	b.call(method, params, &drawn)
	data, err := base64.StdEncoding.DecodeString(drawn.Data)
	require.NoError(b.t, err)
	if dir := os.Getenv("AIRSHIP_SCREENSHOTS"); dir != "" {
		require.NoError(b.t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	return data
}

// overflowing are the elements that reach beyond the window.
const overflowing = `[...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && box.right > document.documentElement.clientWidth + 1 && getComputedStyle(e).position !== "absolute" && !e.closest("svg svg");
}).map(e => e.tagName + "." + (e.getAttribute("class") || "") + " " + e.textContent.slice(0, 40))`

func TestInBrowser(t *testing.T) {
	b := startBrowser(t)
	dir := t.TempDir()
	many := realistic(t)
	many.Previous = nil
	for i := range 100 {
		many.Plan.Disk.Partitions = append(many.Plan.Disk.Partitions, many.Plan.Disk.Partitions[1])
		many.Plan.Disk.Partitions[i].Number = i + 1
	}
	for name, in := range map[string]Input{
		"disk": realistic(t), "iso": liveISO(t), "archive": archived(t), "small": small(), "hostile": hostile(t), "large": large(2000), "empty": {}, "partitions": many,
	} {
		file := filepath.Join(dir, name+".html")
		require.NoError(t, os.WriteFile(file, []byte(rendered(t, in)), 0o644))
		for _, view := range []struct {
			name   string
			width  int
			scheme string
		}{{"phone", 360, "light"}, {"tablet", 730, "light"}, {"desktop", 1280, "light"}, {"dark", 1280, "dark"}} {
			b.open(file, view.width, 900, view.scheme)
			where := fmt.Sprintf("%s at %d", name, view.width)
			for _, open := range []bool{false, true} {
				value[any](b, fmt.Sprintf(`document.querySelectorAll("details").forEach(d => d.open = %t)`, open))
				assert.LessOrEqual(t, value[int](b, "document.documentElement.scrollWidth"), view.width, where)
				assert.Empty(t, value[[]string](b, overflowing), where)
			}
			// The policy knows style and script by their hashes: they work.
			assert.Equal(t, "68rem", value[string](b, `[...document.styleSheets[0].cssRules].find(r => r.selectorText === "header, main").style.maxWidth`), where)
			assert.Equal(t, view.scheme == "dark", value[string](b, "getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)", where)
			if os.Getenv("AIRSHIP_SCREENSHOTS") != "" {
				b.open(file, view.width, 900, view.scheme)
				b.keep(name+"-"+view.name+".png", "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true})
			}
		}
		pdf := b.keep(name+".pdf", "Page.printToPDF", map[string]any{"preferCSSPageSize": true, "paperWidth": 8.27, "paperHeight": 11.69})
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o644))
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	for _, address := range b.requests {
		assert.True(t, strings.HasPrefix(address, "file://"+dir), address)
	}
	assert.Empty(t, b.broken, "the console complains")
}

// What is folded is printed, too.
func TestPrint(t *testing.T) {
	b := startBrowser(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	require.NoError(t, os.WriteFile(file, []byte(rendered(t, realistic(t))), 0o644))
	for _, scripts := range []bool{true, false} {
		b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": !scripts}, nil)
		b.open(file, 1280, 900, "dark")
		pdf := b.keep("print.pdf", "Page.printToPDF", nil)
		printed := filepath.Join(dir, "page.pdf")
		require.NoError(t, os.WriteFile(printed, pdf, 0o644))
		text, err := exec.Command("pdftotext", "-layout", printed, "-").Output()
		require.NoError(t, err, "install Debian's package poppler-utils")
		for _, word := range []string{"control-plane", "zlib1g", "airshipimage.yaml", "vm.max_map_count", sum} {
			assert.Contains(t, strings.ReplaceAll(string(text), "\n", ""), word, "scripts: %t", scripts)
		}
	}
}

// The list of packages can be sorted and filtered.
func TestList(t *testing.T) {
	b := startBrowser(t)
	file := filepath.Join(t.TempDir(), "page.html")
	in := realistic(t)
	require.NoError(t, os.WriteFile(file, []byte(rendered(t, in)), 0o644))
	b.open(file, 1280, 900, "light")
	const first = `document.querySelector("table.sortable tbody tr:not([hidden]) th").textContent`
	assert.Equal(t, in.Inventory.Packages[0].Name, value[string](b, first))
	value[any](b, `document.querySelectorAll("table.sortable button")[4].click()`)
	largest := in.Inventory.Packages[0]
	for _, p := range in.Inventory.Packages {
		if p.Bytes > largest.Bytes {
			largest = p
		}
	}
	assert.Equal(t, largest.Name, value[string](b, first))
	value[any](b, `{const i = document.querySelector("input[type=search]"); i.value = "LIBSSL"; i.dispatchEvent(new Event("input"))}`)
	assert.Equal(t, "libssl3", value[string](b, first))
	assert.Equal(t, fmt.Sprintf("1 of %d", len(in.Inventory.Packages)), value[string](b, `document.querySelector("output").textContent`))
}
