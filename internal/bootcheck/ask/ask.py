# Runs in the guest, asks the system what questions.json beside it lists and writes one framed report
# to the port it names. The format is that of report.go. Questions of one subject are in files of their own.
import base64
import hashlib
import json
import os
import pwd
import re
import subprocess
import sys
import traceback

from firmware import firmware, lockdown, secure_boot
from limits import limits
from live import live
from modules import blacklist, modules
from paths import paths
from system import printable, read, run


def uptime():
    return float(read("/proc/uptime").split()[0])


def wait(deadline):
    """Wait until systemd has nothing more to start, or until that uptime."""
    seconds = max(1, deadline - uptime())
    try:
        subprocess.run(["systemctl", "is-system-running", "--wait"], timeout=seconds, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        pass


def state():
    return run("systemctl", "is-system-running").strip()


def pending():
    jobs = run("systemctl", "list-jobs", "--no-legend", "--no-pager").splitlines()
    return [job.split()[1] for job in jobs if len(job.split()) > 3]


def failed():
    units = run("systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager", "--full").splitlines()
    names = [unit.split()[0] for unit in units if unit.strip()]
    return [{"name": name, "log": printable(run("journalctl", "-b", "-u", name, "-n", "10", "-o", "cat", "--no-pager"))}
            for name in names]


def os_release():
    fields = {}
    for line in read("/etc/os-release").splitlines():
        name, found, value = line.partition("=")
        if found:
            fields[name] = value.strip("\"'")
    return {"distribution": fields.get("ID", ""), "suite": fields.get("VERSION_CODENAME", "")}


def meta():
    top = "/etc/imagebuilder/meta"
    digests = {}
    for place, _, names in os.walk(top):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                digests[os.path.relpath(path, top)] = hashlib.sha256(file.read()).hexdigest()
    return digests


def user(name):
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    status = run("passwd", "-S", name).split()
    password = {"L": "locked", "LK": "locked", "P": "set", "PS": "set", "NP": "none"}
    return {"uid": entry.pw_uid, "gid": entry.pw_gid, "home": entry.pw_dir, "shell": entry.pw_shell,
            "password": password.get(status[1] if len(status) > 1 else "", "")}


def sysctl(name):
    """As sysctl(8) reads a name: whichever of . and / comes first separates."""
    if re.match(r"[^./]*\.", name):
        name = name.translate(str.maketrans("./", "/."))
    try:
        return " ".join(read("/proc/sys/" + name).split())
    except (FileNotFoundError, NotADirectoryError):
        return None


def sysctls(names):
    """Without those that can only be written, such as vm.compact_memory; other errors stand for the value."""
    found = {}
    for name in names:
        try:
            found[name] = sysctl(name)
        except PermissionError:
            pass
        except OSError as error:
            found[name] = error.strerror
    return found


def unit(name):
    """As `systemctl is-enabled` says; older ones say nothing of what is not there."""
    said = run("systemctl", "is-enabled", "--", name).split()
    return said[-1] if said else "not-found"


def motd():
    """The script that pam_motd runs at each login."""
    done = subprocess.run(["/etc/update-motd.d/00-motd"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, cwd="/")
    return {"status": done.returncode, "lines": printable(done.stdout.decode("utf-8", "replace"))[-10:]}


def mounts():
    columns = "TARGET,SOURCE,FSTYPE,UUID,OPTIONS"
    found = json.loads(run("findmnt", "--real", "--list", "--json", "-o", columns))["filesystems"]
    return [{"target": m["target"], "source": m["source"] or "", "type": m["fstype"] or "", "uuid": m["uuid"] or "",
             "options": m["options"] or ""} for m in found]


def root_size():
    fs = os.statvfs("/")
    return fs.f_frsize * fs.f_blocks


def host_keys():
    return sorted(name for name in os.listdir("/etc/ssh") if re.fullmatch(r"ssh_host_.*_key", name)) \
        if os.path.isdir("/etc/ssh") else []


def grub():
    """How a grub.cfg made on the node would differ from the image's."""
    made = subprocess.run(["grub-mkconfig"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if made.returncode != 0:
        raise RuntimeError("grub-mkconfig: " + made.stderr.decode("utf-8", "replace")[-300:])
    differ = subprocess.run(["diff", "-u", "/boot/grub/grub.cfg", "-"], input=made.stdout, stdout=subprocess.PIPE)
    return printable(differ.stdout.decode("utf-8", "replace"))[:40]


def ask(questions):
    answers, errors = {}, {}

    def put(name, question, *args):
        try:
            answers[name] = question(*args)
        except Exception:
            errors[name] = traceback.format_exc(limit=0).strip()

    wait(questions["deadline"])
    # The wait's end and its timeout look the same here; what is pending tells them apart.
    put("state", state)
    put("pending", pending)
    put("failed", failed)
    put("hostname", lambda: os.uname().nodename)
    put("staticHostname", lambda: read("/etc/hostname").strip())
    put("cmdline", lambda: read("/proc/cmdline").strip())
    put("kernel", lambda: os.uname().release)
    put("firmware", firmware)
    put("secureBoot", secure_boot)
    put("lockdown", lockdown)
    put("os", os_release)
    put("meta", meta)
    put("users", lambda: {name: user(name) for name in questions["users"]})
    put("sysctls", sysctls, questions["sysctls"])
    put("modules", modules, questions["modules"])
    if questions["blacklist"]:
        put("blacklist", blacklist, questions["blacklist"])
    put("limits", lambda: {name: limits(name) for name in questions["limits"]})
    put("openFiles", lambda: read("/proc/sys/fs/nr_open").strip())
    put("units", lambda: {name: unit(name) for name in questions["units"]})
    put("paths", paths, questions["paths"])
    if questions["motd"]:
        put("motd", motd)
    put("mounts", mounts)
    put("rootSize", root_size)
    put("hostKeys", host_keys)
    put("machineID", lambda: read("/etc/machine-id").strip())
    if questions["grub"]:
        put("grub", grub)
    if questions["live"]:
        put("live", live)
    put("uptime", uptime)
    answers["errors"] = errors
    return answers


def write(out, answers):
    data = json.dumps(answers).encode()
    frame = b"\n-----BEGIN AIRSHIP BOOT REPORT-----\n" + base64.encodebytes(data)
    frame += b"-----END AIRSHIP BOOT REPORT " + hashlib.sha256(data).hexdigest().encode() + b"-----\n"
    if os.isatty(out):
        import tty
        tty.setraw(out)
    while frame:
        frame = frame[os.write(out, frame):]
    if os.isatty(out):
        import termios
        termios.tcdrain(out)


if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(sys.argv[0]), "questions.json"), encoding="utf-8") as file:
        asked = json.load(file)
    # Standard error is the port: a virtio port can be opened only once.
    write(2, ask(asked))
