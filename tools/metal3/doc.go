// Package metal3 decodes the hosts that internal/site's tests pointed at images with metal3's own types.
//
// It is a module of its own, as those types want a newer Kubernetes than the plugin's.
package metal3
