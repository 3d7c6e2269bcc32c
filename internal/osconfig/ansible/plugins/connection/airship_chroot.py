"""Runs modules in a chroot of the root file system under construction."""

from __future__ import annotations

DOCUMENTATION = """
    name: airship_chroot
    short_description: run tasks in a chroot
    description:
        - Commands and files go through chroot(8), so that a symbolic link of the target
          resolves inside the target.
    author: Airship
    version_added: "2.19"
    options:
        target:
            description: the directory to change root to
            type: path
            default: /target
            env:
                - name: AIRSHIP_TARGET
        tmp:
            description: where the target's programs put temporary files, inside the target
            type: str
            default: /tmp
            env:
                - name: AIRSHIP_TARGET_TMP
        epoch:
            description: SOURCE_DATE_EPOCH in the target, which dates the password changes in /etc/shadow
            type: str
            default: ""
            env:
                - name: AIRSHIP_EPOCH
    extends_documentation_fragment:
        - connection_pipelining
"""

import os
import shlex
import subprocess

from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    """A chroot below this machine's root directory."""

    transport = "airship_chroot"
    has_pipelining = True
    has_tty = False

    def _connect(self):
        self._connected = True
        return self

    def close(self):
        self._connected = False

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        ended = self._chroot(cmd, input=in_data or b"", stdout=subprocess.PIPE)
        return ended.returncode, ended.stdout, ended.stderr

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as source:
            self._copy("cat > " + shlex.quote(out_path), stdin=source, stdout=subprocess.DEVNULL)

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        with open(out_path, "wb") as copy:
            self._copy("cat < " + shlex.quote(in_path), stdin=subprocess.DEVNULL, stdout=copy)

    def _copy(self, cmd, **streams):
        ended = self._chroot(cmd, **streams)
        if ended.returncode != 0:
            raise AnsibleError(f"{cmd}: {ended.stderr.decode(errors='replace').strip()}")

    def _chroot(self, cmd, **streams):
        return subprocess.run(
            ["chroot", self.get_option("target"), "/bin/sh", "-c", cmd],
            env=self._environment(), stderr=subprocess.PIPE, check=False, **streams,
        )

    def _environment(self):
        # The machine's own is kept: its proxies, and the mark by which it finds what to kill.
        env = {
            **os.environ,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "TMPDIR": self.get_option("tmp"),
            "DEBIAN_FRONTEND": "noninteractive",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if epoch := self.get_option("epoch"):
            env["SOURCE_DATE_EPOCH"] = epoch
        return env
