"""Random codes and their fingerprints. Only the fingerprint of a secret is stored; what people
read out and type is stored as it is.

Its last character is a check: the places, weighted 1, 2, 3 ..., add up to a multiple of 29. As
29 is prime and longer than the code, no wrong character and no two that changed places pass.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def random_secret(prefix: str) -> str:
    """`prefix` and 32 random bytes, url-safe."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def fingerprint(text: str | bytes) -> str:
    """SHA-256 in hex. Fit for random secrets; passwords use argon2."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


READABLE = "23456789ABCDEFGHJKMNPQRTUVWXY"
"""29 signs without look-alikes: no 0 and O, no 1, I and L; S and Z read as 5 and 2."""
READABLE_LENGTH = 14
_MEANT = str.maketrans("SZ", "52", " -")


def readable_code() -> str:
    """13 random characters, 63 bits, and one that checks them."""
    places = [secrets.randbelow(len(READABLE)) for _ in range(READABLE_LENGTH - 1)]
    # The last place weighs as many as there are places.
    check = -_weighed(places) * pow(READABLE_LENGTH, -1, len(READABLE)) % len(READABLE)
    return "".join(READABLE[place] for place in (*places, check))


def read_code(written: str) -> str | None:
    """The code as it was made, however it is written: small letters, spaces and dashes between;
    None where it cannot be one."""
    code = written.upper().translate(_MEANT)
    if len(code) != READABLE_LENGTH or not set(code) <= set(READABLE):
        return None
    places = [READABLE.index(sign) for sign in code]
    return code if _weighed(places) % len(READABLE) == 0 else None


def _weighed(places: Sequence[int]) -> int:
    return sum(weight * place for weight, place in enumerate(places, start=1))


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
