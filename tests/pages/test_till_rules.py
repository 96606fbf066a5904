"""What the till asks, reads and writes, without a browser."""

from __future__ import annotations

from datetime import date

import pytest

from loyalty.core.errors import Code, Problem
from loyalty.pages import formats
from loyalty.pages.till import cards, questions, typed


@pytest.mark.parametrize(
    ("amount", "unusual"),
    [(0, True), (999, True), (1_000, False), (50_000_000, False), (50_000_001, True)],
)
def test_amounts_out_of_the_ordinary_are_asked_about(amount, unusual):
    assert questions.is_unusual(amount, "VND") is unusual


def test_what_is_ordinary_follows_the_currency():
    assert questions.usual_amounts("THB") == (250, 12_500_000)


@pytest.mark.parametrize(
    ("field", "asked"),
    [("", set()), ("amount", {"amount"}), ("amount again", {"amount", "again"}), ("x", set())],
)
def test_only_known_questions_count_as_answered(field, asked):
    assert questions.answered(field) == asked


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Nguyễn Thị Thu Hằng", "N. T. Thu Hằng"),
        ("Đỗ Bích Trâm", "Đ. Bích Trâm"),
        ("Lê Hằng", "L. Hằng"),
        ("Hằng", "Hằng"),
        ("", ""),
    ],
)
def test_a_name_is_shortened_from_the_front(name, short):
    assert formats.short_name(name) == short


@pytest.mark.parametrize(
    ("born", "today", "birthday"),
    [
        (date(1990, 11, 26), date(2026, 11, 22), date(2026, 11, 26)),
        (date(1990, 11, 22), date(2026, 11, 22), date(2026, 11, 22)),
        (date(1990, 11, 21), date(2026, 11, 22), date(2027, 11, 21)),
        (date(1992, 2, 29), date(2026, 1, 1), date(2026, 2, 28)),
        (date(1992, 2, 29), date(2026, 3, 1), date(2027, 2, 28)),
        (date(1992, 2, 29), date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_the_next_birthday(born, today, birthday):
    assert cards.next_birthday(born, today) == birthday


@pytest.fixture
def reading(sqlite_app):
    with sqlite_app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("written", "born"),
    [
        ("26/11/1990", date(1990, 11, 26)),
        ("26-11-1990", date(1990, 11, 26)),
        ("6.1.1990", date(1990, 1, 6)),
        ("26111990", date(1990, 11, 26)),
        ("26/11/2533", date(1990, 11, 26)),
    ],
)
@pytest.mark.usefixtures("reading")
def test_birth_dates_as_people_write_them(written, born):
    assert typed.profile({"birth_date": written}) == {"birth_date": born}


@pytest.mark.parametrize("written", ["31/02/1990", "11/26/1990", "1990", "26/11/90", "1/1/2999"])
@pytest.mark.usefixtures("reading")
def test_what_is_no_birth_date_is_refused_at_its_field(written):
    with pytest.raises(Problem) as refused:
        typed.profile({"birth_date": written})
    assert refused.value.errors is not None
    assert list(refused.value.errors) == ["birth_date"]


@pytest.mark.parametrize("written", ["", "1,5", "-1", "1e6", "99999999999999999999", "150.5"])
@pytest.mark.usefixtures("reading")
def test_what_is_no_amount_is_refused(written):
    with pytest.raises(Problem) as refused:
        typed.amount({"amount": written})
    assert refused.value.code is Code.INVALID_AMOUNT


@pytest.mark.usefixtures("reading")
def test_an_unknown_country_reads_as_the_shops_own():
    assert typed.phone({"phone": "0912345678", "country": "<x>"}).e164 == "+84912345678"
