"""What is no certain number is refused with its code, and at once (semantics, Phones)."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from loyalty.core.errors import Code, Problem
from loyalty.core.phone import LONGEST_TEXT, PhoneNumber


def code_of(text: str, region: str = "VN") -> Code:
    with pytest.raises(Problem) as refused:
        PhoneNumber.parse(text, region)
    assert list(refused.value.errors or {}) == ["phone"]
    return refused.value.code


REFUSED = {
    Code.NO_NUMBER: ["", " ", "+", "N/A", "khách lẻ", "########", "0", "0000000000", "a@b.vn"]
    + ["tel:;ext=12"],
    Code.LETTERS_IN_NUMBER: ["0912xxxxxx", "0912***678", "098.xxx.xxxx", "0912•••678", "O912345678"]
    + [
        "O 912345678",
        "xxx 912345678",
        "0912345678x",
        "09I2345678",
        "0912345678 Lan",
        "Lan0912345678",
    ]
    + ["<script>0912345678</script>", "<b>0912345678", "0912345678'; DROP TABLE members; --"]
    + ["0912345678 OR 1=1", "1 UNION SELECT 0912345678", "0912345678?", "%2B84912345678"]
    + ["091234567²", "12:30 0912345678", "028 (HCM) 38234567", "84+912345678"],
    Code.TWO_NUMBERS: ["0912345678, 0987654321", "0912345678|0987654321", "0912345678/0987654321"]
    + ["0912345678 0987654321", "0912345678\n0987654321", "0912345678 hoặc 0987654321"]
    + ["+84912345678+84987654321", "0912345678 (hoặc 0987654321)", "0912345678 & 0987654321"]
    + ["028 38234567/68", "028 38234567/68/69", "028 38234567-8", "028 38234567~69"]
    + ["028 3823456/7", "028 38234567 đến 69", "028 38234567 nhánh 0912-345-678"],
    Code.TOO_SHORT: ["113", "0912345", "091234567", "+84 912 345 67", "38234567", "3823456"]
    + ["028 3823 456", "0012345678", "01/02/1990", "6834002", "24740123"],
    Code.TOO_LONG: ["09123456789", "09123456789012", "+84 9999 9999 99999", "0" * 300, "9" * 60]
    + ["028 3823 45678", "x" * (LONGEST_TEXT + 1)],
    Code.NO_SUCH_COUNTRY: ["+999 123456789", "+210 123456789", "+0912345678", "00999123456789"],
    Code.DIGITS_LOST: ["9.12346E+08", "9,12346E+08", "9.1234567E8", "8.49E10", "9E+08"],
    Code.OLD_LANDLINE: ["04 3823 4567", "(04)3823 4567", "(08) 38234567", "(08) 3823 4567"]
    + ["08.3823.4567", "08-38234567", "08/38234567", "(8) 3823 4567", "84 8 38234567"]
    + ["+84 8 3823 4567", "+84-4-3823-4567", "(84-8) 38234567", "+84 (8) 38234567"]
    + ["+84 (0)8 38234567", "+84 (08) 38234567", "0084 8 3823 4567", "+848 3823 4567"]
    + ["058 3823456", "058.3823456", "(058) 3823456", "058-3823456", "058.3.823.456"]
    + ["(058) 382 3456", "84 58 3823456", "+84 58 3823456", "(84-58) 3823456", "(84.58) 382 3456"]
    + ["0511 3823456", "0511.3.823.456", "+84 511 3823456", "(0511) 382 3456", "05113823456"]
    + ["0438234567", "SĐT: (058) 3823456", "058 382\u200b3456"],
    Code.NOT_IN_USE: ["0123456789", "1111111111", "+84 123 456 789"],
}


@pytest.mark.parametrize(
    ("text", "code"), [(text, code) for code, texts in REFUSED.items() for text in texts]
)
def test_what_is_not_certain_is_refused(text: str, code: Code) -> None:
    assert code_of(text) == code


def test_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(Problem) as refused:
        PhoneNumber.parse("0912345678 xyz", "VN")
    assert "912" not in str(refused.value) + repr(refused.value.args)


def test_each_refusal_is_an_exception_of_its_own() -> None:
    first, second = (pytest.raises(Problem, PhoneNumber.parse, "113", "VN").value for _ in "ab")
    assert first is not second


UNITS = ["(", "0912345678 (", "ext 1 ", "ตอภายใน", "-", "0-", "1 or ", "+", "ﷺ", "한", "; a ", "1,"]
HEADS = ["", "tel:", "028 38234567 ext 1", "0912345678 (", "SĐT 1", "028 38234567/"]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("head", HEADS)
def test_hostile_text_is_answered_in_time(head: str, unit: str) -> None:
    text = (head + unit * LONGEST_TEXT)[: LONGEST_TEXT - 1]
    started = time.process_time()
    for hostile in (text, text + "!", text + "x", text + ")", text * 10_000):
        with suppress(Problem):
            PhoneNumber.parse(hostile, "VN")
    assert time.process_time() - started < 0.5
