# Questions about kernel modules. The kernel and its tools take - and _ in their names for one.
import os
from itertools import chain

from system import complaint, in_english, read, run

# modprobe's words for what a machine lacks that is not the node: devices, a processor's features.
HARDWARE = ("No such device", "Operation not supported")


def kernel_name(name):
    return name.replace("-", "_")


def lines(path):
    """Nothing where there is no such file: a kernel may take no modules at all."""
    try:
        return read(path).splitlines()
    except FileNotFoundError:
        return []


def loaded():
    return {line.split()[0] for line in lines("/proc/modules")}


def builtin():
    """modules.builtin has a path a line: kernel/fs/ext4/ext4.ko."""
    paths = lines("/lib/modules/%s/modules.builtin" % os.uname().release)
    return {kernel_name(os.path.basename(path).split(".ko")[0]) for path in paths}


def members(name):
    """The modules behind a name: modules-load.d takes aliases, too, and some stand for several."""
    yield [kernel_name(name)]
    yield [kernel_name(member) for member in run("modprobe", "--resolve-alias", name).split()]


def inside(module, built):
    """What is never a module of its own, such as printk, is in no list, but has a directory if it has parameters."""
    return module in built or os.path.isdir("/sys/module/" + module)


def state(name, inserted, built):
    """Loaded, builtin, or why not: systemd passes over modules without a device and over those that are not there."""
    for modules in filter(None, members(name)):
        if all(module in inserted for module in modules):
            return {"state": "loaded"}
        if all(module in inserted or inside(module, built) for module in modules):
            return {"state": "builtin"}
    tried = in_english("modprobe", name)
    if tried.returncode == 0:
        return {"state": "late"}
    if any(word in tried.stderr for word in HARDWARE):
        return {"state": "hardware"}
    return {"state": "missing", "why": complaint(tried)}


def parameters(name, names):
    """Values of those parameters that can be read."""
    values = {}
    for module in chain.from_iterable(members(name)):
        for parameter in names:
            try:
                values.setdefault(parameter, read("/sys/module/%s/parameters/%s" % (module, kernel_name(parameter))).strip())
            except OSError:
                pass
    return values


def modules(wanted):
    """wanted is name → names of parameters."""
    inserted, built = loaded(), builtin()
    found = {}
    for name, names in wanted.items():
        found[name] = state(name, inserted, built)
        if names:
            found[name]["parameters"] = parameters(name, names)
    return found


def blacklisted(config, names):
    """Those of names that `modprobe --showconfig` has a line `blacklist NAME` for."""
    words = [line.split() for line in config.splitlines()]
    kept = {kernel_name(line[1]) for line in words if len(line) == 2 and line[0] == "blacklist"}
    return [name for name in names if kernel_name(name) in kept]


def blacklist(names):
    return blacklisted(run("modprobe", "--showconfig"), names)
