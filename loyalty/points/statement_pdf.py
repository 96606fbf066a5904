"""A statement as a PDF. Sarabun has the letters of Vietnamese and Thai; Thai marks are set over
and under each other by shaping, which a plain string would not be."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path

from babel.numbers import format_decimal
from flask import current_app
from flask_babel import get_locale, gettext
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.points.statement_rules import KINDS, PARTS, Line, Statement
from loyalty.programme import service as programme

FONTS = Path(__file__).parent / "fonts"
_REGULAR, _STRONG = "sarabun-regular", "sarabun-semibold"
_INK, _SOFT, _RULE = HexColor("#1d2330"), HexColor("#5b6472"), HexColor("#d9dde3")
_MARGIN = 18 * mm - 6
"""The frame of a page has 6 points of padding, from which tables know nothing."""
_COLUMNS = [32 * mm, 82 * mm, 30 * mm, 30 * mm]
_SUM_COLUMNS = [114 * mm, 60 * mm]

_TEXT = ParagraphStyle("text", fontName=_REGULAR, fontSize=9, leading=13, textColor=_INK, shaping=1)
_STYLES = {
    "text": _TEXT,
    "soft": ParagraphStyle("soft", _TEXT, textColor=_SOFT),
    "number": ParagraphStyle("number", _TEXT, alignment=TA_RIGHT),
    "strong": ParagraphStyle("strong", _TEXT, fontName=_STRONG),
    "total": ParagraphStyle("total", _TEXT, fontName=_STRONG, alignment=TA_RIGHT),
    "title": ParagraphStyle("title", _TEXT, fontName=_STRONG, fontSize=16, leading=22),
}
_RULES = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
)

_OF_LINES = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), _REGULAR, 9, 13),
        ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), _SOFT),
        ("TEXTCOLOR", (0, 0), (0, -1), _SOFT),
        ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
        ("SHAPING", (0, 0), (-1, 0), 1),
        ("SHAPING", (1, 0), (1, -1), 1),
    ],
    parent=_RULES,
)
_FITS = 44
"""So many letters fit into the second column, whatever they are."""


def as_pdf(statement: Statement) -> bytes:
    _register_fonts()
    out = BytesIO()
    title = gettext("Statement of points")
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=title,
        author=programme.snapshot().shop_name,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
    )
    document.build(
        [*_head(statement, title), _sums(statement), Spacer(0, 8 * mm), _lines(statement)]
    )
    return out.getvalue()


@cache
def _register_fonts() -> None:
    for name in (_REGULAR, _STRONG):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf", shapable=True))


def _head(statement: Statement, title: str) -> list[Paragraph | Spacer]:
    """Whose it is: the name, and of the number no more than its last digits."""
    member = members.get(statement.member_id)
    phone = PhoneNumber(member["phone"]).masked if member["phone"] else None
    whose = " · ".join(filter(None, [member["name"], phone]))
    period = f"{_day(statement.since)} – {_day(statement.until)}"
    return [
        _say(programme.snapshot().shop_name, "soft"),
        _say(title, "title"),
        _say(whose, "strong"),
        _say(period, "soft"),
        Spacer(0, 6 * mm),
    ]


def _sums(statement: Statement) -> Table:
    rows = [
        [_say(gettext("Opening balance"), "text"), _number(statement.opening, "number")],
        *(
            [_say(str(PARTS[part]), "text"), _number(points, "number", is_signed=True)]
            for part, points in statement.sums.items()
        ),
        [_say(gettext("Closing balance"), "strong"), _number(statement.closing, "total")],
    ]
    return Table(rows, colWidths=_SUM_COLUMNS, style=_RULES)


def _lines(statement: Statement) -> LongTable:
    """Thousands of rows: their cells are plain texts, which a table sets at a tenth of what
    paragraphs cost."""
    rows: list[list[str | Paragraph]] = [
        [gettext("Time"), gettext("What"), gettext("Points"), gettext("Balance")]
    ]
    balance = statement.opening
    for line in statement.lines:
        balance += line.points
        rows.append(_row(line, balance))
    return LongTable(rows, colWidths=_COLUMNS, style=_OF_LINES, repeatRows=1)


def _row(line: Line, balance: int) -> list[str | Paragraph]:
    what = ": ".join(filter(None, [str(KINDS[line.kind]), line.reason]))
    return [
        _time(line.at),
        what if len(what) <= _FITS else _say(what, "text"),
        _written(line.points, is_signed=True),
        _written(balance),
    ]


def _say(text: str, style: str) -> Paragraph:
    return Paragraph(escape(text), _STYLES[style])


def _number(points: int, style: str, *, is_signed: bool = False) -> Paragraph:
    return _say(_written(points, is_signed=is_signed), style)


def _written(points: int, *, is_signed: bool = False) -> str:
    written = format_decimal(points, locale=get_locale()).replace("-", "−")
    return f"+{written}" if is_signed and points > 0 else written


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _time(moment: datetime) -> str:
    local = moment.astimezone(current_app.extensions["settings"].time_zone)
    return local.strftime("%d/%m/%Y %H:%M")
