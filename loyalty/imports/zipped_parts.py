"""The parts of a zip, unpacked to their true end.

Whoever believes the sizes that a zip names can be told that a gigabyte is a kilobyte: here they
are only compared.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

_BLOCK_BYTES = 64 * 1024
_LOCAL_HEADER = struct.Struct("<26xHH")
"""Of which the lengths of the name and of what else stands before the content."""
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class DamagedZip(Exception):
    """No zip, or not as its directory says."""


def parts_of(stream: IO[bytes]) -> list[zipfile.ZipInfo]:
    """Raises `DamagedZip`."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error):
        raise DamagedZip from None


def unpacked(stream: IO[bytes], part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part in blocks of at most 64 KB; raises `DamagedZip`, at the end also where its
    size is another than the directory says."""
    is_readable = part.compress_type in _METHODS and not part.flag_bits & _ENCRYPTED
    if not is_readable or part.header_offset < 0:
        raise DamagedZip
    stream.seek(part.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise DamagedZip
    stream.seek(sum(_LOCAL_HEADER.unpack(header)), 1)
    blocks = _read(stream, part.compress_size)
    size = 0
    for block in blocks if part.compress_type == zipfile.ZIP_STORED else _inflated(blocks):
        size += len(block)
        yield block
    if size != part.file_size:
        raise DamagedZip


def _read(stream: IO[bytes], count: int) -> Iterator[bytes]:
    while count > 0:
        block = stream.read(min(count, _BLOCK_BYTES))
        if not block:
            raise DamagedZip
        count -= len(block)
        yield block


def _inflated(blocks: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for block in blocks:
            rest = block
            while rest:
                yield inflate.decompress(rest, _BLOCK_BYTES)
                rest = inflate.unconsumed_tail
        while rest := inflate.decompress(b"", _BLOCK_BYTES):
            yield rest
    except zlib.error:
        raise DamagedZip from None
    if not inflate.eof:
        raise DamagedZip
