"""Random codes and their fingerprints. Only the fingerprint of a secret is stored."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


def random_secret(prefix: str) -> str:
    """`prefix` and 32 random bytes, url-safe."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def fingerprint(text: str | bytes) -> str:
    """SHA-256 in hex. Fit for random secrets; passwords use argon2."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def kept_secret(folder: Path) -> str:
    """The installation's own random secret, made once and kept in its data folder, so that
    a restart signs nobody out and several processes agree."""
    file = folder / "secret.key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"secret.key.{secrets.token_hex(8)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            # Linked when whole: whoever comes second reads the first one's.
            os.link(fresh, file)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_text()
