"""Settings: what differs between installations, read from the environment once.

`load()` refuses unknown LOYALTY_ names and bad values, so that a typing mistake
stops the start instead of changing what the service does.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "LOYALTY_"
LANGUAGES = ("vi", "en", "th")
FEWEST_CHARACTERS = 10
"""How many different ones a secret needs at least: a random one of 32 hex digits has 14."""
KNOWN_SECRETS = ("only-for-tests-", "change-me", "changeme", "example")
"""What anybody can read somewhere is no secret, whatever stands behind it."""


class BadSetting(Exception):
    """A setting that stops the start; the message names it and says what it takes."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One installation. `database_url` is an SQLAlchemy URL; an empty `secret_key` means
    one that the installation keeps in its data folder; no `hosts` means any name. See
    example.env for the rest."""

    env: str
    database_url: str
    data_dir: Path
    secret_key: str
    default_region: str
    currency: str
    time_zone: ZoneInfo
    language: str
    host: str
    port: int
    tls: str
    proxies: int
    hosts: tuple[str, ...]
    processes: int
    rate_limits: bool
    demo: bool
    files_days: int

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def behind_tls(self) -> bool:
        """Whether browsers reach the service over HTTPS."""
        return self.tls == "proxy"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the LOYALTY_ variables; raises `BadSetting`."""
    given = {
        name.removeprefix(PREFIX): value
        for name, value in environ.items()
        if name.startswith(PREFIX)
    }
    unknown = sorted(set(given) - set(_READERS))
    if unknown:
        raise BadSetting(f"{PREFIX}{unknown[0]} is no setting: see config/example.env.")
    values: dict[str, Any] = {
        name.lower(): _read(name, given.get(name, default))
        for name, (default, _) in _READERS.items()
    }
    _complete(values)
    return Settings(**values)


def _read(name: str, text: str) -> object:
    try:
        return _READERS[name][1](text.strip())
    except (ValueError, KeyError) as wrong:
        raise BadSetting(f"{PREFIX}{name}: {wrong}") from None


def _complete(values: dict[str, Any]) -> None:
    """Fill and check what depends on other settings."""
    url = values["database_url"] or f"sqlite:///{values['data_dir']}/loyalty.db"
    values["database_url"] = _database_url(url)
    if values["tls"] == "proxy" and not values["proxies"]:
        raise BadSetting("LOYALTY_PROXIES: with LOYALTY_TLS=proxy, how many stand in front.")
    if values["env"] == "production":
        _refuse_for_production(values)
    if values["demo"] and not is_loopback(values["host"]):
        raise BadSetting("LOYALTY_HOST: a demo listens on this machine only, 127.0.0.1.")


def _refuse_for_production(values: dict[str, Any]) -> None:
    secret = values["secret_key"]
    if not secret:
        raise BadSetting("LOYALTY_SECRET_KEY: production needs one, 32 characters or more.")
    if len(set(secret)) < FEWEST_CHARACTERS or secret.startswith(KNOWN_SECRETS):
        raise BadSetting("LOYALTY_SECRET_KEY: this one is easily guessed, make a random one.")
    if values["tls"] == "off" and not is_loopback(values["host"]):
        raise BadSetting(
            "LOYALTY_TLS: others can reach this address, so say proxy where one with TLS "
            "stands in front, or unprotected to send passwords in the clear."
        )


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach a listener there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _database_url(text: str) -> str:
    if text.startswith("sqlite:///"):
        path = text.removeprefix("sqlite:///")
        if not path or ":memory:" in path:
            raise BadSetting("LOYALTY_DATABASE_URL: SQLite needs a file.")
        return f"sqlite:///{ROOT / path}"
    for scheme in ("postgres://", "postgresql://", "postgresql+psycopg://"):
        if text.startswith(scheme):
            url = "postgresql+psycopg://" + text.removeprefix(scheme)
            if _is_url(url):
                return url
    raise BadSetting("LOYALTY_DATABASE_URL: sqlite:///path or postgresql://host/name.")


def _is_url(text: str) -> bool:
    try:
        make_url(text)
    except (ArgumentError, ValueError):
        return False
    return True


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}.")
        return text

    return read


def _switch(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _between(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
            raise ValueError(f"a whole number from {low} to {high}.")
        return int(text)

    return read


def _region(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("a country's two capital letters, such as VN.")
    return text


def _currency(text: str) -> str:
    if text not in Locale("en").currencies:
        raise ValueError("an ISO 4217 code, such as VND.")
    return text


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ValueError, KeyError, OSError):
        raise ValueError("a zone's name, such as Asia/Ho_Chi_Minh.") from None


def _secret(text: str) -> str:
    if text and len(text) < 32:
        raise ValueError("32 characters or more.")
    return text


def _directory(text: str) -> Path:
    if not text:
        raise ValueError("a folder.")
    folder = ROOT / text
    if folder.exists() and not folder.is_dir():
        raise ValueError("a folder, this is a file.")
    return folder


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", text):
        raise ValueError("an address or name of this machine, such as 127.0.0.1.")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",")) if text else ()
    if not all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name) for name in names):
        raise ValueError("names or addresses without a port, such as shop.example.vn, and commas.")
    return names


_READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "ENV": ("development", _one_of("development", "production")),
    "DATABASE_URL": ("", str),
    "DATA_DIR": ("var", _directory),
    "SECRET_KEY": ("", _secret),
    "DEFAULT_REGION": ("VN", _region),
    "CURRENCY": ("VND", _currency),
    "TIME_ZONE": ("Asia/Ho_Chi_Minh", _zone),
    "LANGUAGE": ("vi", _one_of(*LANGUAGES)),
    "HOST": ("127.0.0.1", _host),
    "PORT": ("8000", _between(1, 65535)),
    "TLS": ("off", _one_of("off", "proxy", "unprotected")),
    "PROXIES": ("0", _between(0, 5)),
    "HOSTS": ("", _hosts),
    "PROCESSES": ("2", _between(1, 64)),
    "RATE_LIMITS": ("on", _switch),
    "DEMO": ("off", _switch),
    "FILES_DAYS": ("7", _between(1, 90)),
}
