"""The texts of a workbook that stand there once, and in every cell that names them.

Source: ECMA-376, part 1, 18.4: a cell of the type `s` holds the place of its text in the table
of shared strings. Read, each such cell has a copy: a few kilobytes of cells that name one long
text are gigabytes.
"""

from __future__ import annotations

from array import array
from itertools import repeat
from operator import mul


class SharedTexts:
    """How long each is, and how many cells name it; the parts that say so come in any order."""

    def __init__(self) -> None:
        self._bytes = array("Q")
        self._uses = array("Q")

    def __len__(self) -> int:
        return len(self._bytes)

    def begin(self) -> None:
        self._bytes.append(0)

    def add(self, text: str) -> None:
        """More of the one that was begun."""
        self._bytes[-1] += len(text.encode())

    def use(self, place: int) -> None:
        missing = place + 1 - len(self._uses)
        if missing > 0:
            self._uses.extend(repeat(0, missing))
        self._uses[place] += 1

    def copied_bytes(self) -> int:
        """Of all cells together. A place without a text is no matter here: readers refuse it."""
        return sum(map(mul, self._bytes, self._uses))
