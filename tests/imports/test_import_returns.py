"""Purchases and returns from a file with a row for each line of a receipt."""

from __future__ import annotations

import pytest

from loyalty.imports import invoices
from tests.core.rows import column, row_counts, scalar
from tests.imports.files import (
    NO_QUANTITIES,
    csv_text,
    imported,
    refusal,
    run_import,
    verify,
    written,
)
from tests.purchases.receipts import balance, send

COLUMNS = ("invoice_no", "kind", "phone", "invoice_time", "sku", "quantity", "unit_price")
NOTHING = {
    "rows": 0,
    "recorded": 0,
    "replayed": 0,
    "members_created": 0,
    "rejected": {},
    "returns": 0,
    "matched": 0,
    "partly_matched": 0,
}


def line(**changes: str) -> dict[str, str]:
    given = {
        "invoice_no": "1001",
        "kind": "sale",
        "phone": "0912345678",
        "invoice_time": "2025-11-22T10:42:00+07:00",
        "sku": "TEA",
        "quantity": "2",
        "unit_price": "15000",
    }
    return given | changes


def back(**changes: str) -> dict[str, str]:
    given = {"invoice_no": "C2001", "kind": "return", "invoice_time": "2025-11-23T09:00:00+07:00"}
    return line(**given | {"quantity": "-1"} | changes)


def file_of(folder, *lines, columns=COLUMNS, name="lines.csv"):
    return written(folder, csv_text(lines, columns=columns), name)


@pytest.mark.usefixtures("store")
class TestLines:
    def test_lines_of_an_invoice_are_one_purchase_and_one_return(self, app, api, cli, tmp_path):
        file = file_of(
            tmp_path,
            *(line(), line(sku="CUP", quantity="3", unit_price="20000")),
            *(back(), back(sku="CUP", quantity="-2", unit_price="20000")),
        )
        told = imported(cli, file)
        assert told == NOTHING | {
            "rows": 4,
            "recorded": 1,
            "members_created": 1,
            "returns": 1,
            "matched": 1,
        }
        assert column(app, "SELECT amount FROM purchases") == [90_000]
        assert column(app, "SELECT amount FROM returns") == [55_000]
        assert column(app, "SELECT amount_returned FROM purchases") == [55_000]
        assert balance(api, "0912345678") == 3
        verify(cli)

    def test_same_file_again_is_all_replays(self, app, cli, tmp_path):
        lines = [line(), back(), line(phone="", invoice_no="1002"), back(invoice_no="C2002")]
        file = file_of(tmp_path, *lines)
        first = imported(cli, file)
        before = row_counts(app)
        again = imported(cli, file)
        assert again == NOTHING | {"rows": 4, "replayed": 3, "rejected": first["rejected"]}
        grown = {name for name, count in row_counts(app).items() if count != before[name]}
        assert grown <= {"audit_events"}

    def test_lines_need_not_stand_together(self, app, cli, tmp_path):
        """Another invoice between them; the first line says when."""
        given = [
            line(sku="A"),
            line(sku="B", invoice_no="1002"),
            line(sku="C", invoice_time="2025-11-22T10:43:00+07:00"),
        ]
        assert imported(cli, file_of(tmp_path, *given))["recorded"] == 2
        skus = column(app, "SELECT sku FROM purchase_lines ORDER BY purchase_id, position")
        assert sorted(skus) == ["A", "B", "C"]
        assert scalar(app, "SELECT max(amount) FROM purchases") == 60_000

    def test_returns_find_purchases_of_their_own_step(self, app, cli, tmp_path):
        """Also of a purchase that stands below them in the file."""
        told = imported(cli, file_of(tmp_path, back(), line()))
        assert (told["returns"], told["matched"]) == (1, 1)

    def test_return_without_its_purchase_is_the_members(self, app, api, cli, tmp_path):
        given = [
            line(),
            back(quantity="-5"),
            back(invoice_no="C2", sku="POT"),
            back(invoice_no="C3"),
        ]
        told = imported(cli, file_of(tmp_path, *given, back(invoice_no="C3", sku="POT")))
        assert (told["returns"], told["matched"], told["partly_matched"]) == (3, 0, 1)
        assert scalar(app, "SELECT amount_returned FROM purchases") == 15_000
        # 1 for what is kept, less 10 for 75,000 and twice 15,000 of no purchase.
        assert scalar(app, "SELECT points FROM members") == 1 - 10
        verify(cli)

    def test_history_takes_no_points_back(self, app, cli, tmp_path):
        told = imported(cli, file_of(tmp_path, line(), back(), back(sku="POT")), "--without-points")
        assert (told["recorded"], told["returns"]) == (1, 1)
        assert scalar(app, "SELECT count(*) FROM point_entries") == 0
        verify(cli)

    def test_what_is_wrong_is_refused_line_by_line_and_counted(self, app, cli, tmp_path):
        given = [
            line(),
            *(line(invoice_no="1", phone=""), line(invoice_no="1", phone=" ")),
            line(invoice_no="2", kind="adjustment"),
            line(invoice_no="3", kind="adjustment", phone=""),
            line(invoice_no="4", quantity="-2"),
            *(line(invoice_no="5"), line(invoice_no="5", quantity="-9")),
            line(invoice_no="6", phone="0912"),
            *(line(invoice_no="7"), line(invoice_no="7", unit_price="x")),
            line(invoice_no="8", unit_price="15.000"),
            line(invoice_no="9", sku=""),
            line(invoice_no="10", quantity="1.5"),
            line(invoice_no=""),
            line(invoice_no="11", unit_price="999999999999", quantity="999999"),
            line(invoice_no="12", kind=""),
            line(phone="0987654321"),
        ]
        told = imported(cli, file_of(tmp_path, *given))
        assert told == NOTHING | {
            "rows": len(given),
            "recorded": 1,
            "members_created": 1,
            "rejected": {
                "no_phone": 2,
                "unknown_kind": 3,
                "negative_sale": 3,
                "invalid_phone": 1,
                "invalid_amount": 4,
                "invalid_row": 2,
                "receipt_no_required": 1,
                "receipt_conflict": 1,
            },
        }
        assert scalar(app, "SELECT count(*) FROM purchases") == 1

    @pytest.mark.parametrize("quantity", NO_QUANTITIES)
    def test_no_quantity_ends_the_import(self, app, cli, tmp_path, quantity):
        lines = [line(quantity=quantity), line(invoice_no="2", quantity="0000000000001")]
        told = imported(cli, file_of(tmp_path, *lines))
        assert (told["recorded"], told["rejected"]) == (1, {"invalid_row": 1})
        assert column(app, "SELECT quantity FROM purchases") == [1]

    def test_refused_lines_stand_in_their_order(self, cli, tmp_path):
        rejects = tmp_path / "rejects.csv"
        given = [line(phone="", sku="A"), back(phone="", sku="B"), line(phone="", sku="C")]
        imported(cli, file_of(tmp_path, *given), "--rejects", str(rejects))
        lines = rejects.read_text(encoding="utf-8-sig").splitlines()
        assert [row.split(",")[0] for row in lines] == ["line", "2", "3", "4"]

    def test_discount_lowers_what_the_goods_cost(self, app, cli, tmp_path):
        """10,000 off 30,000 and 20,000, each in its measure."""
        given = [
            line(),
            line(sku="CUP", quantity="1", unit_price="20000"),
            line(sku="OFF", quantity="-1", unit_price="10000"),
        ]
        imported(cli, file_of(tmp_path, *given))
        assert column(app, "SELECT amount FROM purchase_lines ORDER BY position") == [
            24_000,
            16_000,
        ]
        assert scalar(app, "SELECT amount FROM purchases") == 40_000
        verify(cli)

    @pytest.mark.parametrize("lines", [5, 7, 100])
    def test_steps_cut_no_invoice(self, app, api, cli, tmp_path, monkeypatch, lines):
        """The same however many lines a step takes."""
        monkeypatch.setattr(invoices, "BATCH_ROWS", lines)
        monkeypatch.setattr(invoices, "NEAR_LINES", 3)
        sales = [line(invoice_no=str(n // 3), sku=str(n)) for n in range(30)]
        gone = [back(invoice_no=f"C{n}", sku=str(n)) for n in range(0, 30, 3)]
        told = imported(cli, file_of(tmp_path, *sales, *gone))
        assert (told["recorded"], told["returns"], told["matched"]) == (10, 10, 10)
        assert scalar(app, "SELECT count(DISTINCT amount) FROM purchases") == 1
        assert balance(api, "0912345678") == 10 * 7
        verify(cli)

    def test_what_the_shop_kept_is_taken_off_what_came_back(self, app, api, cli, tmp_path):
        """10,000 off 30,000 and 20,000, each in its measure, as a discount off a sale."""
        sale = [line(), line(sku="CUP", quantity="1", unit_price="20000")]
        credit = [
            back(quantity="-2"),
            back(sku="CUP", unit_price="20000"),
            back(sku="FEE", quantity="1", unit_price="10000"),
        ]
        imported(cli, file_of(tmp_path, *sale, *credit))
        assert column(app, "SELECT amount FROM return_lines ORDER BY position") == [24_000, 16_000]
        assert column(app, "SELECT amount FROM returns") == [40_000]
        assert column(app, "SELECT sku FROM return_lines ORDER BY position") == ["TEA", "CUP"]
        assert balance(api, "0912345678") == 1
        verify(cli)

    def test_return_may_be_written_above_0_too(self, app, cli, tmp_path):
        lines = [back(quantity="1"), back(sku="CUP", quantity="2", unit_price="20000")]
        imported(cli, file_of(tmp_path, *lines))
        assert column(app, "SELECT amount FROM return_lines ORDER BY position") == [15_000, 40_000]

    def test_return_by_which_the_member_pays_is_refused(self, app, cli, tmp_path):
        lines = [back(), back(sku="FEE", quantity="1", unit_price="15001")]
        assert imported(cli, file_of(tmp_path, *lines))["rejected"] == {"negative_sale": 2}
        assert scalar(app, "SELECT count(*) FROM returns") == 0

    def test_too_long_an_invoice_is_refused_whole(self, app, cli, tmp_path, monkeypatch):
        monkeypatch.setattr(invoices, "INVOICE_LINES", 10)
        given = [line(sku=str(n)) for n in range(25)]
        told = imported(cli, file_of(tmp_path, line(invoice_no="9"), *given))
        assert (told["recorded"], told["rejected"]) == (1, {"invalid_row": 25})


class TestNumbersThatStartAgain:
    """Receipt 7 of one customer on two days, the lines near each other."""

    DAYS = ("2025-11-18", "2025-11-19")

    def lines(self):
        return [
            line(invoice_no="7", sku=sku, quantity="1", invoice_time=f"{day}T{hour}:00:00+07:00")
            for hour, sku in (("10", "TEA"), ("11", "CUP"))
            for day in self.DAYS
        ]

    def test_each_day_has_its_own_receipt(self, app, api, cli, tmp_path):
        opened = ["stores", "create", "D01", "--name", "Day", "--receipt-period", "day"]
        assert cli.invoke(args=opened).exit_code == 0
        assert imported(cli, file_of(tmp_path, *self.lines()))["recorded"] == 2
        assert column(app, "SELECT amount FROM purchases ORDER BY id") == [30_000, 30_000]
        for day in self.DAYS:
            again = send(
                *(api,),
                store="D01",
                receipt_no="7",
                amount=30_000,
                purchased_at=f"{day}T10:00:00+07:00",
            )
            assert again.status_code == 200
        verify(cli)

    def test_line_without_a_time_refuses_the_receipt_that_it_stands_with(self, cli, tmp_path):
        opened = ["stores", "create", "D01", "--name", "Day", "--receipt-period", "day"]
        assert cli.invoke(args=opened).exit_code == 0
        lines = [line(), line(sku="CUP", invoice_time="soon")]
        told = imported(cli, file_of(tmp_path, *lines))
        assert (told["recorded"], told["rejected"]) == (0, {"invalid_time": 2})

    @pytest.mark.usefixtures("store")
    def test_elsewhere_a_number_is_one_receipt_on_any_day(self, app, cli, tmp_path):
        assert imported(cli, file_of(tmp_path, *self.lines()))["recorded"] == 1
        assert scalar(app, "SELECT amount FROM purchases") == 60_000


class TestStores:
    ONE_LINE = (line(),)

    def test_store_is_said_or_the_only_one(self, app, cli, store, tmp_path):
        file = file_of(tmp_path, *self.ONE_LINE)
        assert imported(cli, file)["recorded"] == 1
        assert imported(cli, file, "--store", "S02", "--create-stores")["recorded"] == 1
        assert "say of which store it is" in refusal(run_import(cli, file))
        assert column(app, "SELECT code FROM stores ORDER BY id") == ["S01", "S02"]

    def test_first_store_is_made_when_asked(self, app, cli, tmp_path):
        file = file_of(tmp_path, *self.ONE_LINE)
        assert "say of which store it is" in refusal(run_import(cli, file))
        assert imported(cli, file, "--create-stores")["recorded"] == 1
        assert column(app, "SELECT code FROM stores") == ["MAIN"]

    def test_column_of_stores_is_read(self, app, cli, tmp_path):
        columns = (*COLUMNS, "store")
        given = [line(store="S7"), back(store="S8")]
        told = imported(cli, file_of(tmp_path, *given, columns=columns), "--create-stores")
        assert (told["recorded"], told["returns"], told["matched"]) == (1, 1, 1)
        assert column(app, "SELECT code FROM stores ORDER BY code") == ["S7", "S8"]

    def test_receipts_take_the_option_too(self, app, cli, store, tmp_path):
        text = "phone,receipt_no,purchased_at,amount\n0912345678,1,2025-11-22,10000\n"
        assert imported(cli, written(tmp_path, text), "--store", store)["recorded"] == 1


def test_words_say_how_many_returns_found_their_purchases(cli, store, tmp_path):
    said = run_import(cli, file_of(tmp_path, line(), back(), back(invoice_no="C9", sku="POT")))
    assert said.stdout.splitlines() == [
        "3 rows: 1 recorded, 2 returns (1 found their purchases, 0 some of them),"
        " 0 recorded before, 1 new members, 0 refused."
    ]
