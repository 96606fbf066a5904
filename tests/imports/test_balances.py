"""`flask balances import`: points that members bring along, once each, from any table."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pytest
import xlsxwriter

from loyalty.core import clock
from loyalty.imports import balances
from tests.core.rows import column, lots_gone, row_counts, scalar
from tests.imports.files import written
from tests.points.spending import spend
from tests.purchases.receipts import LOCAL, phone, points_of
from tests.tags.making import join

NEXT_YEAR = clock.now().astimezone(LOCAL).year + 1


@pytest.fixture
def three(api):
    """The ids of three members."""
    return [join(api, number) for number in (1, 2, 3)]


def lines(*rows, header="SĐT,Điểm hiện tại"):
    return "\n".join([header, *rows, ""])


def told(cli, file, *options):
    result = cli.invoke(args=["balances", "import", str(file), "--json", *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def balances_of(api, member_ids):
    return [points_of(api, member_id)["balance"] for member_id in member_ids]


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def test_each_phone_of_the_file_gets_its_points(cli, app, api, three, tmp_path):
    rows = (f"{phone(1)},120", f"'{phone(2)},1.250", f"+84{phone(3)[1:]},0")
    done = told(cli, written(tmp_path, lines(*rows)))
    assert done == {
        "rows": 3,
        "recorded": 2,
        "points": 1370,
        "replayed": 0,
        "unchanged": 1,
        "rejected": {},
    }
    assert balances_of(api, three) == [120, 1250, 0]
    [entry] = api.get(f"/members/{three[0]}/entries").get_json()["items"]
    assert (entry["kind"], entry["reason"]) == ("opening", "import")
    said = scalar(app, "SELECT details FROM audit_events WHERE action = 'balance.import'")
    logged = said if isinstance(said, dict) else json.loads(said)
    assert logged == {"recorded": 2, "points": 1370}
    verify(cli)


def test_same_file_again_changes_nothing(cli, app, three, tmp_path):
    file = written(tmp_path, lines(f"{phone(1)},120", f"{phone(2)},7"))
    told(cli, file)
    before = row_counts(app)
    done = told(cli, file)
    assert (done["recorded"], done["replayed"], done["points"]) == (0, 2, 0)
    assert row_counts(app) == before


def test_other_points_for_who_has_a_balance_are_refused(cli, api, three, tmp_path):
    told(cli, written(tmp_path, lines(f"{phone(1)},120")))
    spend(cli.app, three[0], 20)
    done = told(cli, written(tmp_path, lines(f"{phone(1)},100", f"{phone(2)},5")))
    assert (done["recorded"], done["rejected"]) == (1, {"has_opening_balance": 1})
    assert balances_of(api, three) == [100, 5, 0]
    verify(cli)


def test_phone_twice_in_the_file_counts_once(cli, api, three, tmp_path):
    rows = (f"{phone(1)},120", f"{phone(1)},120", f"+84{phone(1)[1:]},80")
    done = told(cli, written(tmp_path, lines(*rows)))
    assert (done["recorded"], done["replayed"]) == (1, 1)
    assert done["rejected"] == {"has_opening_balance": 1}
    assert balances_of(api, three[:1]) == [120]


def test_rows_that_cannot_be_read_are_told_by_line(cli, app, three, tmp_path):
    rejects = tmp_path / "rejects.csv"
    rows = (
        f"{phone(9)},10,",
        ",10,",
        "0912xxxxxx,10,",
        f"{phone(1)},-5,",
        f"{phone(1)},many,",
        f"{phone(1)},10000000000,",
        f"{phone(1)},10,31/02/2030",
        f"{phone(1)},10,2020-01-31",
        f"{phone(1)},10",
    )
    file = written(tmp_path, lines(*rows, header="phone,points,expires"))
    done = told(cli, file, "--rejects", str(rejects))
    assert done["rejected"] == {
        "invalid_phone": 1,
        "invalid_row": 5,
        "no_phone": 1,
        "unknown_member": 1,
    }
    assert (done["rows"], done["recorded"]) == (9, 1)
    refused = rejects.read_text("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[0] for line in refused] == [str(n) for n in range(2, 10)]
    assert "These points have expired already." in refused[7]


def test_file_says_when_points_expire(cli, app, api, three, tmp_path):
    rows = (
        f"{phone(1)},10,05/01/{NEXT_YEAR}",
        f"{phone(2)},10,{NEXT_YEAR}-01-05",
        f"{phone(3)},10,",
    )
    told(cli, written(tmp_path, lines(*rows, header="Điện thoại,Điểm,Ngày hết hạn")))
    last_day = clock.end_of_day(date(NEXT_YEAR, 1, 5), LOCAL).isoformat().replace("+00:00", "Z")
    ends = [points_of(api, member_id)["expiring"][0]["expires_at"] for member_id in three]
    assert ends[:2] == [last_day, last_day]
    today = clock.now().astimezone(LOCAL).date()
    least = clock.end_of_day(clock.add_months(today - timedelta(days=1), 12), LOCAL)
    assert ends[2] >= least.isoformat()


def test_workbook_is_read_like_csv(cli, api, three, tmp_path):
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Số điện thoại", "Điểm"])
        sheet.write_row(1, 0, [float(phone(1)), 120.0])
        sheet.write_row(2, 0, [phone(2), "80"])
    file = tmp_path / "points.xlsx"
    file.write_bytes(book.getvalue())
    assert told(cli, file)["recorded"] == 2
    assert balances_of(api, three) == [120, 80, 0]


def test_file_without_its_columns_is_refused_whole(cli, app, tmp_path):
    before = row_counts(app)
    for content, named in (
        ("", "empty"),
        (lines(phone(1), header="SĐT"), "points"),
        (lines("120", header="Điểm"), "phone"),
    ):
        result = cli.invoke(args=["balances", "import", str(written(tmp_path, content))])
        assert result.exit_code == 1
        assert named in result.output
    assert row_counts(app) == before


def test_import_cut_off_goes_on_when_it_is_started_again(cli, app, three, tmp_path, monkeypatch):
    monkeypatch.setattr(balances, "BATCH_ROWS", 2)
    file = written(tmp_path, lines(*(f"{phone(n)},{n}" for n in (1, 2, 3))))

    def stop(*_):
        raise KeyboardInterrupt

    with app.app_context(), pytest.raises(KeyboardInterrupt):
        balances.import_balances(file, on_step=stop, on_refused=lambda *_: None)
    assert column(app, "SELECT points FROM point_entries ORDER BY id") == [1, 2]
    done = told(cli, file)
    assert (done["recorded"], done["replayed"]) == (1, 2)
    verify(cli)


def test_people_are_told_in_a_sentence(cli, three, tmp_path):
    file = written(tmp_path, lines(f"{phone(1)},120", f"{phone(9)},7"))
    told = cli.invoke(args=["balances", "import", str(file)]).output
    assert "2 rows: 1 balances opened with 120 points" in told
    assert "unknown_member: 1" in told


def test_step_that_the_database_breaks_writes_nothing(cli, app, three, tmp_path):
    file = written(tmp_path, lines(f"{phone(1)},5", f"{phone(2)},5"))
    before = row_counts(app)
    with lots_gone(app):
        result = cli.invoke(args=["balances", "import", str(file)])
        assert result.exit_code == 1
        assert phone(1)[1:] not in result.output
    assert row_counts(app) == before
