"""What Zalo and an SMS gateway get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from loyalty.exports.columns import ColumnKind
from tests.exports.formatted import AROUND, attribute, lines_of, make, write
from tests.tags.speaking import speaking

LAN = {"phone": "+84912345678", "name": "Lê Thị Lan", "points": 1250}
SENDERS = ["zalo", "sms"]


def parameter(tmp_path, sender, column, value, around=AROUND):
    fmt = make(sender, [column], around)
    name = column if isinstance(column, str) else column.name
    (line,) = lines_of(fmt, [{"phone": "+84912345678", name: value}], tmp_path)
    return list(line.values())[-1]


def test_zalo_line_is_the_phone_and_the_parameters_by_name(tmp_path):
    vehicle = attribute("vehicle", ColumnKind.CHOICE)
    fmt = make("zalo", ["name", vehicle, "points"])
    assert lines_of(fmt, [{**LAN, "attributes.vehicle": "Honda Vision"}], tmp_path) == [
        {
            "phone": "84912345678",
            "name": "Lê Thị Lan",
            "attributes_vehicle": "Honda Vision",
            "points": "1250",
        }
    ]


def test_sms_line_is_the_phone_the_request_and_numbered_parameters(tmp_path):
    (line,) = lines_of(make("sms", ["points", "name"]), [LAN], tmp_path)
    request_id = line.pop("request_id")
    assert line == {"phone": "84912345678", "arm": "", "p1": "1250", "p2": "Lê Thị Lan"}
    assert len(request_id) == 32


@pytest.mark.parametrize("sender", SENDERS)
def test_phone_alone_will_do_and_stands_once(tmp_path, sender):
    (nothing,) = lines_of(make(sender), [LAN], tmp_path)
    assert nothing["phone"] == "84912345678"
    (chosen,) = lines_of(make(sender, ["phone", "name"]), [LAN], tmp_path)
    assert list(chosen.values()).count("84912345678") == 1


@pytest.mark.parametrize("sender", SENDERS)
def test_header_comes_first_without_a_byte_order_mark(tmp_path, sender):
    (file,) = write(make(sender), [LAN], tmp_path).files
    assert (tmp_path / file.name).read_bytes().startswith(b"phone")


# Requests ----------------------------------------------------------------------


def request_ids(tmp_path, ids, key="export-7"):
    fmt = make("sms", around=replace(AROUND, request_key=key))
    members = [{**LAN, "id": each} for each in ids]
    return [line["request_id"] for line in lines_of(fmt, members, tmp_path)]


def test_sent_again_a_message_is_the_same_request(tmp_path):
    first = request_ids(tmp_path, [1, 2, 3])
    assert request_ids(tmp_path, [3, 2]) == [first[2], first[1]]
    assert len(set(first)) == 3


def test_other_export_is_another_message(tmp_path):
    assert request_ids(tmp_path, [1]) != request_ids(tmp_path, [1], key="export-8")


# Parameters --------------------------------------------------------------------


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("birth_date", date(2001, 2, 9), "09/02/2001"),
        ("last_purchase", datetime(2026, 2, 8, 18, tzinfo=UTC), "09/02/2026"),
        ("lifetime_spend", 1_250_000, "1250000"),
        ("province", "vn34:01", "Hà Nội"),
        ("gender", "female", "nữ"),
        ("consent_sms", False, "không"),
        ("tags", ("VIP", "Khách quen"), "VIP; Khách quen"),
        ("points", 0, "0"),
        ("name", "Lê, Lan", "Lê, Lan"),
        ("name", "Lan 👩\u200d🍳", "Lan 👩\u200d🍳"),
        (attribute("distance", ColumnKind.NUMBER), -3.5, "-3.5"),
        ("name", None, ""),
    ],
)
def test_parameter_is_what_a_message_says(tmp_path, sender, column, value, text):
    with speaking("vi"):
        assert parameter(tmp_path, sender, column, value) == text


def test_money_is_in_major_units(tmp_path):
    in_baht = replace(AROUND, currency="THB")
    assert parameter(tmp_path, "zalo", "lifetime_spend", 1250, in_baht) == "12.50"


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    "bad",
    [
        '=cmd|"/C calc"!A0',
        "+84 gọi ngay",
        "-1+1",
        "@SUM(A1)",
        "Lê\nLan",
        "\tLan",
        "Lan\0",
        "\u202eLan",
        "Lan\u2028",
    ],
)
def test_text_that_is_no_parameter_is_left_out_and_counted(tmp_path, sender, bad):
    fmt = make(sender, ["name"])
    members = [LAN, {**LAN, "name": bad}]
    names = [list(line.values())[-1] for line in lines_of(fmt, members, tmp_path)]
    assert names == ["Lê Thị Lan", ""]
    assert fmt.left_out == {"name": 1}


def test_zalo_takes_100_000_rows_a_file():
    assert make("zalo").most_rows == 100_000
