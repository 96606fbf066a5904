"""Purchases from a file: what is recorded, counted, replayed and refused row by row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from loyalty.core import clock
from loyalty.imports import purchases
from tests.core.rows import column, row_counts, scalar
from tests.imports.files import (
    COLUMNS,
    NOTHING,
    csv_text,
    imported,
    row,
    rows,
    run_import,
    verify,
    written,
)
from tests.purchases.receipts import WAYS_TO_WRITE, balance, buy, phone

CREATE = "--create-stores"


def test_real_history_is_recorded_once_to_the_last_dong(app, cli, shared_data, monkeypatch):
    """CDNOW: every count and the sum, then the same file again."""
    # Its receipts reach into October 2026: on an earlier day they would be refused.
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 22, tzinfo=UTC))
    file = shared_data("cdnow_purchases.csv.gz")
    rejected = {"invalid_phone": 25, "receipt_conflict": 10}
    assert imported(cli, file, CREATE) == {
        "rows": 71_094,
        "recorded": 69_659,
        "replayed": 1_400,
        "members_created": 23_570,
        "rejected": rejected,
    }
    assert scalar(app, "SELECT sum(amount) FROM purchases") == 62_507_890_750
    assert scalar(app, "SELECT count(*) FROM members") == 23_570
    verify(cli)
    earned = scalar(app, "SELECT sum(points) FROM point_entries")
    assert imported(cli, file) == {
        "rows": 71_094,
        "recorded": 0,
        "replayed": 71_059,
        "members_created": 0,
        "rejected": rejected,
    }
    assert scalar(app, "SELECT sum(amount) FROM purchases") == 62_507_890_750
    assert scalar(app, "SELECT sum(points) FROM point_entries") == earned
    verify(cli)


@pytest.mark.usefixtures("store")
class TestRows:
    """Rows of a small file for the store S01."""

    def test_ways_to_write_a_phone_end_at_one_member(self, app, api, cli, tmp_path):
        given = [row(phone=way, receipt_no=f"HD-{n}") for n, way in enumerate(WAYS_TO_WRITE)]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert (told["recorded"], told["members_created"]) == (len(given), 1)
        assert scalar(app, "SELECT count(*) FROM members") == 1
        assert balance(api, "0912345678") == 15 * len(given)
        verify(cli)

    def test_file_and_api_are_one_door(self, api, cli, tmp_path):
        """What the till sent is a replay in the file, also with marks encoded otherwise."""
        buy(api, receipt_no="Hóa đơn-1")
        given = [row(receipt_no="Ho\u0301a đơn-1"), row(receipt_no="HD-2")]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert (told["recorded"], told["replayed"]) == (1, 1)
        assert balance(api, "0912345678") == 30

    def test_row_again_with_another_amount_or_phone_is_a_conflict(self, api, cli, tmp_path):
        given = [row(), row(amount="150001"), row(phone="0987654321"), row()]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert (told["recorded"], told["replayed"]) == (1, 1)
        assert told["rejected"] == {"receipt_conflict": 2}
        assert balance(api, "0987654321") is None

    def test_same_file_again_changes_no_row(self, app, cli, tmp_path):
        file = written(tmp_path, csv_text(rows(20)))
        imported(cli, file)
        before = row_counts(app)
        assert imported(cli, file)["replayed"] == 20
        changed = {"audit_events"}
        after = row_counts(app)
        assert {name for name in after if after[name] != before[name]} <= changed

    def test_without_points_records_and_earns_nothing(self, app, api, cli, tmp_path):
        imported(cli, written(tmp_path, csv_text(rows(3))), "--without-points")
        assert scalar(app, "SELECT count(*) FROM purchases") == 3
        assert scalar(app, "SELECT count(*) FROM point_entries") == 0
        assert scalar(app, "SELECT sum(points_earned) FROM purchases") == 0
        assert balance(api, "0912345678") == 0
        verify(cli)

    def test_history_stays_without_points_when_imported_again_with(self, api, cli, tmp_path):
        file = written(tmp_path, csv_text(rows(3)))
        imported(cli, file, "--without-points")
        assert imported(cli, file)["replayed"] == 3
        assert balance(api, "0912345678") == 0

    def test_unknown_store_is_refused_row_by_row(self, app, cli, tmp_path):
        given = [row(), row(receipt_no="HD-2", store="S99"), row(receipt_no="HD-3", store="S98")]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert (told["recorded"], told["rejected"]) == (1, {"unknown_store": 2})
        assert column(app, "SELECT code FROM stores") == ["S01"]

    def test_create_stores_adds_what_the_file_names(self, app, cli, tmp_path):
        given = [row(store=code, receipt_no=code) for code in ("S99", "S01", "S98", "S99")]
        told = imported(cli, written(tmp_path, csv_text(given)), CREATE)
        assert (told["recorded"], told["replayed"]) == (3, 1)
        assert column(app, "SELECT code FROM stores ORDER BY code") == ["S01", "S98", "S99"]

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_steps_meet_without_a_seam(self, api, cli, tmp_path, monkeypatch, steps):
        """Members, replays and counts are the same however many steps a file takes."""
        monkeypatch.setattr(purchases, "BATCH_ROWS", 12 // steps)
        given = [row(receipt_no=f"HD-{n % 9}", phone=phone(n % 3)) for n in range(12)]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert told == NOTHING | {"rows": 12, "recorded": 9, "replayed": 3, "members_created": 3}
        assert [balance(api, phone(n)) for n in range(3)] == [45, 45, 45]

    def test_no_phone_is_told_apart_from_a_bad_one(self, app, cli, tmp_path):
        phones = ["", "  ", "\u00a0", "khách lẻ", "0912xxxxxx", "19001234", "+999 123456789"]
        given = [row(phone=text, receipt_no=f"HD-{n}") for n, text in enumerate(phones)]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert told["rejected"] == {"no_phone": 3, "invalid_phone": 4}
        assert scalar(app, "SELECT count(*) FROM members") == 0

    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("invalid_amount", {"amount": amount})
            for amount in [
                "",
                "-1",
                "+1",
                "1.5",
                "1.000.000",
                "1e5",
                "1_000",
                "٣",
                "10000000000001",
            ]
        ]
        + [
            ("invalid_time", {"purchased_at": text})
            for text in ["", "yesterday", "2025-02-29", "31/11/2025", "11/22/2025", "01/01/0001"]
            + ["1025-11-22", "22/11/1025", "0001-01-01T00:00:00+14:00", "2025-11-22T25:00:00"]
        ]
        + [("in_the_future", {"purchased_at": text}) for text in ["2199-01-01", "31/12/2199"]]
        + [
            ("receipt_no_required", {"receipt_no": ""}),
            ("unknown_store", {"store": ""}),
            ("invalid_row", {"receipt_no": "x" * 65}),
            ("invalid_row", {"receipt_no": "HD\x07"}),
            ("invalid_row", {"store": "x" * 33}),
        ],
    )
    def test_wrong_cell_refuses_its_row_alone(self, app, cli, tmp_path, code, changes):
        given = [row(receipt_no="A"), row(**changes), row(receipt_no="B")]
        told = imported(cli, written(tmp_path, csv_text(given)))
        assert told["rejected"] == {code: 1}
        assert column(app, "SELECT receipt_no FROM purchases ORDER BY id") == ["A", "B"]

    @pytest.mark.parametrize("cells", [4, 6])
    def test_row_of_too_few_or_too_many_cells_is_refused(self, app, cli, tmp_path, cells):
        """`294,250` without quotation marks is no amount of 294."""
        wrong = ["0912345678", "S01", "HD-2", "2025-11-22", "294", "250"][:cells]
        text = csv_text([row()]) + ",".join(wrong) + "\n"
        assert imported(cli, written(tmp_path, text))["rejected"] == {"invalid_row": 1}
        assert column(app, "SELECT amount FROM purchases") == [150_000]

    def test_empty_cells_after_the_last_column_are_nothing(self, cli, tmp_path):
        text = csv_text([row()]).replace("150000\n", "150000,, \n")
        assert imported(cli, written(tmp_path, text))["recorded"] == 1

    @pytest.mark.parametrize("text", [csv_text([]), csv_text([]).strip(), csv_text([]) + "\n\n"])
    def test_header_only_is_a_file_of_no_rows(self, cli, tmp_path, text):
        assert imported(cli, written(tmp_path, text)) == NOTHING

    def test_words_say_what_the_summary_says(self, cli, tmp_path):
        given = [row(), row(), row(receipt_no="HD-2", phone="")]
        said = run_import(cli, written(tmp_path, csv_text(given))).stdout.splitlines()
        assert said == [
            "3 rows: 1 recorded, 1 recorded before, 1 new members, 1 refused.",
            "  no_phone: 1",
        ]


def test_store_without_receipts_takes_the_same_file_once(app, api, cli, tmp_path):
    """Equal rows are separate sales; file and line tell them apart."""
    assert cli.invoke(args=[*STORE_WITHOUT_RECEIPTS]).exit_code == 0
    names = [name for name in COLUMNS if name != "receipt_no"]
    file = written(tmp_path, csv_text([row(store="K1")] * 3, columns=names))
    assert imported(cli, file)["recorded"] == 3
    assert imported(cli, file)["replayed"] == 3
    assert scalar(app, "SELECT count(*) FROM purchases") == 3
    renamed = written(tmp_path, file.read_bytes(), "again.csv")
    assert imported(cli, renamed)["replayed"] == 3
    assert balance(api, "0912345678") == 45
    verify(cli)


STORE_WITHOUT_RECEIPTS = ("stores", "create", "K1", "--name", "Kiosk", "--receipts", "none")
