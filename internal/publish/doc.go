// Package publish stores finished images where a site finds them.
//
// Image files and a destination (an OCI registry, Airship's bundle of disk images in one, a directory that a web server serves)
// enter; the files' URLs there leave, once what is stored was read back. Nothing that is there is sent again.
package publish
