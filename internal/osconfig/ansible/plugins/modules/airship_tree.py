#!/usr/bin/python3
"""Makes files, directories and links what a list of entries says, in one run."""

from __future__ import annotations

DOCUMENTATION = """
    module: airship_tree
    short_description: many files, directories and links at once
    description:
        - A module run takes a third of a second, and many seconds in an emulated machine. A node has dozens
          of small files, so one run takes them all.
        - Every entry is tried; what is wrong with any is told at the end.
    author: Airship
    version_added: "2.19"
    options:
        entries:
            description: >-
                Each has path and kind; file has content, link has target; mode (octal text), owner and
                group (names or numbers) default to 0644 or 0755 and root for what is made. kind permissions
                changes what is there, absent removes it, emptied removes what is in a directory but keep.
                With only_if an entry is heeded where all these paths exist. field names the
                entry in problems.
            type: list
            elements: dict
            required: true
"""

import errno
import os
import shutil
import stat
import tempfile

import grp
import pwd

from ansible.module_utils.basic import AnsibleModule


class Problem(Exception):
    """What keeps one entry from being made, for the person who wrote it."""


def number_of(name, lookup, noun):
    text = str(name)
    if text.isdigit():
        return int(text)
    try:
        return lookup(text)
    except KeyError:
        raise Problem("the image has no %s %s" % (noun, text)) from None


def wanted_mode(entry, default):
    mode = entry.get("mode")
    return default if mode in (None, "") else int(str(mode), 8)


class Tree:
    """Applies entries to the file system below /."""

    def __init__(self, check, entries):
        self.check = check
        self.changed = []
        self._made = {entry["path"] for entry in entries if entry["kind"] in ("file", "directory", "link")}

    def apply(self, entry):
        if not all(os.path.lexists(path) for path in entry.get("only_if") or []):
            return
        getattr(self, "_" + entry["kind"])(entry["path"], entry)

    def _note(self, path):
        if path not in self.changed:
            self.changed.append(path)
        return not self.check

    def _file(self, path, entry):
        data = entry.get("content", "").encode("utf-8", "surrogateescape")
        mode, uid, gid = wanted_mode(entry, 0o644), self._uid(entry, 0), self._gid(entry, 0)
        try:
            there = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            there = None
        if there and stat.S_ISDIR(there.st_mode):
            raise Problem("is a directory in the image")
        if there and stat.S_ISREG(there.st_mode) and there.st_size == len(data):
            with open(path, "rb") as present:
                if present.read() == data:
                    self._attributes(path, there, mode, uid, gid)
                    return
        self._parents(path)
        if self._note(path):
            self._replace(path, data, mode, uid, gid)

    @staticmethod
    def _replace(path, data, mode, uid, gid):
        """A link there is replaced, too: it may lead to a package's file."""
        made, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".airship-")
        try:
            with os.fdopen(made, "wb") as out:
                out.write(data)
                os.fchown(out.fileno(), uid, gid)
                os.fchmod(out.fileno(), mode)
            os.replace(name, path)
        except BaseException as error:
            os.unlink(name)
            if not isinstance(error, OSError) or error.errno != errno.EBUSY:
                raise
            # A mount point, as /etc/hosts is in a container: it can be written and not replaced.
            with open(path, "wb") as out:
                out.write(data)

    def _directory(self, path, entry):
        mode, uid, gid = wanted_mode(entry, 0o755), self._uid(entry, 0), self._gid(entry, 0)
        try:
            there = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            self._parents(path)
            if self._note(path):
                os.mkdir(path)
                os.chown(path, uid, gid)
                os.chmod(path, mode)
            return
        if not stat.S_ISDIR(there.st_mode):
            raise Problem("is a file in the image, and no directory")
        self._attributes(path, there, mode, uid, gid)

    def _parents(self, path):
        above = os.path.dirname(path)
        if os.path.isdir(above):
            return
        if os.path.lexists(above):
            raise Problem("%s is no directory in the image" % above)
        self._parents(above)
        if self._note(above):
            os.mkdir(above)
            os.chmod(above, 0o755)

    def _permissions(self, path, entry):
        try:
            there = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            raise Problem("is not in the image") from None
        mode = wanted_mode(entry, stat.S_IMODE(there.st_mode))
        self._attributes(path, there, mode, self._uid(entry, there.st_uid), self._gid(entry, there.st_gid))

    def _link(self, path, entry):
        if os.path.islink(path) and os.readlink(path) == entry["target"]:
            return
        if os.path.isdir(path) and not os.path.islink(path):
            raise Problem("is a directory in the image")
        self._parents(path)
        if self._note(path):
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(entry["target"], path)

    def _absent(self, path, entry):
        if os.path.lexists(path) and self._note(path):
            self._remove(path)

    def _emptied(self, path, entry):
        if not os.path.isdir(path):
            return
        for name in sorted(os.listdir(path)):
            inside = os.path.join(path, name)
            if name not in (entry.get("keep") or []) and inside not in self._made:
                self._absent(inside, entry)

    @staticmethod
    def _remove(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def _attributes(self, path, there, mode, uid, gid):
        owned = (there.st_uid, there.st_gid) == (uid, gid)
        if owned and stat.S_IMODE(there.st_mode) == mode:
            return
        if self._note(path):
            if not owned:
                os.chown(path, uid, gid)
            # After chown, which takes set-user-id away.
            os.chmod(path, mode)

    @staticmethod
    def _uid(entry, default):
        owner = entry.get("owner")
        return default if owner in (None, "") else number_of(owner, lambda name: pwd.getpwnam(name).pw_uid, "user")

    @staticmethod
    def _gid(entry, default):
        group = entry.get("group")
        return default if group in (None, "") else number_of(group, lambda name: grp.getgrnam(name).gr_gid, "group")


def main():
    module = AnsibleModule(
        argument_spec={"entries": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=True,
    )
    os.umask(0o022)
    # Of several files of one path the last counts: the profile's behind the role's, a context's behind the common one.
    entries = list({(entry["kind"], entry["path"]): entry for entry in module.params["entries"]}.values())
    tree, problems = Tree(module.check_mode, entries), []
    for entry in entries:
        try:
            tree.apply(entry)
        except (Problem, OSError) as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            problems.append({"field": entry.get("field", ""), "problem": "%s: %s" % (entry["path"], text)})
    # The arguments, which may be secrets, are not returned.
    result = {"changed": bool(tree.changed), "airship_changed": tree.changed, "invocation": {}}
    if problems:
        module.fail_json(msg="%d entries cannot be made" % len(problems), airship_problems=problems, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
