"""place.py FILE DISK OFFSET: copies FILE's data to OFFSET bytes of DISK, which is all zeros there."""

import errno
import os
import sys

BLOCK = 1 << 16
ZEROS = bytes(BLOCK)

source = os.open(sys.argv[1], os.O_RDONLY)
disk = os.open(sys.argv[2], os.O_WRONLY)
offset = int(sys.argv[3])
at = 0
while True:
    try:
        at = os.lseek(source, at, os.SEEK_DATA)
    except OSError as problem:
        if problem.errno == errno.ENXIO:  # a hole up to the end
            break
        raise
    end = os.lseek(source, at, os.SEEK_HOLE)
    while at < end:
        data = os.pread(source, min(BLOCK, end - at), at)
        if data != ZEROS[:len(data)]:
            view = memoryview(data)
            while view:
                view = view[os.pwrite(disk, view, offset + at + len(data) - len(view)):]
        at += len(data)
os.fsync(disk)
