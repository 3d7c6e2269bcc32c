"""xfs.py IMAGE EPOCH <LIST: gives the files of a new xfs what a prototype of mkfs.xfs has no words for.

LIST has for each file its path, mode (octal), modification time (nanoseconds), number of links, the path in the image
that it is another link to (or nothing), and where its own link leads (or nothing); each field ends with NUL. A parent
comes before its children. Times after EPOCH (seconds) become EPOCH; so do all other times, and what mkfs draws by chance
follows from the inode's number: the same list gives the same bytes. The layout on the disk is that of "XFS Algorithms &
Data Structures", chapters "Superblocks" and "Inode Core".
"""

import os
import struct
import subprocess
import sys

BIGTIME = 1 << 3  # of an inode's flags2: one count of nanoseconds, from the least 32-bit time
LOCAL = 1  # of an inode's format: the data lies in the inode, behind its core of 176 bytes
CHUNK = 64  # inodes are made so many at a time
FIELDS = 6


def table():
    """CRC32c's table (RFC 3720, appendix B.4)."""
    entries = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        entries.append(n)
    return entries


TABLE = table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class Image:
    def __init__(self, path):
        self.path = path
        self.file = open(path, "r+b", buffering=0)
        block = os.pread(self.file.fileno(), 512, 0)
        self.block_size, = struct.unpack_from(">I", block, 4)
        # The root directory, and two files of the realtime device that there is none of.
        self.root, *self.realtime = struct.unpack_from(">QQQ", block, 56)
        self.group_blocks, = struct.unpack_from(">I", block, 84)
        self.inode_size, = struct.unpack_from(">H", block, 104)
        self.inodes_log, self.group_log = block[123], block[124]

    def offset(self, number):
        """Where an inode lies, in bytes: its number is that of its group, its block there, and its place in the block."""
        group, rest = divmod(number, 1 << self.group_log + self.inodes_log)
        block, place = divmod(rest, 1 << self.inodes_log)
        return (group * self.group_blocks + block) * self.block_size + place * self.inode_size

    def xfs_db(self, option, commands):
        arguments = [part for command in commands for part in ("-c", command)]
        result = subprocess.run(["xfs_db", option, *arguments, self.path], stdout=subprocess.PIPE, check=True)
        return result.stdout

    def listing(self, numbers):
        """The entries of directories, by the directory's number and the name."""
        entries, directory = {}, None
        for line in self.xfs_db("-r", [c for n in numbers for c in (f"inode {n}", "ls")]).split(b"\n"):
            fields = line.split(None, 5)  # cookie, inode, type, hash, length, name and verdict
            if len(fields) < 6 or not fields[0].isdigit():
                continue
            name = fields[5][:int(fields[4])]
            if name == b".":
                directory = int(fields[1])
            elif name != b"..":
                entries[directory, name] = int(fields[1])
        return entries


def batches(items, most=500):
    """Runs that fit a command line."""
    return (items[at:at + most] for at in range(0, len(items), most))


def find(image, paths):
    """The inodes' numbers of paths, level by level."""
    numbers = {b"": image.root}
    levels = {}
    for path in paths:
        if path:
            levels.setdefault(path.count(b"/"), []).append(path)
    for _, level in sorted(levels.items()):
        parents = sorted({numbers[os.path.dirname(path)] for path in level})
        entries = {}
        for batch in batches(parents):
            entries.update(image.listing(batch))
        for path in level:
            numbers[path] = entries[numbers[os.path.dirname(path)], os.path.basename(path)]
    return numbers


def stamp(inode, offset, nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    if struct.unpack_from(">Q", inode, 120)[0] & BIGTIME:
        struct.pack_into(">Q", inode, offset, (seconds + 2**31) * 10**9 + rest)
    else:
        struct.pack_into(">iI", inode, offset, seconds, rest)


def settle(image, number, epoch, file=None):
    """Writes an inode anew: that of a file, one that mkfs makes for itself, or one that is free."""
    at = image.offset(number)
    inode = bytearray(os.pread(image.file.fileno(), image.inode_size, at))
    if inode[:2] != b"IN" or struct.unpack_from(">Q", inode, 152)[0] != number:
        if file:
            raise SystemExit(f"inode {number} is not where it should be")
        return  # of a group of inodes that is there in part
    if struct.unpack_from(">H", inode, 2)[0]:
        for offset in (32, 40, 48, 144):  # accessed, modified, changed, created
            stamp(inode, offset, epoch)
    struct.pack_into(">I", inode, 92, number * 2654435761 & 0xFFFFFFFF)  # generation
    if file:
        describe(inode, file, epoch)
    struct.pack_into("<I", inode, 100, 0)
    struct.pack_into("<I", inode, 100, crc32c(inode))
    os.pwrite(image.file.fileno(), inode, at)


def describe(inode, file, epoch):
    _, mode, time, links, _, target = file
    struct.pack_into(">H", inode, 2, struct.unpack_from(">H", inode, 2)[0] & 0o170000 | int(mode, 8))
    struct.pack_into(">I", inode, 16, int(links))
    stamp(inode, 40, min(int(time), epoch))
    if target:
        size, = struct.unpack_from(">Q", inode, 56)
        if inode[5] != LOCAL or size != len(target):
            raise SystemExit(f"a link to {os.fsdecode(target)!r} has no room in its inode")
        inode[176:176 + size] = target


def main():
    image, epoch = Image(sys.argv[1]), int(sys.argv[2]) * 10**9
    fields = sys.stdin.buffer.read().split(b"\0")[:-1]
    files = [fields[at:at + FIELDS] for at in range(0, len(fields), FIELDS)]
    own = [f for f in files if not f[4]]
    numbers = find(image, [f[0] for f in own])
    others = [f for f in files if f[4]]
    for batch in batches(others):
        commands = []
        for path, _, _, _, first, _ in batch:
            commands.append(f"inode {numbers[os.path.dirname(path)]}")
            commands.append(b"link -i %d %s" % (numbers[first], os.path.basename(path)))
        image.xfs_db("-x", commands)
    settled = {numbers[f[0]]: f for f in own}
    for chunk in sorted({number // CHUNK for number in [*settled, *image.realtime]}):
        for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            settle(image, number, epoch, settled.get(number))
    os.fsync(image.file.fileno())


main()
