"""Cells that a spreadsheet would run, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.core.spreadsheets import EDGES, RISKY_STARTS, plain_cell, safe_cell, safe_cells

PLAIN = ["", "Lan", "0912345678", " =1+1", "'", "'Lan", "'=1+1", "a=b", "1-2", "Lan; =1", "a;b"]


@pytest.mark.parametrize("start", RISKY_STARTS)
def test_cell_that_would_run_gets_an_apostrophe(start):
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("start", ["=", "+", "-", "@", '"=', '""='])
def test_so_does_what_another_country_takes_for_a_cell(edge, start):
    assert safe_cell(f"Lan{edge}{start}1+1") == f"Lan{edge}'{start}1+1"


@pytest.mark.parametrize("text", PLAIN)
def test_other_cells_stay(text):
    assert safe_cell(text) == text


@given(st.text(alphabet="=+-@\t\r\n\0;| a1", max_size=6))
def test_what_was_written_reads_back(text):
    assert plain_cell(safe_cell(text)) == text
    assert not safe_cell(text).startswith(RISKY_STARTS)


@given(st.lists(st.none() | st.text(alphabet="=+-@\t\r\n\0;|' a1", max_size=4)))
def test_many_are_made_safe_as_one_is(texts):
    assert safe_cells(texts) == [text if text is None else safe_cell(text) for text in texts]
