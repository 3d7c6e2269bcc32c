#!/usr/bin/python3
"""Installs what is missing of a profile's packages, and removes what it does not approve."""

from __future__ import annotations

DOCUMENTATION = """
    module: airship_packages
    short_description: a profile's packages, through apt
    description:
        - Asks dpkg first; apt is started only where something is missing or too much.
        - Needs no python3-apt.
    author: Airship
    version_added: "2.19"
    options:
        install:
            description: packages, NAME or NAME=VERSION
            type: list
            elements: str
        wanted:
            description: packages that are installed where the machine's sources have them
            type: list
            elements: str
        purge:
            description: packages that must not be there
            type: list
            elements: str
        sources:
            description: >-
                path → text, of sources and their keys that are needed now and do not stay on the machine
            type: dict
        replace_sources:
            description: whether the machine heeds sources and sources.list.d alone, and its sources.list not
            type: bool
"""

import os
import re
import shutil
import subprocess
import tempfile

from ansible.module_utils.basic import AnsibleModule

PARTS = "/etc/apt/sources.list.d"
TAIL_LINES = 20
# Another program, such as a cloud's own first boot, may hold dpkg's lock; mirrors fail now and then.
OPTIONS = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"]


class Failure(Exception):
    def __init__(self, problems, output=""):
        super().__init__("the packages could not be installed")
        self.problems, self.output = problems, output


def run(*args):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def installed():
    """Version by name; a name that another package provides has none."""
    _, text = run("dpkg-query", "--show", "--showformat=${db:Status-Status}\t${Package}\t${Version}\t${Provides}\n")
    versions = {}
    for line in text.splitlines():
        status, _, rest = line.partition("\t")
        if status == "installed":
            name, version, provides = (rest.split("\t") + ["", ""])[:3]
            versions[name] = version
            for provided in re.findall(r"[a-z0-9][a-z0-9+.-]+(?=\s*(?:\(|,|$))", provides):
                versions.setdefault(provided, None)
    return versions


def is_there(package, versions):
    name, _, version = package.partition("=")
    return name in versions and version in ("", versions[name])


def problems_of(text):
    """apt's errors, each with the package that it is about where there is one."""
    problems = []
    for line in text.splitlines():
        if not line.startswith("E: "):
            continue
        problem = line[3:]
        found = re.match(r"Unable to locate package (\S+)", problem) or re.match(r"Package '(\S+)' has no installation candidate", problem) \
            or re.match(r"Version '\S+' for '(\S+)' was not found", problem)
        problems.append({"field": "", "package": found.group(1) if found else "", "problem": problem})
    return problems


def apt(arguments, options):
    code, text = run("apt-get", "--yes", *OPTIONS, *options, *arguments)
    errors = [line for line in text.splitlines() if line.startswith("E: ")]
    if code != 0 or arguments[0] == "update" and errors:
        problems = problems_of(text)
        # What names its package needs no more words.
        tail = [] if problems and all(p["package"] for p in problems) else text.splitlines()[-TAIL_LINES:]
        raise Failure(problems, "\n".join(tail))


def candidates(names, options):
    """Those that the sources have."""
    found = []
    for wanted in names:
        name, _, version = wanted.partition("=")
        _, text = run("apt-cache", *options, "madison", name)
        versions = [columns[1].strip() for columns in (line.split("|") for line in text.splitlines()) if len(columns) == 3]
        if version in versions or versions and not version:
            found.append(wanted)
    return found


INSTALL = ["install", "--no-install-recommends", "--allow-downgrades", "-o", "Dpkg::Options::=--force-confold",
           "-o", "Dpkg::Options::=--force-confdef"]


def purgeable(purge, install, options):
    """Refuses to remove what the profile asks for, with what it does not approve."""
    _, text = run("apt-get", "--simulate", *options, "purge", *purge)
    removed = set(re.findall(r"^(?:Remv|Purg) (\S+)", text, re.MULTILINE))
    lost = sorted(removed & {name.partition("=")[0] for name in install})
    if lost:
        raise Failure([{"field": "", "package": name, "problem": "needs one of the unapproved packages %s, which cannot be removed then"
                        % ", ".join(sorted(removed & set(purge)))} for name in lost])


class Sources:
    """What apt reads while packages are installed: the machine's sources, and others that go again."""

    def __init__(self, extra, only):
        self._extra, self._only = extra, only
        self._keys = []

    def __enter__(self):
        """apt's options."""
        self._parts = tempfile.mkdtemp(prefix="airship-sources-")
        os.chmod(self._parts, 0o755)
        if not self._extra and not self._only:
            return []
        for name in os.listdir(PARTS) if os.path.isdir(PARTS) else []:
            shutil.copy(os.path.join(PARTS, name), self._parts)
        for path, text in self._extra.items():
            if os.path.dirname(path) == PARTS:
                path = os.path.join(self._parts, os.path.basename(path))
            else:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                self._keys.append(path)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        return ["-o", "Dir::Etc::SourceParts=" + self._parts] + (["-o", "Dir::Etc::SourceList=/dev/null"] if self._only else [])

    def __exit__(self, *_):
        shutil.rmtree(self._parts)
        for path in self._keys:
            os.unlink(path)


def install(missing, wanted, purge, asked, sources):
    changed = []
    with sources as options:
        if missing or wanted:
            apt(["update"], options)
            wanted = candidates(wanted, options)
        if missing:
            apt([*INSTALL, *missing], options)
            changed += missing
        for name in wanted:
            try:
                apt([*INSTALL, name], options)
                changed.append(name)
            except Failure:
                changed.append("without " + name + ", which does not fit")
        if purge:
            purgeable(purge, asked, options)
            apt(["purge", *purge], options)
            changed += ["without " + name for name in purge]
    return changed


def main():
    module = AnsibleModule(
        argument_spec={
            "install": {"type": "list", "elements": "str", "default": []},
            "wanted": {"type": "list", "elements": "str", "default": []},
            "purge": {"type": "list", "elements": "str", "default": []},
            "sources": {"type": "dict", "default": {}},
            "replace_sources": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    p, versions = module.params, installed()
    missing = [name for name in p["install"] if not is_there(name, versions)]
    wanted = [name for name in p["wanted"] if not is_there(name, versions)]
    purge = [name for name in p["purge"] if versions.get(name)]
    if not missing and not wanted and not purge:
        module.exit_json(changed=False, invocation={})
    if module.check_mode:
        module.exit_json(changed=True, airship_changed=missing, invocation={})
    try:
        changed = install(missing, wanted, purge, p["install"], Sources(p["sources"], p["replace_sources"]))
    except Failure as failure:
        module.fail_json(msg=str(failure), airship_problems=failure.problems, stdout=failure.output, invocation={})
    module.exit_json(changed=bool(changed), airship_changed=changed, invocation={})


if __name__ == "__main__":
    main()
