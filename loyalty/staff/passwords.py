"""Argon2, for passwords and PINs alone. It never runs on a call by key: a hash takes a tenth of
a second and 64 MB, and keys are random, for which SHA-256 will do."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from loyalty.core.limits import PASSWORD_LENGTH
from loyalty.staff.rules import is_text

UNUSABLE = "!"
"""Kept where nobody has chosen a password yet: matches nothing, in the same time."""

_hasher = PasswordHasher()
_TEMPORARY_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_TEMPORARY_LENGTH = 12


def hashed(text: str) -> str:
    """The argon2id hash of a password or PIN. Where people wait for the one writer (signing
    in, a PIN), it runs before the transaction, not in it."""
    return _hasher.hash(text)


def matches(kept: str | None, text: str) -> bool:
    """Whether `text` made the hash `kept`; takes the same time where there is none. What is
    too long to be a password is refused without hashing, whosever it is."""
    if len(text) > PASSWORD_LENGTH or not is_text(text):
        return False
    usable = kept is not None and kept != UNUSABLE
    try:
        return _hasher.verify(kept if kept is not None and usable else _nobody(), text) and usable
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def temporary() -> str:
    """A random password to read out: 59 bits, no signs that look alike."""
    return "".join(secrets.choice(_TEMPORARY_SIGNS) for _ in range(_TEMPORARY_LENGTH))


@cache
def _nobody() -> str:
    """Verified for an unknown login, so that known and unknown take the same time. Made when
    first needed."""
    return _hasher.hash(secrets.token_urlsafe())
