# What started the system, and what that asks of the kernel.
import os
import re
import subprocess

from system import read

VARIABLES = "/sys/firmware/efi/efivars"
# EFI_GLOBAL_VARIABLE, UEFI specification 2.10, section 3.3.
SECURE_BOOT = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def firmware():
    return "uefi" if os.path.isdir("/sys/firmware/efi") else "bios"


def secure_boot(variables=VARIABLES):
    """Of firmware that knows nothing of it there is no variable."""
    if firmware() == "bios" and variables == VARIABLES:
        return ""
    if not os.listdir(variables):
        subprocess.run(["mount", "-t", "efivarfs", "efivarfs", variables], check=True, stdin=subprocess.DEVNULL)
    try:
        with open(os.path.join(variables, SECURE_BOOT), "rb") as file:
            # Four bytes of attributes, then the value.
            return "on" if file.read()[4:] == b"\x01" else "off"
    except FileNotFoundError:
        return "off"


def lockdown(path="/sys/kernel/security/lockdown"):
    """The one in brackets; kernels without it have no such file."""
    try:
        chosen = re.search(r"\[(\w+)\]", read(path))
    except FileNotFoundError:
        return ""
    return chosen.group(1) if chosen else ""
