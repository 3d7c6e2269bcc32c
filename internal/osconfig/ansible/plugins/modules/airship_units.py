#!/usr/bin/python3
"""Enables, disables and masks systemd units that are not running, in one run."""

from __future__ import annotations

DOCUMENTATION = """
    module: airship_units
    short_description: many systemd units at once
    description:
        - Works on the links below /etc alone, so that a chroot and a running machine are treated alike.
    author: Airship
    version_added: "2.19"
    options:
        entries:
            description: >-
                Each has name, and enabled (true or false) or masked (true). force replaces links that
                other units made. An entry that is optional is left alone where its unit does not exist.
                field names the entry in problems.
            type: list
            elements: dict
            required: true
"""

import os
import re
import shutil
import subprocess

from ansible.module_utils.basic import AnsibleModule

DIRECTORIES = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
# Links that systemctl makes: its own, and those of update-rc.d for units that are init scripts.
STATE = ("/etc/systemd/system", "/etc/rc0.d", "/etc/rc1.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d",
         "/etc/rc6.d", "/etc/rcS.d")


def links():
    """Path and target of every link that says which units are enabled."""
    found = set()
    for top in STATE:
        for place, directories, names in os.walk(top):
            for name in names + directories:
                path = os.path.join(place, name)
                if os.path.islink(path):
                    found.add((path, os.readlink(path)))
    return found


def exists(name):
    names = {name, re.sub(r"@[^.]*\.", "@.", name)}
    if any(os.path.lexists(os.path.join(place, n)) for place in DIRECTORIES for n in names):
        return True
    return name.endswith(".service") and os.path.exists("/etc/init.d/" + name[:-len(".service")])


def systemctl(verb, *options_and_names):
    done = subprocess.run(
        ["systemctl", verb, *options_and_names], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "SYSTEMD_OFFLINE": "1", "SYSTEMD_LOG_LEVEL": "warning"}, check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def verb_of(entry):
    if entry.get("masked"):
        return "mask"
    return "enable" if entry["enabled"] else "disable"


def run(entries):
    """What could not be done, by entry."""
    groups = {}
    for entry in entries:
        options = ("--force",) if entry.get("force") and verb_of(entry) == "enable" else ()
        groups.setdefault((verb_of(entry), options), []).append(entry)
    problems = []
    for (verb, options), members in groups.items():
        if systemctl(verb, *options, *[e["name"] for e in members])[0] == 0:
            continue
        # One that fails may stop the others: each for itself, to know which.
        for entry in members:
            code, said = systemctl(verb, *options, entry["name"])
            if code != 0:
                text = said.splitlines()[-1] if said else "exit status %d" % code
                problems.append({"field": entry.get("field", ""), "problem": "systemctl %s %s: %s" % (verb, entry["name"], text)})
    return problems


def main():
    module = AnsibleModule(
        argument_spec={"entries": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=False,
    )
    entries, problems = [], []
    # A root filesystem for a container has none: nothing starts units there, and the role's own need no state.
    has_systemd = shutil.which("systemctl") is not None
    for entry in module.params["entries"]:
        if not has_systemd:
            if entry.get("field"):
                problems.append({"field": entry["field"], "problem": "the image has no systemd, which starts units: "
                                 "add systemd to spec.software.packages"})
        elif exists(entry["name"]):
            entries.append(entry)
        elif not entry.get("optional"):
            problems.append({"field": entry.get("field", ""), "problem": "the image has no unit %s" % entry["name"]})
    before = links()
    # Of several entries for a unit the last counts: the profile's, behind the role's own.
    problems += run(list({entry["name"]: entry for entry in entries}.values()))
    now = links()
    changed = sorted({os.path.basename(path) for path, target in before ^ now})
    result = {"changed": bool(changed), "airship_changed": changed, "invocation": {}}
    if problems:
        module.fail_json(msg="%d units cannot be set up" % len(problems), airship_problems=problems, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
