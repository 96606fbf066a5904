"""Codes that people read out and type: no sign looks like another, and a slip is noticed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.core.codes import READABLE, READABLE_LENGTH, read_code, readable_code

PLACES = range(READABLE_LENGTH)


def test_no_sign_looks_like_another():
    assert not set(READABLE) & set("0OQ1IL5S2Z") - set("Q52")
    assert (READABLE_LENGTH - 1) * math.log2(len(READABLE)) >= 60
    assert READABLE_LENGTH >= 13


def test_codes_are_random_and_read_as_they_were_made():
    codes = {readable_code() for _ in range(1_000)}
    assert len(codes) == 1_000
    assert all(read_code(code) == code for code in codes)


@pytest.mark.parametrize("write", [str.lower, lambda c: f" {c[:4]}-{c[4:9]} {c[9:]}"])
def test_code_reads_however_it_is_written(write):
    code = readable_code()
    assert read_code(write(code)) == code


def test_letters_that_were_never_printed_read_as_the_digits_they_look_like():
    code = next(code for code in iter(readable_code, "") if "5" in code and "2" in code)
    assert read_code(code.replace("5", "s").replace("2", "Z")) == code


@given(st.sampled_from(PLACES), st.sampled_from(READABLE))
def test_one_wrong_sign_is_noticed(place, sign):
    code = readable_code()
    slip = code[:place] + sign + code[place + 1 :]
    assert read_code(slip) == (code if slip == code else None)


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_two_signs_that_changed_places_are_noticed(one, other):
    code = readable_code()
    signs = list(code)
    signs[one], signs[other] = signs[other], signs[one]
    slip = "".join(signs)
    assert read_code(slip) == (code if slip == code else None)


@pytest.mark.parametrize(
    "text", ["", "0" * 14, "A" * 13, "A" * 15, "ß" * 14, "ＡＡＡＡＡＡＡＡＡＡＡＡＡＡ"]
)
def test_what_cannot_be_a_code(text):
    assert read_code(text) is None
