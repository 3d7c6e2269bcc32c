// Package document reads Airship's documents and checks them before anything runs.
//
// Files, directories, kustomizations and clusters go in; resolved profiles come out, each value knowing
// its file and line. Every mistake is found at once, as Mistakes that say where and what would be right.
package document
