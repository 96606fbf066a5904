"""`flask tags fill`: a manual tag is given by a file of phones, or taken off, once."""

from __future__ import annotations

import json
import threading

import pytest

from loyalty.imports import tags as filling
from tests.core.rows import scalar
from tests.imports.files import written
from tests.purchases.receipts import phone
from tests.tags.making import WOMEN, builds, join, make, see


@pytest.fixture
def vip(api):
    """The slug of a manual tag, beside three members."""
    for number in (1, 2, 3):
        join(api, number)
    return make(api, "VIP")["slug"]


def numbers(*cells, header="SĐT"):
    return "\n".join([header, *cells, ""])


def run(cli, slug, file, *options):
    return cli.invoke(args=["tags", "fill", slug, str(file), *options])


def told(cli, slug, file, *options):
    result = run(cli, slug, file, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_a_file_gives_the_tag_and_takes_it_off(cli, api, vip, tmp_path):
    file = written(tmp_path, numbers(phone(1), f"'{phone(2)}", f"+84{phone(1)[1:]}"))
    assert told(cli, vip, file) == {"rows": 3, "changed": 2, "unchanged": 1, "rejected": {}}
    assert see(api, vip)["count"] == 2
    assert told(cli, vip, file) == {"rows": 3, "changed": 0, "unchanged": 3, "rejected": {}}
    assert len(builds(api, vip)) == 1
    assert told(cli, vip, file, "--remove")["changed"] == 2
    assert see(api, vip)["count"] == 0
    assert [build["by"] for build in builds(api, vip)] == ["system", "system"]


def test_refused_rows_are_counted_and_written_down(cli, app, vip, tmp_path):
    lines = ("0912xxxxxx,a", ",b", f"{phone(9)},c", f"{phone(1)},d,e", f"{phone(1)},f")
    file = written(tmp_path, numbers(*lines, header="phone,note"))
    out = tmp_path / "rejects.csv"
    assert told(cli, vip, file, "--rejects", str(out)) == {
        "rows": 5,
        "changed": 1,
        "unchanged": 0,
        "rejected": {"invalid_phone": 1, "invalid_row": 1, "no_phone": 1, "unknown_member": 1},
    }
    kept = out.read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[:2] for line in kept[1:]] == [
        ["2", "invalid_phone"],
        ["3", "no_phone"],
        ["4", "unknown_member"],
        ["5", "invalid_row"],
    ]
    assert scalar(app, "SELECT count(*) FROM members") == 3


def test_words_for_people(cli, vip, tmp_path):
    result = run(cli, vip, written(tmp_path, numbers(phone(1), "x")))
    assert result.stdout.splitlines() == [
        "2 rows: 1 changed, 0 as they were, 1 refused.",
        "  invalid_phone: 1",
    ]


def test_what_cannot_be_filled_is_one_line(cli, api, vip, tmp_path):
    make(api, "Women", rule=WOMEN)
    file = written(tmp_path, numbers(phone(1)))
    for slug, code in (("none", "unknown_tag"), ("women", "tag_has_rule")):
        result = run(cli, slug, file)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"{code}: ")
        assert len(result.stderr.splitlines()) == 1
    assert run(cli, vip, written(tmp_path, "name\nLan\n")).exit_code == 1


def test_a_file_in_steps_stopped_between_them_goes_on(app, api, vip, tmp_path, monkeypatch):
    """Each step stands by itself: what was in before the stop is in, and again ends the same."""
    monkeypatch.setattr(filling, "BATCH_ROWS", 2)
    file = written(tmp_path, numbers(phone(1), phone(2), phone(3)))

    def fill(on_step):
        with app.app_context():
            return filling.fill_from_file(
                file, slug=vip, takes_off=False, on_step=on_step, on_refused=lambda *_: None
            )

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(stop)
    assert see(api, vip)["count"] == 2
    again = fill(lambda *_: None)
    assert (again.changed, again.unchanged) == (1, 2)
    assert see(api, vip)["count"] == 3


def test_two_files_at_once_lose_nobody(app, api, vip, tmp_path):
    files = [
        written(tmp_path, numbers(*order), f"{name}.csv")
        for name, order in (
            ("up", [phone(1), phone(2)]),
            ("down", [phone(3), phone(2), phone(1)]),
        )
    ]
    failed = []

    def fill(file):
        try:
            with app.app_context():
                filling.fill_from_file(
                    file,
                    slug=vip,
                    takes_off=False,
                    on_step=lambda *_: None,
                    on_refused=lambda *_: None,
                )
        except Exception as why:
            failed.append(why)

    threads = [threading.Thread(target=fill, args=[file]) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert see(api, vip)["count"] == 3
