"""Random codes and their fingerprints. Only the fingerprint of a secret is stored."""

from __future__ import annotations

import hashlib
import secrets


def random_secret(prefix: str) -> str:
    """`prefix` and 32 random bytes, url-safe."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def fingerprint(text: str | bytes) -> str:
    """SHA-256 in hex. Fit for random secrets; passwords use argon2."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()
