"""xfs_lost.py TREE: the paths below TREE whose extended attributes a prototype of mkfs.xfs does not carry, each ended by
NUL: those of directories, and access lists. File systems that are mounted inside are left out."""

import os
import sys

tree = os.fsencode(sys.argv[1])
device = os.lstat(tree).st_dev
lost = []


def look(path, is_directory):
    names = os.listxattr(path, follow_symlinks=False)
    # What a security module of this host gives every file is not the image's.
    names = [n for n in names if n != "security.selinux" and (is_directory or n.startswith("system."))]
    if names:
        lost.append(os.fsencode("/" + os.path.relpath(os.fsdecode(path), os.fsdecode(tree)) + " (" + " ".join(names) + ")"))


look(tree, True)
for directory, directories, files in os.walk(tree):
    directories[:] = [d for d in directories if os.lstat(os.path.join(directory, d)).st_dev == device]
    for name in directories:
        path = os.path.join(directory, name)
        look(path, not os.path.islink(path))
    for name in files:
        look(os.path.join(directory, name), False)
sys.stdout.buffer.write(b"".join(name + b"\0" for name in sorted(lost)))
