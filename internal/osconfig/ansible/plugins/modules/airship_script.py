#!/usr/bin/python3
"""Runs a script by the interpreter in its first line, once in an image."""

from __future__ import annotations

DOCUMENTATION = """
    module: airship_script
    short_description: a script, once
    description:
        - The script's exit status counts. One that has run in this image, at its place in the profile, is not run again;
          /var/lib/imagebuilder/scripts has place and SHA-256 of each.
    author: Airship
    version_added: "2.19"
    options:
        entries:
            description: One entry with content (the script) and field, which names it in problems.
            type: list
            elements: dict
            required: true
"""

import hashlib
import os
import subprocess
import tempfile

from ansible.module_utils.basic import AnsibleModule

RECORD = "/var/lib/imagebuilder/scripts"
TAIL_LINES = 20
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
KEPT = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SOURCE_DATE_EPOCH", "AIRSHIP_COMMAND")


def recorded():
    try:
        with open(RECORD, encoding="ascii") as record:
            return record.read().splitlines()
    except FileNotFoundError:
        return []


def record(digest):
    os.makedirs(os.path.dirname(RECORD), mode=0o755, exist_ok=True)
    with open(RECORD, "a", encoding="ascii") as out:
        out.write(digest + "\n")


def command(content):
    """As the kernel reads #! (execve(2)): the interpreter, and all behind it as one argument."""
    return content.split("\n", 1)[0][2:].strip().split(None, 1)


def run(content, directory):
    """Exit status (negative: the signal) and the last lines that it wrote."""
    made, path = tempfile.mkstemp(dir=directory, prefix="script-")
    try:
        with os.fdopen(made, "wb") as out:
            out.write(content.encode("utf-8", "surrogateescape"))
            os.fchmod(out.fileno(), 0o700)
        env = {**ENVIRONMENT, **{name: os.environ[name] for name in KEPT if name in os.environ}}
        with tempfile.TemporaryFile(dir=directory) as output:
            done = subprocess.run(command(content) + [path], stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=subprocess.STDOUT, cwd="/", env=env, check=False)
            size = output.tell()
            output.seek(max(0, size - 64 * 1024))
            text = output.read().decode("utf-8", "replace")
        return done.returncode, "\n".join(text.splitlines()[-TAIL_LINES:])
    finally:
        os.unlink(path)


def main():
    module = AnsibleModule(
        argument_spec={"entries": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=True,
    )
    os.umask(0o022)
    (entry,) = module.params["entries"]
    content = entry["content"]
    digest = "%s %s" % (entry.get("field", ""), hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest())
    name = entry.get("name") or entry.get("field", "").rpartition(".")[2]
    if digest in recorded():
        module.exit_json(changed=False, invocation={})
    if module.check_mode:
        module.exit_json(changed=True, airship_changed=[name], invocation={})

    def fail(problem, output=""):
        module.fail_json(msg="a script failed", changed=True, invocation={}, stdout=output,
                         airship_problems=[{"field": entry.get("field", ""), "problem": problem}])

    if not content.startswith("#!") or not command(content):
        fail("has no interpreter, once it is filled in; want #! and its path first, such as #!/bin/sh")
    try:
        status, output = run(content, module.tmpdir)
    except OSError as error:
        fail("its interpreter %s: %s" % (command(content)[0], error.strerror))
    if status != 0:
        fail("was killed by signal %d" % -status if status < 0 else "ended with exit status %d" % status, output)
    record(digest)
    module.exit_json(changed=True, airship_changed=[name], invocation={})


if __name__ == "__main__":
    main()
