//go:build acceptance && slow

package acceptance

// bootsToo says whether tests boot what other tests have booted in another form.
const bootsToo = "true"
