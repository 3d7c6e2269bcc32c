package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

var (
	moduleName    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	parameterName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	// What stands in the double quotes of /etc/default/grub, which a shell reads, as itself.
	argumentText = regexp.MustCompile(`^[!#%&(-\[\]-_a-~]*$`)
)

// maxModule is MODULE_NAME_LEN less its NUL, in bytes, on 64-bit machines (linux/moduleparam.h).
const maxModule = 55

// Module checks a kernel module's name as modules-load.d(5) and modprobe.d(5) take it.
func Module(name string) string {
	bare, _, _ := strings.Cut(name, ".ko")
	switch {
	case strings.Contains(name, ".ko") && moduleName.MatchString(bare[strings.LastIndex(bare, "/")+1:]):
		return fmt.Sprintf("%s is a module's file; write its name: %s", mistake.Word(name), bare[strings.LastIndex(bare, "/")+1:])
	case !moduleName.MatchString(name):
		return fmt.Sprintf("%s is not a module's name; want letters, digits, _ and -", mistake.Word(name))
	case len(name) > maxModule:
		return fmt.Sprintf("%s is longer than a module's name, which has at most %d characters", mistake.Word(name), maxModule)
	}
	return ""
}

// ModuleArgument checks an argument of a module in a line of modprobe.d(5): options MODULE NAME=VALUE.
// The value is empty for a flag.
func ModuleArgument(name, value string) string {
	switch {
	case !parameterName.MatchString(name):
		return fmt.Sprintf("%s is not a parameter's name; want letters, digits, _ and -, and the value beside it", mistake.Word(name))
	case strings.ContainsFunc(value, isControl):
		return fmt.Sprintf("the value of %s is not one line of text", name)
	case strings.ContainsAny(value, " ") && !quoted(value):
		return fmt.Sprintf(`the value of %s has spaces, which end it; put it in quotes inside of YAML's: '"%s"'`, name, mistake.Word(value))
	case strings.HasSuffix(value, `\`):
		return fmt.Sprintf(`the value of %s ends with \, which joins the next line to it`, name)
	}
	return ""
}

func quoted(value string) bool {
	return len(value) > 1 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) && strings.Count(value, `"`) == 2
}

var (
	consoleDevice = regexp.MustCompile(`^(tty[A-Za-z]*[0-9]*|hvc[0-9]+|lp[0-9]+|null|uart.*|brl.*|netcon[0-9]+|sclp.*|ttysclp.*)$`)
	serialDevice  = regexp.MustCompile(`^tty(S|AMA|USB|MFD|O|PS)[0-9]+$`)
	// Documentation/admin-guide/serial-console.rst: speed, parity n, o or e, bits, flow control r.
	serialOptions = regexp.MustCompile(`^[0-9]+([noe]([5-8]r?)?)?$`)
)

// KernelArgument checks one argument of the kernel command line (Documentation/admin-guide/
// kernel-parameters.rst) that is written to /etc/default/grub. value is nil for a bare flag.
func KernelArgument(name string, value *string) string {
	switch {
	case name == "":
		return "want an argument's name"
	case !argumentText.MatchString(name) || strings.Contains(name, "="):
		return fmt.Sprintf(`%s is not an argument's name; want no spaces, quotes, $, \ or =`, mistake.Word(name))
	case value == nil:
		if name == "crashkernel" || name == "console" || name == "root" {
			return name + " needs a value"
		}
		return ""
	case !argumentText.MatchString(*value):
		return fmt.Sprintf(`the value of %s has a space, a quote, $ or \, which /etc/default/grub cannot hold`, name)
	}
	switch name {
	case "crashkernel":
		return Crashkernel(*value)
	case "console":
		return console(*value)
	}
	return ""
}

func console(value string) string {
	device, options, given := strings.Cut(value, ",")
	switch {
	case value == "", !given && consoleDevice.MatchString(device):
		return ""
	case strings.HasPrefix(value, "/dev/"):
		return fmt.Sprintf("%s: the kernel's name of a console is without /dev/", mistake.Word(value))
	case !given && device == strings.Trim(device, "0123456789"):
		return fmt.Sprintf("unknown console %s; want one such as ttyS0,115200n8 or tty0", mistake.Word(device))
	case serialDevice.MatchString(device) && !serialOptions.MatchString(options):
		return fmt.Sprintf("%s are not options of a serial console; want speed, parity and bits: 115200n8", mistake.Word(options))
	}
	return ""
}

var (
	// memparse() of lib/cmdline.c: a number with one letter.
	memorySize = regexp.MustCompile(`^([0-9]+|0x[0-9A-Fa-f]+)([KkMmGgTt]?)$`)
	sizeOfDisk = regexp.MustCompile(`(?i)^([0-9]+)([KMGT])i?B$`)
)

// Crashkernel checks the value of crashkernel= (kernel-parameters.txt): SIZE[@OFFSET], SIZE,high and
// SIZE,low, or START-[END]:SIZE[,…][@OFFSET]. Sizes are numbers with K, M, G or T.
func Crashkernel(value string) string {
	if value == "auto" {
		return "auto is a word of Red Hat's kernels alone; want a size, such as 768M"
	}
	rest, offset, at := strings.Cut(value, "@")
	if at {
		if _, problem := memory(offset); problem != "" {
			return "offset: " + problem
		}
	}
	if strings.Contains(rest, ":") {
		return crashRanges(rest)
	}
	size, kind, given := strings.Cut(rest, ",")
	if given {
		if problem := oneOf("kind of memory", kind, []string{"high", "low", "cma"}); problem != "" {
			return problem
		}
		if at {
			return "has an offset, which " + kind + " takes the place of; want one"
		}
	}
	n, problem := memory(size)
	if problem == "" && n == 0 && kind != "low" {
		return "reserves nothing; want a size, such as 768M, or no crashkernel"
	}
	if problem == "" && n < 1<<20 && n > 0 {
		return fmt.Sprintf("%s is %d bytes, too few for a kernel; did you mean %sM?", size, n, strings.TrimRight(size, "KkMm"))
	}
	return problem
}

func crashRanges(text string) string {
	for part := range strings.SplitSeq(text, ",") {
		span, size, ok := strings.Cut(part, ":")
		low, high, dash := strings.Cut(span, "-")
		if !ok || !dash {
			return fmt.Sprintf("%s is not a range; want START-END:SIZE or START-:SIZE, such as 2G-:256M", mistake.Word(part))
		}
		from, problem := memory(low)
		to := int64(0)
		if problem == "" && high != "" {
			to, problem = memory(high)
		}
		if problem == "" {
			_, problem = memory(size)
		}
		if problem != "" {
			return problem
		}
		if high != "" && to <= from {
			return fmt.Sprintf("the range %s is empty: it ends before it begins", mistake.Word(span))
		}
	}
	return ""
}

// memory is the number of bytes that a size means to the kernel.
func memory(text string) (int64, string) {
	if m := sizeOfDisk.FindStringSubmatch(text); m != nil {
		return 0, fmt.Sprintf("%s: the kernel knows K, M, G and T alone; write %s%s", mistake.Word(text), m[1], strings.ToUpper(m[2]))
	}
	m := memorySize.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Sprintf("%s is not a size; want a number with K, M or G, such as 768M", mistake.Word(text))
	}
	n, err := strconv.ParseInt(m[1], 0, 64)
	shift := map[string]uint{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[strings.ToUpper(m[2])]
	if err != nil || n > (1<<62)>>shift {
		return 0, fmt.Sprintf("%s is too large", mistake.Word(text))
	}
	return n << shift, ""
}
