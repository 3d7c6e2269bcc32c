// Package inventory says what is in a root filesystem.
package inventory

// Inventory is what a finished tree holds.
type Inventory struct {
	Packages    []Package   `json:"packages"`    // sorted by name, then architecture
	Directories []Directory `json:"directories"` // every directory down to depth 4, sorted by path; sizes include what lies below
	Files       int         `json:"files"`
	Bytes       int64       `json:"bytes"`
	Unowned     int64       `json:"unowned"` // bytes of files that belong to no package
}

// Package is an installed package.
type Package struct {
	Name          string   `json:"name"`
	Version       string   `json:"version"`
	Architecture  string   `json:"architecture"`
	Source        string   `json:"source"`
	SourceVersion string   `json:"sourceVersion"`
	Licences      []string `json:"licences"`
	Bytes         int64    `json:"bytes"`
	Files         int      `json:"files"`
}

// Directory is one with what lies below it.
type Directory struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Files int    `json:"files"`
}
