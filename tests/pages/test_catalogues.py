"""The catalogues hold every sentence that a person can read, and nothing else."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from config import LANGUAGES, ROOT

TRANSLATED = [language for language in LANGUAGES if language != "en"]
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@lru_cache(maxsize=1)
def said() -> dict[str, str | None]:
    """Every message id of the code and templates, with its plural."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    messages = {}
    for _, _, message, _, _ in extract_from_dir(ROOT, methods, options, KEYWORDS):
        one, many = message if isinstance(message, tuple) else (message, None)
        messages[one] = many
    return messages


def folder(language: str) -> Path:
    return ROOT / "loyalty" / "translations" / language / "LC_MESSAGES"


def catalogue(language: str) -> Catalog:
    with (folder(language) / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


Words = str | tuple[str, ...] | list[str] | None


def forms(words: Words) -> tuple[str, ...]:
    """Every form of a message: one, or one for each kind of number."""
    return (words,) if isinstance(words, str) else tuple(words or ())


def identity(message_id: Words) -> str:
    return forms(message_id)[0]


def test_there_is_something_to_say():
    assert "Undo" in said()
    assert "The number is too short: a digit is missing." in said()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(language):
    kept = {identity(message.id) for message in catalogue(language) if message.id}
    assert (set(said()) - kept, kept - set(said())) == (set(), set())
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_empty_or_a_guess(language):
    doubtful = [
        message.id
        for message in catalogue(language)
        if message.id and (message.fuzzy or not all(forms(message.string)))
    ]
    assert doubtful == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_placeholders(language):
    """Of a plural those of its form for many: these languages have one form for every count."""
    for message in catalogue(language):
        expected = sorted(PLACEHOLDER.findall(forms(message.id)[-1])) if message.id else []
        for form in forms(message.string) if message.id else ():
            assert sorted(PLACEHOLDER.findall(form)) == expected, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_text(language):
    with (folder(language) / "messages.mo").open("rb") as file:
        compiled = {identity(m.id): forms(m.string) for m in read_mo(file) if m.id}
    assert compiled == {identity(m.id): forms(m.string) for m in catalogue(language) if m.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_words_of_the_machine_room_stay_off_the_screen(language):
    shown = " ".join(form for m in catalogue(language) for form in forms(m.string) if m.id).lower()
    for word in ("hold", "capture", "idempotent ", "debt"):
        assert word not in shown
