"""Logins, passwords and PINs as they may be. No database."""

from __future__ import annotations

import pytest

from loyalty.core.errors import Problem
from loyalty.staff.rules import check_password, check_pin, normal_login


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("lan", "lan"),
        (" LAN ", "lan"),
        ("ＬＡＮ", "lan"),
        ("lan.tran_2-a@shop.vn", "lan.tran_2-a@shop.vn"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_login_has_one_form(typed, login):
    assert normal_login(typed) == login


NO_LOGINS = ["", "x", "x" * 65, "a b", "lаn", "la\u0301n", "lan\x00", "\ud800x", "l\u200ban", "lân"]


@pytest.mark.parametrize("typed", NO_LOGINS)
def test_what_is_no_login(typed):
    with pytest.raises(Problem, match="invalid_login"):
        normal_login(typed)


GUESSED = [
    *("1234567", "12345678", "87654321", "0123456789", "67890123", "abcdefgh", "hgfedcba"),
    *("aaaaaaaa", "12121212", "abcabcabc", "lanlanlan", "        "),
    *("password", "Password1!", "P@ssword", "qwertyuiop", "1q2w3e4r", "1qaz2wsx"),
    *("matkhau123", "Mật Khẩu 1", "anhyeuem", "Vietnam@2026", "cuahang1", "sawasdee"),
    *("lantran99", "LanTran99", "Trần Thị Lan", "tranthilan", "lan12345"),
    *("x" * 201, "ab\x00cdefgh", "\ud800" * 9),
]


@pytest.mark.parametrize("password", GUESSED)
def test_passwords_that_are_tried_first(password):
    with pytest.raises(Problem, match="weak_password"):
        check_password(password, login="lantran99", name="Trần Thị Lan")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "mưa rơi đầu ngõ",
        "x7k2mq9p",
        "tháng ba hoa gạo",
        "รถไฟสีแดง",
        "🍜🍲🥢🍚🐟🦐🌶🍋",
    ],
)
def test_passwords_of_any_kind_of_characters(password):
    check_password(password, login="lantran99", name="Trần Thị Lan")


def test_characters_are_counted_and_not_bytes():
    check_password("đ" * 3 + "ừng quên", login="lan", name="Lan")
    with pytest.raises(Problem, match="weak_password"):
        check_password("đừngđi!", login="lan", name="Lan")


@pytest.mark.parametrize("pin", ["1357", "2580", "90210", "11223344", "2026", "1212"])
def test_a_pin_is_4_to_8_digits(pin):
    check_pin(pin)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "123",
        "1234",
        "4321",
        "7890",
        "0000",
        "99999999",
        "123456789",
        "12a4",
        "１３５７",
        "١٣٥٧",
        "-135",
    ],
)
def test_a_pin_that_is_easily_guessed(pin):
    with pytest.raises(Problem, match="weak_pin"):
        check_pin(pin)
