"""A disk that is full: a refusal with a sentence, wherever files are written."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from loyalty.core.errors import Code, Problem

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def saying_disk_full() -> Iterator[None]:
    """Raises `disk_full` for what the system says of it; other failures pass as they are."""
    try:
        yield
    except OSError as why:
        if why.errno in _FULL:
            raise Problem(Code.DISK_FULL) from None
        raise
