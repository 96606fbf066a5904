"""Money: integers of the minor unit inside, decimals of the major unit in files and on pages."""

from __future__ import annotations

import pytest

from loyalty.core.money import MAX_AMOUNT, decimals_of, format_money, parse_major, to_major

READ = [
    ("VND", "0", 0),
    ("VND", "294250", 294_250),
    ("VND", "294250.0", 294_250),
    ("VND", "294250.00", 294_250),
    ("VND", "007", 7),
    ("VND", str(MAX_AMOUNT), MAX_AMOUNT),
    ("THB", "25", 2_500),
    ("THB", "25.5", 2_550),
    ("THB", "25.50", 2_550),
    ("THB", "0.01", 1),
    ("THB", "12.3400", 1_234),
    ("KWD", "1.234", 1_234),
]
REFUSED = [
    *(("VND", text) for text in ("", " ", "-1", "+1", "1,000", "1.000", "294.250", "1.5", "1e3")),
    *(("VND", text) for text in ("1_000", "0x1", "NaN", "inf", "１２", "١٢", "1 000", "1.", ".5")),
    *(("VND", text) for text in ("₫1", "1đ", "1\n", "9" * 16, str(MAX_AMOUNT + 1), "1.0000000")),
    *(("THB", text) for text in ("1.234", "1.000", "25.005", "100000000000.01", "1,50")),
]


@pytest.mark.parametrize(("currency", "text", "amount"), READ)
def test_plain_numbers_are_read(currency, text, amount):
    assert parse_major(text, currency) == amount


@pytest.mark.parametrize(("currency", "text"), REFUSED)
def test_what_could_mean_something_else_is_refused(currency, text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_major(text, currency)


def test_decimals_are_those_of_iso_4217():
    decimals = {"VND": 0, "JPY": 0, "THB": 2, "GBP": 2, "KWD": 3}
    assert {currency: decimals_of(currency) for currency in decimals} == decimals


@pytest.mark.parametrize("currency", ["VND", "THB", "KWD"])
@pytest.mark.parametrize("amount", [0, 1, 99, 100, 123_456, MAX_AMOUNT])
def test_major_units_are_read_back(currency, amount):
    written = str(to_major(amount, currency))
    assert parse_major(written, currency) == amount


def test_money_is_written_as_people_write_it():
    assert format_money(1_250_000, "VND", "vi") == "1.250.000\u00a0₫"
    assert format_money(-5_000, "VND", "vi").startswith("\u2212")
    assert format_money(2_550, "THB", "en").endswith("25.50")
