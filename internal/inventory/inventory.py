"""inventory.py ROOT: prints what the Debian root filesystem at ROOT consists of, as the JSON of Go's inventory.Inventory.

It only reads. Links are followed inside ROOT, wherever they point; names are bytes, since a file system's need not be text.
"""

import json
import os
import re
import sys

DATABASE = b"/var/lib/dpkg"
DEPTH = 4  # of the directories that are told of
LINKS = 40  # on the way to one file, as in Linux
LARGEST = 16 << 20  # bytes that are read of a file

NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9+.-]*")  # a package's, deb-control(5)

# dpkg(1)'s states of a package whose files are not there, or not whole.
ABSENT = (b"not-installed", b"config-files", b"half-installed")


def text(name):
    """A name as it can be shown: what is not UTF-8 as \\xNN."""
    return name.decode("utf-8", "backslashreplace")


class Tree:
    """A root filesystem, walked once: its regular files, directories and links by their paths, / being empty."""

    def __init__(self, root):
        self.root = root
        self.files = {}  # lstat's result
        self.directories = []
        self.links = set()
        self.places = {}  # where directories' names lead
        device = os.lstat(root + b"/").st_dev
        waiting = [b""]
        while waiting:
            directory = waiting.pop()
            self.directories.append(directory)
            with os.scandir(root + directory + b"/") as entries:
                for entry in entries:
                    path = directory + b"/" + entry.name
                    if entry.is_symlink():
                        self.links.add(path)
                    elif entry.is_dir(follow_symlinks=False):
                        if entry.stat(follow_symlinks=False).st_dev == device:
                            waiting.append(path)
                    elif entry.is_file(follow_symlinks=False):
                        self.files[path] = entry.stat(follow_symlinks=False)

    def resolve(self, path):
        """Where path leads when all its links are followed. Nothing needs to be there."""
        here = b""
        waiting = path.split(b"/")[::-1]
        left = LINKS
        while waiting:
            part = waiting.pop()
            if part in (b"", b"."):
                continue
            if part == b"..":
                here = here.rpartition(b"/")[0]
                continue
            step = here + b"/" + part
            if step not in self.links or not left:
                here = step
                continue
            left -= 1
            target = os.readlink(self.root + step)
            if target.startswith(b"/"):
                here = b""
            waiting.extend(target.split(b"/")[::-1])
        return here

    def place(self, path):
        """Where the file of this name lies: the directory's links followed (/lib is a link where /usr is merged), not its own."""
        directory, _, name = path.rpartition(b"/")
        if directory not in self.places:
            self.places[directory] = self.resolve(directory)
        return self.places[directory] + b"/" + name

    def read(self, path):
        """What a regular file holds; empty where there is none, or one too large to be what it is called."""
        path = self.resolve(path)
        known = self.files.get(path)
        if known is None or known.st_size > LARGEST:
            return b""
        with open(self.root + path, "rb") as file:
            return file.read()

    def names(self, directory):
        """The names of the regular files in a directory, sorted."""
        within = self.resolve(directory) + b"/"
        return sorted(p[len(within):] for p in self.files if p.startswith(within) and b"/" not in p[len(within):])


def paragraphs(data):
    """Yields the paragraphs of a control file (deb822(5)): the first line of each field, by its name in lower case."""
    fields = {}
    for line in data.split(b"\n"):
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif line[:1] not in b" \t#":
            name, colon, value = line.partition(b":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
    if fields:
        yield fields


def installed(tree):
    """The packages of dpkg's database: (name, architecture, version, source, source's version, names of lists of its files)."""
    found = {}
    described = [(f, False) for f in paragraphs(tree.read(DATABASE + b"/status"))]
    # Images without dpkg have a file a package in status.d, and the lists of files beside it.
    parts = [n for n in tree.names(DATABASE + b"/status.d") if not n.endswith(b".md5sums")]
    for part in parts:
        described.extend((f, True) for f in paragraphs(tree.read(DATABASE + b"/status.d/" + part)))
    for fields, part in described:
        name, version = fields.get(b"package", b""), fields.get(b"version", b"")
        architecture = fields.get(b"architecture", b"")
        state = fields.get(b"status", b"").rpartition(b" ")[2]
        if not NAME.fullmatch(name) or not version or state in ABSENT or not (state or part):
            continue
        source, _, rest = fields.get(b"source", b"").partition(b" ")
        lists = [
            b"/info/%s:%s.list" % (name, architecture),
            b"/info/%s.list" % name,
            b"/status.d/%s.md5sums" % name,
        ]
        found[name, architecture] = (version, source or name, rest.strip(b"() ") or version, lists)
    return [(*key, *found[key]) for key in sorted(found)]


def listed(tree, lists):
    """The paths of a package's files, by the first list there is."""
    for name in lists:
        data = tree.read(DATABASE + name)
        if not data:
            continue
        lines = data.split(b"\n")
        if name.endswith(b".md5sums"):
            return [b"/" + line.partition(b"  ")[2] for line in lines]
        return lines
    return []


def diversions(tree):
    """What dpkg-divert(1) moved: where to, and for whose files not, by where packages have it. Three lines an entry."""
    lines = tree.read(DATABASE + b"/diversions").split(b"\n")
    return {tree.place(a): (tree.place(b), who) for a, b, who in zip(lines[::3], lines[1::3], lines[2::3]) if a and b and who}


def licences(tree, package):
    """The licences that a machine-readable copyright file names, as it names them, in its order."""
    parts = list(paragraphs(tree.read(b"/usr/share/doc/%s/copyright" % package)))
    if not parts:
        return []
    form = (parts[0].get(b"format", b"") or parts[0].get(b"format-specification", b"")).lower()
    if b"copyright-format" not in form and b"dep5" not in form:
        return []
    # What stands alone is the text of a licence that others name; unless nobody does.
    named = [p for p in [parts[0]] + [p for p in parts[1:] if b"files" in p] if p.get(b"license")]
    found = [p[b"license"].decode("utf-8", "replace") for p in named or parts if p.get(b"license")]
    return list(dict.fromkeys(found))


def system(tree):
    """What os-release(5) says."""
    data = tree.read(b"/etc/os-release") or tree.read(b"/usr/lib/os-release")
    values = dict(re.findall(r"^([A-Z_]+)=[\"']?(.*?)[\"']?\s*$", data.decode("utf-8", "replace"), re.MULTILINE))
    keys = {"id": "ID", "version": "VERSION_ID", "codename": "VERSION_CODENAME", "name": "PRETTY_NAME"}
    return {key: values.get(name, "") for key, name in keys.items()}


def inventory(root):
    tree = Tree(root)
    diverted = diversions(tree)
    packages, owners = [], {}
    for name, architecture, version, source, source_version, lists in installed(tree):
        package = {
            "name": text(name), "version": text(version), "architecture": text(architecture),
            "source": text(source), "sourceVersion": text(source_version),
            "licences": licences(tree, name), "bytes": 0, "files": 0,
        }
        packages.append(package)
        for path in listed(tree, lists):
            if not path.startswith(b"/"):
                continue
            path = tree.place(path)
            to, whose = diverted.get(path, (path, name))
            if whose != name:
                path = to
            # Two packages have the same file where they are one for two architectures: the first counts it.
            if path in tree.files:
                owners.setdefault(path, package)

    directories = {
        path: {"path": text(path) or "/", "bytes": 0, "files": 0}
        for path in tree.directories if path.count(b"/") <= DEPTH
    }
    total = unowned = 0
    seen = set()
    for path in sorted(tree.files):
        found = tree.files[path]
        size = found.st_size
        if found.st_nlink > 1:
            # Its bytes are those of the first name.
            if (found.st_dev, found.st_ino) in seen:
                size = 0
            seen.add((found.st_dev, found.st_ino))
        total += size
        owner = owners.get(path)
        if owner is None:
            unowned += size
        else:
            owner["bytes"] += size
            owner["files"] += 1
        parts = path.split(b"/")
        for depth in range(1, min(len(parts) - 1, DEPTH + 1) + 1):
            directory = directories[b"/".join(parts[:depth])]
            directory["bytes"] += size
            directory["files"] += 1
    return {
        "system": system(tree),
        "packages": packages,
        "directories": sorted(directories.values(), key=lambda d: d["path"]),
        "files": len(tree.files), "bytes": total, "unowned": unowned,
    }


if __name__ == "__main__":
    json.dump(inventory(os.fsencode(sys.argv[1]).rstrip(b"/")), sys.stdout)
