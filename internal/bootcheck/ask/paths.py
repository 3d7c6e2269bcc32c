# The state of paths, asked twice: of the finished root file system and of the node.
#
# By itself it is `paths.py ROOT`: a JSON list of absolute paths comes in, their state below ROOT goes out.
import hashlib
import json
import os
import stat
import sys

TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket", stat.S_IFCHR: "character device", stat.S_IFBLK: "block device",
}


def digest(path):
    state = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            state.update(block)
    return state.hexdigest()


def look(path):
    """None where nothing is."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    kind = TYPES[stat.S_IFMT(found.st_mode)]
    seen = {"path": path, "type": kind, "mode": "%04o" % stat.S_IMODE(found.st_mode),
            "uid": found.st_uid, "gid": found.st_gid}
    if kind == "file":
        seen["sha256"] = digest(path)
    if kind == "link":
        seen["link"] = os.readlink(path)
    return seen


def paths(names):
    return [seen for seen in map(look, names) if seen]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    # Everything is imported by now: nothing of ROOT is run. Its links lead nowhere else.
    os.chroot(sys.argv[1])
    os.chdir("/")
    json.dump(paths(asked), sys.stdout)
