"""What holds of every format."""

from __future__ import annotations

import pytest

from loyalty.exports.columns import FIXED
from loyalty.exports.formats import FORMATS
from tests.exports.formatted import EVERYTHING, csv_cells, make, write
from tests.tags.speaking import speaking

CHANNELS = {
    "sms": "sms",
    "zalo": "zalo",
    "meta": "ads",
    "google": "ads",
    "tiktok": "ads",
    "csv": None,
    "xlsx": None,
}


def chosen_for(name):
    return EVERYTHING if FORMATS[name].takes_columns else []


def test_every_format_needs_the_consent_of_its_channel():
    assert {name: each.channel for name, each in FORMATS.items()} == CHANNELS


@pytest.mark.parametrize("name", FORMATS)
def test_format_says_where_its_specification_is_from(name):
    assert "Source: semantics, Audience files" in str(FORMATS[name].__doc__)


@pytest.mark.parametrize("name", FORMATS)
def test_format_needs_columns_that_there_are_and_each_once(name):
    with speaking("vi"):
        needs = make(name, chosen_for(name)).needs()
    assert set(needs) <= set(FIXED)
    assert len(set(needs)) == len(needs)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "xlsx"])
def test_every_line_has_as_many_cells_as_the_header(tmp_path, name):
    with speaking("th"):
        fmt = make(name, chosen_for(name))
        (file,) = write(fmt, [{}, {"phone": "+84912345678"}], tmp_path).files
    lines = csv_cells(tmp_path / file.name)
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
