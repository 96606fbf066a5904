"""In which characters a text file is written.

UTF-8, and UTF-16 where its mark says so, prove themselves. The single-byte encodings of Windows
do not: nearly every file is possible in each of them, so one is taken only where the letters
that come out are what the language is written with. Sources: the code pages 1258 and 874 of
Microsoft, which Python's codecs follow; TIS 620-2533, of which cp874 is the superset; the order
of Thai characters within a cell, WTT 2.0.
"""

from __future__ import annotations

import codecs
import io
import itertools
import unicodedata
from collections.abc import Callable, Iterator
from typing import IO

from flask_babel import gettext

from loyalty.core.limits import CSV_LINE_BYTES
from loyalty.imports.files import BadFile

UTF8 = "utf-8"
UTF16 = "utf-16"
VIETNAMESE = "cp1258"
THAI = "cp874"
ENCODINGS = (UTF8, UTF16, VIETNAMESE, THAI)
"""What a person can choose; each is the name of a codec."""

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MISPLACED = 0.02
"""So much of the letters may be out of place: people mistype, and lists hold a foreign name."""
_LINES = 20_000
"""So many, of those that are not plain ASCII, tell enough."""
_BLOCK_BYTES = 64 * 1024


class NotInThis(BadFile):
    """A line that is not in the encoding in which the file is read."""


def marked(start: bytes) -> str | None:
    return UTF16 if start.startswith(_UTF16_MARKS) else None


def as_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    """The same text in UTF-8; reading raises `BadFile` where it is not in `encoding`."""
    if encoding == UTF8:
        return stream
    return io.BufferedReader(_InUtf8(stream, encoding), _BLOCK_BYTES)


class _InUtf8(io.RawIOBase):
    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            block = self._stream.read(_BLOCK_BYTES)
            self._ready = self._recoded(block, is_last=not block)
            if not block:
                break
        count = min(len(into), len(self._ready))
        into[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _recoded(self, block: bytes, *, is_last: bool) -> bytes:
        try:
            return self._decoder.decode(block, is_last).encode()
        except UnicodeError:
            raise BadFile(
                gettext(
                    "The file is not in the encoding %(name)s: save it as CSV UTF-8.",
                    name=self._encoding,
                )
            ) from None


def recognise(reopen: Callable[[], IO[bytes]], *, region: str) -> str | None:
    """Which of the single-byte encodings the text is in, by its letters; None where it is in
    neither. Where both are as likely, the one of the shop's region."""
    first = THAI if region == "TH" else VIETNAMESE
    likely = {}
    for encoding in sorted(_MISPLACED_IN, key=lambda name: name != first):
        with reopen() as stream:
            texts = itertools.islice(_texts(stream, encoding), _LINES)
            share = _share_misplaced(texts, _MISPLACED_IN[encoding])
        if share is not None and share <= _MISPLACED:
            likely[encoding] = share
    return min(likely, key=lambda name: likely[name]) if likely else None


def _texts(stream: IO[bytes], encoding: str) -> Iterator[str | None]:
    """The lines that are not plain ASCII; None for one that is not in the encoding at all."""
    while line := stream.readline(CSV_LINE_BYTES):
        if not line.isascii():
            try:
                yield line.decode(encoding)
            except UnicodeDecodeError:
                yield None


def _share_misplaced(
    texts: Iterator[str | None], misplaced_in: Callable[[str], int]
) -> float | None:
    wrong = letters = 0
    for text in texts:
        if text is None:
            return None
        letters += sum(not character.isascii() for character in text)
        wrong += misplaced_in(text)
    return wrong / letters if letters else None


_VIETNAMESE_LETTERS = frozenset(
    unicodedata.normalize("NFC", vowel + tone)
    for vowel in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
) | frozenset("đĐ")
_MARKS_OF_TEXT = frozenset("“”‘’–—…•·°«»€₫\u00a0®™©×")


def _misplaced_in_vietnamese(text: str) -> int:
    """Letters that Vietnamese is not written with, and tones without their vowel."""
    composed = unicodedata.normalize("NFC", text)
    return sum(
        not (character.isascii() or character in _VIETNAMESE_LETTERS or character in _MARKS_OF_TEXT)
        for character in composed
    )


_ABOVE_OR_BELOW = frozenset("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a") | frozenset(
    map(chr, range(0x0E47, 0x0E4F))
)
_LEADING = frozenset("เแโใไ")
_FOLLOWING = frozenset("ะาำๅ")


def _misplaced_in_thai(text: str) -> int:
    """Vowels and tones without their consonant, characters that are none of Thai, and letters
    within a Latin word: what another encoding looks like."""
    neighbours = zip(" " + text, text, text[1:] + " ", strict=False)
    return sum(
        _is_misplaced(before, character, after)
        for before, character, after in neighbours
        if not character.isascii() and character not in _MARKS_OF_TEXT
    )


def _is_misplaced(before: str, character: str, after: str) -> bool:
    if _is_latin(before) or _is_latin(after):
        return True
    if character in _ABOVE_OR_BELOW or character in _FOLLOWING:
        return not (_is_consonant(before) or before in _ABOVE_OR_BELOW or before in "าๅ")
    if character in _LEADING:
        return not _is_consonant(after)
    return not "\u0e01" <= character <= "\u0e5b"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_consonant(character: str) -> bool:
    return "\u0e01" <= character <= "\u0e2e"


_MISPLACED_IN = {VIETNAMESE: _misplaced_in_vietnamese, THAI: _misplaced_in_thai}
