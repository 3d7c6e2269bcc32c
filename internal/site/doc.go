// Package site points a site's documents at published images: catalogues, hosts, machine templates, managers, AirshipImages.
//
// Images with URL and checksum, documents and a request enter; the documents changed leave, in place, in a directory,
// as kustomize patches or as a diff. What was not asked about stays as it was, byte for byte; nothing is fetched.
package site
