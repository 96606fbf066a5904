"""The public terms of the programme, version by version, each in the languages that it was
written in. Where none was published the terms are what the programme says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import select

from config import LANGUAGES
from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db, lock_name
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import TERMS_LENGTH
from loyalty.programme import service as programme
from loyalty.programme.models import Terms
from loyalty.programme.terms_words import default_text


@dataclass(frozen=True, kw_only=True)
class TermsView:
    """`version` 0: nobody wrote any, this is the programme in words. `text` has a paragraph
    between blank lines."""

    version: int
    language: str
    text: str
    valid_from: datetime


def versions() -> list[Terms]:
    """Every published version, the newest first."""
    return list(db.session.scalars(select(Terms).order_by(Terms.version.desc())))


def in_force(language: str) -> TermsView:
    """What is in force now, in this language; in the shop's where it was not written in it."""
    newest = select(Terms).where(Terms.valid_from <= clock.now()).order_by(Terms.version.desc())
    found = db.session.scalar(newest.limit(1))
    return _by_itself(language) if found is None else _view(found, language)


def version(number: int, language: str) -> TermsView:
    """Raises `unknown_terms`."""
    found = db.session.get(Terms, number)
    if found is None:
        raise Problem(Code.UNKNOWN_TERMS)
    return _view(found, language)


def drafts() -> dict[str, str]:
    """By language, what to begin from: the newest texts, else the programme in words."""
    newest = next(iter(versions()), None)
    written = {} if newest is None else newest.texts
    return {language: written.get(language) or _in_words(language) for language in LANGUAGES}


def publish(texts: Mapping[str, str], *, valid_from: datetime | None = None) -> int:
    """Add the next version, in force from `valid_from` (None: now) on; returns its number.
    Raises `invalid_request` by language, and `invalid_time` before the version that it follows."""
    now = clock.now()
    valid_from = valid_from or now
    texts = {language: "\n".join(text.split("\r\n")).strip() for language, text in texts.items()}
    _check(texts)
    lock_name("programme")
    last = db.session.scalar(select(Terms).order_by(Terms.version.desc()).limit(1))
    if last is not None and valid_from < last.valid_from:
        raise Problem(Code.INVALID_TIME, field="valid_from")
    number = 1 if last is None else last.version + 1
    db.session.add(
        Terms(
            version=number,
            texts=texts,
            valid_from=valid_from,
            created_by=current_actor().label,
            created_at=now,
        )
    )
    # Flush: the page that follows reads it back.
    db.session.flush()
    audit.record("terms.publish", "terms", number)
    return number


def _check(texts: Mapping[str, str]) -> None:
    errors: dict[str, Any] = {}
    for language, text in texts.items():
        if language not in LANGUAGES:
            errors[language] = [gettext("There is no %(name)s.", name=language)]
        elif not 1 <= len(text) <= TERMS_LENGTH or "\0" in text:
            errors[language] = [
                gettext("Write 1 to %(most)s characters.", most=TERMS_LENGTH),
            ]
    if not texts:
        errors["texts"] = [gettext("Write the terms in one language at least.")]
    if errors:
        raise Problem(Code.INVALID_REQUEST, errors=errors)


def _view(row: Terms, language: str) -> TermsView:
    shops: str = current_app.extensions["settings"].language
    written = next((each for each in (language, shops) if each in row.texts), min(row.texts))
    return TermsView(
        version=row.version,
        language=written,
        text=row.texts[written],
        valid_from=row.valid_from,
    )


def _by_itself(language: str) -> TermsView:
    began = programme.snapshot().started_at
    return TermsView(version=0, language=language, text=_in_words(language), valid_from=began)


def _in_words(language: str) -> str:
    currency = current_app.extensions["settings"].currency
    current = programme.snapshot()
    rule = current.rule_at(clock.now())
    return default_text(current, rule, currency=currency, language=language)
