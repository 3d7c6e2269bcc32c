package report

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

//go:embed page
var files embed.FS

// layout is the page, from the names of its parts in page/.
var layout = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"css":    func() template.CSS { return template.CSS(content("page.css")) },
	"script": func() template.JS { return template.JS(content("page.js")) },
	"long":   long,
	"width":  width,
	"soft":   soft,
	"cell":   cell,
	"title":  func(t changeTable, title string) titled { return titled{Title: title, Table: &t} },
	"hash":   func(name string) string { return hash(content(name)) },
}).ParseFS(files, "page/*.html"))

func content(name string) string {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		return "" // the file is part of this binary
	}
	return strings.TrimSpace(string(text))
}

// hash is what the page's Content-Security-Policy knows its style and its script by: whatever else finds its way
// into the page is not run, and nothing is fetched.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// titled is a table with what stands above it.
type titled struct {
	Title string
	Table *changeTable
}

// fact is a name with a value.
type fact struct {
	Name, Text string
	// Code: the text is one to copy.
	Code bool
}

// figure is a number that stands out.
type figure struct{ Value, Name, Note string }

// verdict of the boot check: the class of its colour, in a word, and why.
type verdict struct{ Class, Sign, Text, Note string }

// page is all that the layout needs, as texts.
type page struct {
	Title, Kind string
	Verdict     verdict
	Figures     []figure
	Facts       []fact
	Images      []imageRow
	Changes     *changesView
	Disk        *diskView
	ISO         *isoView
	Archive     *archiveView
	Packages    *packagesView
	Folders     *foldersView
	Stages      *stagesView
	Boots       *bootsView
	Suites      []suiteRow
	Sections    []section
}

// section is an entry of the page's contents.
type section struct{ ID, Title string }

type imageRow struct{ Name, Format, Size, Exact, VirtualSize, SHA256 string }

type suiteRow struct{ Source, Suite, Date, InRelease string }

func newPage(in Input) page {
	p := page{
		Title:    cmp.Or(in.Plan.Profile, "(no name)"),
		Kind:     kind(in.Plan),
		Verdict:  newVerdict(in),
		Changes:  newChangesView(in),
		Disk:     newDiskView(in.Plan, in.Used),
		ISO:      newISOView(in.Plan, in.Contents),
		Archive:  newArchiveView(in),
		Packages: newPackagesView(in),
		Folders:  newFoldersView(in.Inventory),
		Stages:   newStagesView(in),
		Boots:    newBootsView(in.Boots),
	}
	for _, i := range in.Images {
		row := imageRow{Name: i.Name, Format: i.Format, SHA256: i.SHA256}
		if i.Size > 0 {
			row.Size, row.Exact = size(i.Size), count(i.Size)+nbsp+"bytes"
		}
		if i.VirtualSize > 0 {
			row.VirtualSize = size(i.VirtualSize)
		}
		p.Images = append(p.Images, row)
	}
	for _, s := range in.Suites {
		row := suiteRow{Source: s.Source, Suite: s.Suite, InRelease: s.InRelease}
		if !s.Date.IsZero() {
			row.Date = moment(s.Date)
		}
		p.Suites = append(p.Suites, row)
	}
	p.Figures = figures(in)
	p.Facts = pageFacts(in)
	p.Sections = p.sections()
	return p
}

// moment is a time for people.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + nbsp + "UTC" }

// kind is what was built, in one line.
func kind(p plan.Plan) string {
	what := map[string]string{
		v1alpha1.ActionBuildQcow2: "Disk image", v1alpha1.ActionBuildISO: "Live ISO", v1alpha1.ActionBuildRoot: "Root file system",
	}[p.Action]
	system := strings.TrimSpace(p.Target.Distribution + " " + p.Target.Suite)
	return strings.Join(nonEmpty(what, system, p.Target.Architecture, p.Target.Platform), " \u00b7 ")
}

func newVerdict(in Input) verdict {
	var good, bad, reasons []string
	for _, b := range in.Boots {
		name := firmwareName(b.Firmware)
		if b.Verified {
			good = append(good, name)
			continue
		}
		bad = append(bad, name)
		if len(reasons) == 0 || reasons[len(reasons)-1] != b.Reason {
			reasons = append(reasons, b.Reason)
		}
	}
	note := strings.Join(nonEmpty(reasons...), "; ")
	switch {
	case len(in.Boots) == 0 && in.Plan.Action == v1alpha1.ActionBuildRoot:
		return verdict{Class: "none", Sign: "\u2013", Text: "Not booted", Note: "a root file system boots on nothing by itself"}
	case len(in.Boots) == 0:
		return verdict{Class: "warn", Sign: "!", Text: "Not verified", Note: "it was not booted"}
	case len(bad) == 0:
		return verdict{Class: "good", Sign: "\u2713", Text: "Verified", Note: "booted by " + strings.Join(good, " and by ") + ", and answered as expected"}
	case len(good) == 0:
		return verdict{Class: "warn", Sign: "!", Text: "Not verified", Note: note}
	}
	return verdict{
		Class: "warn", Sign: "!", Text: "Verified in part",
		Note: strings.Join(nonEmpty("booted by "+strings.Join(good, " and by ")+", not by "+strings.Join(bad, " and "), note), ": "),
	}
}

func figures(in Input) []figure {
	var all []figure
	if len(in.Images) > 0 && in.Images[0].Size > 0 {
		f := figure{Value: size(in.Images[0].Size), Name: in.Images[0].Format}
		if in.Previous != nil {
			for _, was := range in.Previous.Images {
				if was.Format == in.Images[0].Format && was.Size > 0 {
					f.Note = growth(in.Images[0].Size-was.Size) + " since the last build"
				}
			}
		}
		all = append(all, f)
	}
	if in.Plan.Disk.Size > 0 {
		all = append(all, figure{Value: size(in.Plan.Disk.Size), Name: "disk", Note: things(len(in.Plan.Disk.Partitions), "partition")})
	}
	if in.Inventory.Bytes > 0 {
		f := figure{Value: size(in.Inventory.Bytes), Name: "contents"}
		if in.Inventory.Files > 0 {
			f.Note = things(in.Inventory.Files, "file")
		}
		all = append(all, f)
	}
	if n := len(installed(in)); n > 0 {
		f := figure{Value: count(n), Name: "packages"}
		if n == 1 {
			f.Name = "package"
		}
		if in.Previous != nil {
			f.Note = packagesNote(Changes(*in.Previous, NewRecord(in)))
		}
		all = append(all, f)
	}
	if took := seconds(in); took > 0 {
		all = append(all, figure{Value: duration(took), Name: "to build"})
	}
	return all
}

func packagesNote(d Difference) string {
	var parts []string
	for _, kind := range kinds {
		if n := d.Count(kind); n > 0 {
			parts = append(parts, count(n)+nbsp+string(kind))
		}
	}
	if len(parts) == 0 {
		return "as in the last build"
	}
	return strings.Join(parts, ", ")
}

func pageFacts(in Input) []fact {
	var all []fact
	add := func(name, text string, code bool) {
		if text != "" {
			all = append(all, fact{Name: name, Text: text, Code: code})
		}
	}
	p := in.Plan
	add("Profile", p.Profile, false)
	add("Action", p.Action, false)
	add("Platform", p.Target.Platform, false)
	add("Architecture", p.Target.Architecture, false)
	add("Distribution", strings.TrimSpace(p.Target.Distribution+" "+p.Target.Suite), false)
	add("Host name", p.System.Hostname, false)
	if p.System.SecureBoot {
		add("Secure Boot", "made for it", false)
	}
	if !in.Finished.IsZero() {
		add("Finished", moment(in.Finished), false)
	}
	if took := seconds(in); took > 0 {
		add("Took", duration(took), false)
	}
	if p.Epoch > 0 {
		add("Files dated", "up to "+moment(time.Unix(p.Epoch, 0)), false)
	}
	add("Plugin", in.Plugin, false)
	add("Packer", in.Packer, false)
	add("Built in", in.Isolation, false)
	add("Command line", strings.Join(cmdline(p), " "), true)
	add("Plan", "sha256:"+p.Digests().Output, true)
	return all
}

func (p page) sections() []section {
	var all []section
	add := func(there bool, id, title string) {
		if there {
			all = append(all, section{ID: id, Title: title})
		}
	}
	add(p.Changes != nil, "changes", "Changes")
	add(p.Disk != nil, "disk", "Disk")
	add(p.ISO != nil, "iso", "ISO")
	add(p.Archive != nil, "archive", "Archive")
	add(p.Packages != nil, "packages", "Packages")
	add(p.Folders != nil, "directories", "Directories")
	add(p.Stages != nil, "time", "Time")
	add(p.Boots != nil, "boot", "Boot check")
	add(len(p.Suites) > 0, "sources", "Sources")
	return all
}
