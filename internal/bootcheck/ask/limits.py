# The question for resource limits: what pam_limits leaves a session.
import pwd
import re

from system import complaint, finished

# Rows of /proc/PID/limits by the items of limits.conf(5).
ROWS = {
    "Max cpu time": "cpu",
    "Max file size": "fsize",
    "Max data size": "data",
    "Max stack size": "stack",
    "Max core file size": "core",
    "Max resident set": "rss",
    "Max processes": "nproc",
    "Max open files": "nofile",
    "Max locked memory": "memlock",
    "Max address space": "as",
    "Max file locks": "locks",
    "Max pending signals": "sigpending",
    "Max msgqueue size": "msgqueue",
    "Max nice priority": "nice",
    "Max realtime priority": "rtprio",
}
ROW = re.compile(r"(Max [a-z ]+?) +([0-9]+|unlimited) +([0-9]+|unlimited)\b")


def parsed(text):
    """Item → soft and hard limit, in the kernel's units."""
    found = {}
    for line in text.splitlines():
        row = ROW.match(line)
        if row and row[1] in ROWS:
            found[ROWS[row[1]]] = {"soft": row[2], "hard": row[3]}
    return found


def limits(user):
    """None for a user that does not exist. runuser opens a PAM session with pam_limits, and with -u neither asks
    whether the account may log in nor starts its shell. cat needs less of what may be limited than python does."""
    try:
        pwd.getpwnam(user)
    except KeyError:
        return None
    done = finished("runuser", "-u", user, "--", "cat", "/proc/self/limits")
    if done.returncode != 0:
        raise RuntimeError("a session of %s: %s" % (user, complaint(done)))
    return parsed(done.stdout)
