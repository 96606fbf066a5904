"""How the body of a request arrives: whole, or it is refused; and not for ever.

The web server hands a body on as it comes, and a thread that waits for it cannot be woken.
It also says nothing when a body ends too early: half a form would be taken for a whole one,
an amount of 1500000 for 150.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import BODY_SECONDS, SERVER_THREADS
from loyalty.core.logs import log

if TYPE_CHECKING:
    from wsgiref.types import InputStream, StartResponse, WSGIApplication

TICK_SECONDS = 1
_SERVER = "Granian"


class Bodies:
    """Stands before the app and hands it a `Body` where the request has one."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.readers = Readers()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        length = _announced(environ)
        if length == 0:
            return self.app(environ, start_response)
        if environ.get("SERVER_SOFTWARE") == _SERVER:
            self.readers.watch()
        environ["wsgi.input"] = Body(environ["wsgi.input"], length, self.readers)
        try:
            return self.app(environ, start_response)
        finally:
            self.readers.leave()


class Body:
    """`wsgi.input`; `read` is all that Werkzeug asks of it. Of a body in chunks nobody said
    the length, and nobody can tell whether it is whole."""

    def __init__(self, stream: InputStream, length: int | None, readers: Readers) -> None:
        self._stream = stream
        self._length = length
        self._read = 0
        self._readers = readers

    def read(self, size: int = -1) -> bytes:
        """As many bytes, or fewer at the end; raises `request_too_slow` where the end comes
        before what was announced."""
        self._readers.enter()
        some = self._stream.read(size) if size >= 0 else self._stream.read()
        self._read += len(some)
        whole = self._length is not None and self._read >= self._length
        ended = size < 0 or len(some) < size
        if ended and not whole and self._length is not None:
            raise Problem(Code.REQUEST_TOO_SLOW)
        if ended or whole:
            self._readers.leave()
        return some


class Readers:
    """The threads that wait for a body now, and since when.

    While one waits, the others serve. Once all of them have waited for `BODY_SECONDS`,
    nobody is served and nothing is being done that could be lost: the process ends, which
    is the only way to be rid of its senders, and the server starts another.
    """

    def __init__(self) -> None:
        self._since: dict[int, float] = {}
        self._watched = False

    def enter(self) -> None:
        self._since.setdefault(threading.get_ident(), time.monotonic())

    def leave(self) -> None:
        self._since.pop(threading.get_ident(), None)

    def watch(self) -> None:
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._watch, name="bodies", daemon=True).start()

    def all_late(self, now: float) -> bool:
        late = [since for since in self._since.copy().values() if now - since >= BODY_SECONDS]
        return len(late) >= SERVER_THREADS

    def _watch(self) -> None:
        while not self.all_late(time.monotonic()):
            time.sleep(TICK_SECONDS)
        log.error("server.only_slow_senders", seconds=BODY_SECONDS)
        os._exit(os.EX_TEMPFAIL)


def _announced(environ: dict[str, Any]) -> int | None:
    """How many bytes the body has; None where it comes in chunks."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0
