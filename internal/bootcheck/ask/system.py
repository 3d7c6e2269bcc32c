# Programs and files of the node, as the questions use them.
import os
import re
import subprocess

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\x1b\[[0-9;]*[A-Za-z]")


def finished(*args, **options):
    """A program that has run, what it wrote as text."""
    return subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", errors="replace", **options)


def run(*args):
    """Standard output of a program; its exit status says nothing that the output does not."""
    return finished(*args).stdout


def complaint(done):
    """What a program that failed says, in a line."""
    return " ".join(printable(done.stderr)[-3:])[-300:] or "exit status %d" % done.returncode


def in_english(*args):
    """A program whose complaints are compared."""
    return finished(*args, env=dict(os.environ, LC_ALL="C"))


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def printable(text):
    return [CONTROL.sub("", line)[:300] for line in text.splitlines() if line.strip()]
