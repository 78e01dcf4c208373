"""Zip files: stored or deflated, all dated the same (PKWARE's APPNOTE.TXT 6.3.10, §4.3.7, §4.3.12 and §4.3.16).

Python's zipfile takes twice as long for a package as its signature does, mostly for what packages do not have.
"""

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

VERSION = 20  # that is needed to read one: 2.0, deflate
MADE_BY = 3 << 8 | VERSION  # Unix, so that the permissions count
STORE, DEFLATE = 0, 8
UTF8 = 1 << 11  # the flag that says how names are written
TIME, DATE = 0, (2001 - 1980) << 9 | 1 << 5 | 1  # 1 January 2001: what is built twice differs in its signature only
PERMISSIONS = 0o100644 << 16
# Signature, then as the sections above list them.
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")


class Entry(NamedTuple):
    """A file to be packed. `crc` is its CRC-32; `is_packed` says that it would not get smaller."""

    name: str
    content: bytes
    crc: int
    is_packed: bool


def zipped(entries: Iterable[Entry]) -> bytes:
    """A zip of `entries`, of less than 4 GB altogether."""
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for entry in entries:
        name = entry.name.encode()
        method = STORE if entry.is_packed else DEFLATE
        data = entry.content if entry.is_packed else _deflated(entry.content)
        facts = (UTF8, method, TIME, DATE, entry.crc, len(data), len(entry.content), len(name), 0)
        parts += [LOCAL.pack(b"PK\x03\x04", VERSION, *facts), name, data]
        directory += [CENTRAL.pack(b"PK\x01\x02", MADE_BY, VERSION, *facts, 0, 0, 0, PERMISSIONS, offset), name]
        offset += LOCAL.size + len(name) + len(data)
    count, size = len(directory) // 2, sum(map(len, directory))
    return b"".join([*parts, *directory, END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)])


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)  # without zlib's own header
    return packer.compress(content) + packer.flush()
