"""From what people write in a phone box to the digits they mean.

Nothing here knows numbering plans: it drops what stands around a number (label,
note, extension, separators) and refuses what stands inside it. Which digits are
a number is for `phone.py`. Source of the rules: semantics, Phones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from loyalty.core.errors import Code, Problem


class Written(NamedTuple):
    """A number as written: `compact` is `+84912345678` or `0912345678`, and `body` is the
    same with the separators that show its grouping: `(08) 3823 4567`."""

    compact: str
    body: str


def clean(text: str) -> Written:
    """Drop what is not the number. Raises `Problem` with the code of what stands in the way.

    Time grows with the square of the length at worst: the caller bounds the length.
    """
    folded = fold(text)
    if not _HAS_DIGIT.search(folded):
        raise refusal(Code.NO_NUMBER)
    if not _PLAIN.fullmatch(folded):
        for step in _STEPS:
            folded = step(folded)
    return _written(folded)


def refusal(code: Code) -> Problem:
    return Problem(code, field="phone")


# Characters -------------------------------------------------------------------

_MASK = "*"  # hides a digit (0912***678), or is a bullet before the number
_ALIEN = "?"  # has no business near a phone number: < > @ %

_CHARACTERS = {
    **dict.fromkeys("0123456789abcdefghijklmnopqrstuvwxyz+.-(),/;:~|& "),
    **dict.fromkeys("·‧∙⋅・･", "."),
    **dict.fromkeys("−⁃ーｰ", "-"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("∼≈", "~"),
    **dict.fromkeys("=#_\"'`´ʹʻʼˈ!", " "),
    **dict.fromkeys("*×∗•●○◯■□▪▫", _MASK),
    **dict.fromkeys("?<>@%$\\^", _ALIEN),
    "➕": "+",
    "đ": "d",
    "Đ": "d",
}

# By Unicode category, first the exact one, then its first letter.
_CATEGORIES = {
    "Pd": "-",
    "Ps": "(",
    "Pe": ")",
    "P": " ",  # quotes, and the marks that no rule names
    "Z": " ",
    "Cc": " ",
    "Cf": "",  # zero-width and direction marks: 0912\u200b345678
    "M": "",  # accents, so that "may le" is "máy lẻ"; the frame of a keycap emoji
    "So": " ",  # 📞
    "Sk": " ",  # the skin of a hand 🏻
}


def _fold_character(character: str) -> str:
    """The character in the small alphabet of this module."""
    if character in _CHARACTERS:
        return _CHARACTERS[character] or character
    category = unicodedata.category(character)
    if category == "Nd":  # ０ ๐ ٠
        return str(unicodedata.decimal(character))
    if category[0] == "L":
        spelt = unicodedata.normalize("NFKD", character).casefold()
        return "".join(filter(str.isalpha, spelt))[:3] or _ALIEN  # ﷺ is 18 letters
    narrow = unicodedata.normalize("NFKC", character)  # （ ＋ ： of East Asian keyboards
    if narrow != character and len(narrow) == 1 and narrow.isascii() and not narrow.isalnum():
        return _fold_character(narrow)
    return _CATEGORIES.get(category, _CATEGORIES.get(category[0], _ALIEN))


class _Alphabet(dict[int, str]):
    """Ready for what Western and Thai text is made of, worked out on demand for the rest
    (and not kept, so that hostile text cannot fill the memory)."""

    def __missing__(self, point: int) -> str:
        return _fold_character(chr(point))


_READY = (range(0x0250), range(0x0E00, 0x0E80), range(0x2000, 0x2070), range(0xFF00, 0xFF60))
_ALPHABET = _Alphabet({point: _fold_character(chr(point)) for span in _READY for point in span})


def fold(text: str) -> str:
    """Digits in ASCII, letters small and without accents, one space, few separators."""
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    return " ".join(text.translate(_ALPHABET).split())


def _any_of(*words: str) -> str:
    """A pattern for words as `fold` leaves them, the longest first."""
    folded = sorted({fold(word) for word in words}, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace(r"\ ", " ?") for word in folded)


_HAS_DIGIT = re.compile(r"\d", re.ASCII)
_PLAIN = re.compile(r"[\d+ .()-]*(?<!\.0)(?<!\.00)", re.ASCII)


# Steps ------------------------------------------------------------------------

_ROUNDED = re.compile(r"(?<![\d.,])(\d)(?:[.,](\d+))? ?e ?\+?(\d{1,2})$")
_FLOAT = re.compile(r"([1-9]\d{6,}|\+?\d{9,}|\d{1,3}(?:,\d{3})+)[.,]0{1,2}")


def _without_cell_format(text: str) -> str:
    """What spreadsheets make of numbers: `912345678.0`, `912,345,678.00`, `9.12345678E8`.

    `9.12346E+08` has lost digits, and so may have `9.1234567E8`.
    """
    if whole := _FLOAT.fullmatch(text):
        return whole[1]
    if not (rounded := _ROUNDED.search(text)):
        return text
    first, rest, exponent = rounded.groups()
    if rest is None or len(rest) != int(exponent):
        raise refusal(Code.DIGITS_LOST)
    return text[: rounded.start()] + first + rest


_PARAMETERS = re.compile(r"; ?[a-z][a-z-]*(?: .*)?$")
_CONTEXT = re.compile(r"; ?phone-context (\+[\d.()-]+)")


def _without_tel_parameters(text: str) -> str:
    """RFC 3966: `tel:+84-912-345-678;ext=12`, `tel:0812345678;phone-context=+66`.

    A context is the country of a local number, and dropping it would name someone else.
    """
    if not text.startswith("tel:"):
        return text
    context = _CONTEXT.search(text)
    number = _PARAMETERS.sub("", text[4:])
    return f"{context[1]} {number}" if context and "+" not in number else number


_NOTE = re.compile(r"\(([^()]*)[ .,;)]*$")
_NOT_DIGITS = re.compile(r"[^\W\d_]|[*?]")


def _without_notes(text: str) -> str:
    """Brackets after the number: `0912345678 (chị Lan)`, also cut off: `0912345678 (chị L`."""
    while (note := _NOTE.search(text)) and _NOT_DIGITS.search(note[1]):
        before = text[: note.start()]
        if _digits_in(before) < _FEWEST:
            break
        if _digits_in(note[1]) >= _FEWEST:  # 0912345678 (hoặc 0987654321)
            raise refusal(Code.TWO_NUMBERS)
        text = before.rstrip()
    return text


_AND = _any_of("và", "or", "hoặc", "hay", "and", "หรือ", "และ", "đến", "tới", "to", "ถึง")
_EXTENSION_WORD = _any_of(
    *("ext", "extn", "extension", "extension number", "số máy lẻ", "máy lẻ", "số lẻ", "lẻ"),
    *("máy nhánh", "số nhánh", "nhánh", "số nội bộ", "nội bộ", "máy con", "ต่อ", "เบอร์ต่อ"),
    *("ต่อเบอร์", "ต่อภายใน", "เบอร์ภายใน", "ภายใน"),
)
_BETWEEN = rf"(?:[ .,:;&/~-]|{_AND}|{_EXTENSION_WORD})++"  # possessive: never tried twice
_EXTENSION = re.compile(
    rf"(?<![a-z])(?:{_EXTENSION_WORD})[ .:]*(\d{{1,6}}(?:{_BETWEEN}\d{{1,6}})*+)\)?$"
)


def _without_extension(text: str) -> str:
    """`028 38234567 ext 102`, `... máy lẻ 102, 103`, `... ต่อ 341-345`."""
    extension = _EXTENSION.search(text)
    if not extension or not _HAS_DIGIT.search(text, 0, extension.start()):
        return text
    if extension[1].startswith("0") and _digits_in(extension[1]) >= 9:  # nhánh 0912-345-678
        raise refusal(Code.TWO_NUMBERS)
    return text[: extension.start()].rstrip(" .,;:-/(")


_BEFORE_NUMBER = re.compile(r"[^\d+]*", re.ASCII)
_THAI_END = re.compile(r"[\u0e01-\u0e4e]$")  # Thai writes no spaces: คุณเอ0812345678
_LABEL = re.compile(
    r"(?:.*\W)?(?:"
    + _any_of(
        *("SĐT", "ĐT", "DTDĐ", "điện thoại", "di động", "số", "số điện thoại", "sđt zalo", "LH"),
        *("liên hệ", "tel", "telephone", "phone", "mobile", "mob", "cell", "hotline", "fax"),
        *("zalo", "viber", "whatsapp", "line", "sms", "call", "hp"),
    )
    + ")"
)
_FOR_DIGITS = re.compile(r"(?:^|\W)(?:([oli])\1*|xx+)\W*$")
_INDEX = re.compile(r"[1-9](?: ?[:.)-] ?| )(?=\(?[0+])")


def _without_label(text: str) -> str:
    """`SĐT: 0912345678`, `Ms Lan 0912345678`, `โทร. 081 234 5678`, `Zalo 2: 0912345678`.

    A label that touches the number is a known word; `O912345678` is a letter for a digit.
    """
    found = _BEFORE_NUMBER.match(text)
    label = found[0] if found else ""
    letters = max((i for i, character in enumerate(label, 1) if character.isalpha()), default=0)
    if _ALIEN in label or (letters and not _is_label(label, text[len(label) :])):
        raise refusal(Code.LETTERS_IN_NUMBER)
    if not letters:
        return text
    number = text[letters:].lstrip(" .:;,-)/*|&~")
    return _INDEX.sub("", number, count=1) if _INDEX.match(number) else number


def _is_label(label: str, number: str) -> bool:
    if label[-1].isalpha() and number[:1] != "+":
        return bool(_THAI_END.search(label) or _LABEL.fullmatch(label))
    stands_for_digits = _FOR_DIGITS.search(label)  # "O 912345678", "xxx 345678"
    if stands_for_digits and stands_for_digits[1]:
        return number[:1] in "0+"  # Ông, short: "Ô 0912345678"
    return not stands_for_digits


_STEPS: tuple[Callable[[str], str], ...] = (
    _without_cell_format,
    _without_tel_parameters,
    _without_notes,
    _without_extension,
    _without_label,
)


# What is left -----------------------------------------------------------------

_FEWEST = 7  # digits that can be a number of their own
_BODY = re.compile(r"[ (.]*(?:\+[ (+]*)?[\d .,;~|&/()-]*", re.ASCII)
_JOINED = re.compile(rf"\d[ .)]*(?:{_AND})[ .(]*[\d+]\d")  # ... đến 68; but not OR 1=1
_OTHER = re.compile(r"[^\d .,;~|&/()-]+", re.ASCII)


def _written(text: str) -> Written:
    body = text.lstrip(" *:.,;~|&/)-").rstrip(" :.,;")
    if not _BODY.fullmatch(body):
        raise refusal(_what_is_inside(body))
    if not _HAS_DIGIT.search(body):  # they stood in what was dropped
        raise refusal(Code.NO_NUMBER)
    return Written(compact_of(body), body)


def compact_of(body: str) -> str:
    """The digits, after a + if there is one; in `+0084` the 00 says the same."""
    digits = "".join(filter(str.isdigit, body))
    return "+" + digits if "+" in body and not digits.startswith("00") else digits


def _what_is_inside(body: str) -> Code:
    """Two numbers joined by a word or a plus, or letters and masks: `0912xxxxxx`, `0912***678`."""
    numbers = [part for part in _OTHER.split(body) if _digits_in(part) >= _FEWEST]
    two = len(numbers) > 1 or _JOINED.search(body)
    return Code.TWO_NUMBERS if two else Code.LETTERS_IN_NUMBER


def _digits_in(text: str) -> int:
    return sum(map(str.isdigit, text))
