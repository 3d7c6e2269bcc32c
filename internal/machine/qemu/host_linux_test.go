package qemu

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const cpuinfo = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2445.406\nflags\t\t: fpu svm\n\nprocessor\t: 1\n"

func TestProcessorDigest(t *testing.T) {
	digest := processorDigest(cpuinfo)
	assert.Equal(t, digest, processorDigest(strings.Replace(cpuinfo, "2445.406", "800.000", 1)), "its clock changes all the time")
	assert.NotEqual(t, digest, processorDigest(strings.Replace(cpuinfo, " svm", "", 1)), "another processor or hypervisor")
}
