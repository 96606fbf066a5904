"""What people choose when nobody stops them: passwords and PINs that are tried first.

Composition rules are left out on purpose: they make `Password1!`, which is on every list.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

_LONGEST_REPEATED = 4
_MARKS_AT_ENDS = "0123456789 !@#$%^&*._-+?"
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb", "1q2w3e4r5t6y")
_WORDS = frozenset(
    {
        "abc", "abcd", "abcde", "abcdef", "admin", "administrator", "asdf", "baseball",
        "changeme", "dragon", "football", "iloveyou", "letmein", "login", "loyalty", "manager",
        "master", "monkey", "owner", "pass", "passw0rd", "password", "passwords", "princess",
        "p@ssw0rd", "p@ssword", "qwe", "qweasd", "qweasdzxc", "qwer", "qwert", "qwerty",
        "secret", "shadow", "sunshine", "superman", "test", "trustno", "user", "welcome",
        "whatever", "anhnhoem", "anhyeuem", "banhang", "bomeyeu", "conyeume", "cuahang",
        "emyeuanh", "hanoi", "khachhang", "khongbiet", "khongcopass", "khongco", "matkhau",
        "nguyen", "nguyenvan", "quanly", "saigon", "taikhoan", "thienthan", "thungan", "tinhyeu",
        "toiyeuvietnam", "vietnam", "yeuanh", "yeuem", "yeuanhnhieu", "bangkok", "chaoyang",
        "rakjang", "rakkhun", "sawasdee", "thailand",
    }
)  # fmt: skip
"""The commonest words of leaked lists, and what shops in Vietnam and Thailand choose; folded.
Digits and signs around them add nothing."""


def folded(text: str) -> str:
    """Small letters without marks and spaces: `Mật Khẩu` is tried as `matkhau`."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return "".join(plain.replace("đ", "d").split())


def is_guessable(password: str, *, known: Iterable[str]) -> bool:
    """`known` are the words that a stranger knows of this person: login and name."""
    text = folded(password)
    core = text.strip(_MARKS_AT_ENDS)
    words = {folded(word) for word in known} - {""}
    return (
        is_repeated(text)
        or is_run(text)
        or any(text in row or text in row[::-1] for row in _ROWS)
        or core in _WORDS
        or text in words
        or core in words
    )


def is_repeated(text: str) -> bool:
    """One short piece over and over: `aaaaaaaa`, `12121212`, `lanlanlan`."""
    return 0 < (text + text).find(text, 1) <= _LONGEST_REPEATED and len(text) > _LONGEST_REPEATED


def is_run(text: str) -> bool:
    """Each sign follows the one before, up or down: `12345678`, `hgfedcba`, `67890123`."""
    steps = {_step(one, two) for one, two in pairwise(text)}
    return steps in ({1}, {-1})


def _step(one: str, two: str) -> int:
    """9 is followed by 0, as on a keyboard."""
    if one.isdigit() and two.isdigit():
        return {1: 1, 9: -1}.get((int(two) - int(one)) % 10, 0)
    return ord(two) - ord(one)
