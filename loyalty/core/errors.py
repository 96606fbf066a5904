"""A refusal, and the one shape in which it leaves.

A use case raises `Problem(Code.X, ...)`; the API renders it as RFC 9457
`application/problem+json`, a page as a sentence beside the field, a command as
one line. Codes and sentences: `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loyalty.core.refusal_codes import PHONE_CODES, Code
from loyalty.core.refusals import TABLE

__all__ = ["PHONE_CODES", "Code", "Problem", "as_document"]


class Problem(Exception):
    """A refusal with a code.

    `field` names the input it is about; `errors` maps several fields to their
    sentences; `detail` replaces the table's sentence; `extra` adds members to
    the problem document; `headers` go out with the response.
    """

    def __init__(
        self,
        code: Code,
        *,
        detail: Any = None,
        field: str | None = None,
        errors: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.status, sentence = TABLE[code]
        self.detail = sentence if detail is None else detail
        self.errors = {field: [self.detail]} if field and errors is None else errors
        self.extra = extra or {}
        self.headers = headers or {}


def as_document(problem: Problem) -> dict[str, Any]:
    """The RFC 9457 members of a problem, ready for JSON."""
    document: dict[str, Any] = {
        "type": f"urn:problem:{problem.code}",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "code": str(problem.code),
        "detail": str(problem.detail),
        **problem.extra,
    }
    if problem.errors:
        document["errors"] = _plain(problem.errors)
    return document


def _plain(errors: Any) -> Any:
    if isinstance(errors, Mapping):
        return {str(key): _plain(value) for key, value in errors.items()}
    if isinstance(errors, (list, tuple)):
        return [_plain(value) for value in errors]
    return str(errors)
