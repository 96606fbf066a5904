"""`flask members import`: who is made, what is filled in, what is refused, and what it tells."""

from __future__ import annotations

import csv
import gzip

import pytest

from loyalty.imports import importing
from tests.core.rows import change, column, row_counts, scalar
from tests.imports.files import written
from tests.imports.people import (
    PROOF,
    bring_in,
    consents,
    counts,
    member,
    people,
    person,
    phones,
    run,
    short_steps,
    told,
)
from tests.members.attributes import declare, declare_every_kind
from tests.purchases.receipts import e164, phone, points_of
from tests.tags.making import join, make, tags_of

RULES = ("fill", "newest", "skip")
VIP = {"field": "gender", "op": "eq", "value": "female"}


# -- who is made -------------------------------------------------------------------


def test_members_are_made_with_what_the_file_knows(app, api, cli, tmp_path):
    declare_every_kind(api)
    row = person(
        1,
        **{
            "họ tên": "Nguyễn Thị Đào",
            "email": " Dao@Example.com ",
            "ngày sinh": "28/02/1990",
            "giới tính": "nữ",
            "tỉnh/thành": "Hà Nội",
            "quận/huyện": "Quận Tây Hồ",
            "member since": "2024-05-06",
            "distance_km": "3.5",
            "has_pet": "có",
            "interests": "bánh; trà",
        },
    )
    assert counts(bring_in(cli, tmp_path, row)) == (1, 1, 0, 0, 0)
    made = member(api, 1)
    assert made["name"] == "Nguyễn Thị Đào"
    assert made["email"] == "dao@example.com"
    assert made["birth_date"] == "1990-02-28"
    assert made["gender"] == "female"
    assert (made["province_list"], made["province"]) == ("vn34", "01")
    assert made["urban"] is True
    assert made["source"] == "import"
    assert made["joined_at"].startswith("2024-05-05T17:00")
    assert made["attributes"] == {
        "distance_km": 3.5,
        "has_pet": True,
        "interests": ["trà", "bánh"],
    }
    assert scalar(app, "SELECT name_folded FROM members") == "nguyen thi dao"
    assert column(app, "SELECT updated_at FROM members") == [None]


def test_phones_are_one_however_they_are_written(app, cli, tmp_path):
    ways = ["0912000001", "+84 912 000 001", "84912000001", "912000001", "912000001.0"]
    told_of = bring_in(cli, tmp_path, *({"phone": way, "name": "Lan"} for way in ways))
    assert counts(told_of) == (5, 1, 0, 0, 4)
    assert phones(app) == [e164(1)]


@pytest.mark.parametrize("name", ["people.csv.gz", "people.xlsx"])
def test_other_kinds_of_files(app, cli, tmp_path, name):
    text = people([person(1, name="Lan"), person(2, name="Bình")])
    file = tmp_path / name
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress(text.encode()))
    else:
        _as_workbook(file, text)
    assert counts(told(run(cli, file, "--json"))) == (2, 2, 0, 0, 0)
    assert phones(app) == [e164(1), e164(2)]


def _as_workbook(file, text):
    import xlsxwriter

    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(csv.reader(text.splitlines())):
            sheet.write_row(number, 0, cells)


def test_same_file_again_changes_nothing(app, api, cli, tmp_path):
    rows = [person(1, name="Lan", tags="VIP", points="50"), person(2, name="Bình")]
    options = ("--make-tags", "--opening-points", "--consent", "sms", *PROOF)
    first = bring_in(cli, tmp_path, *rows, options=options)
    assert counts(first) == (2, 2, 0, 0, 0)
    assert first["opened"] == {"members": 1, "points": 50}
    before = _but_for_the_import(app)
    again = bring_in(cli, tmp_path, *rows, options=options)
    assert counts(again) == (2, 0, 0, 2, 0)
    assert again["rejected"] == {}
    assert again["opened"] == {"members": 0, "points": 0}
    assert _but_for_the_import(app) == before


def _but_for_the_import(app):
    kept = row_counts(app)
    return {name: kept[name] for name in kept.keys() - {"member_imports", "audit_events"}}


def test_it_says_that_the_file_was_imported_before(cli, tmp_path):
    file = written(tmp_path, people([person(1)]), "people.csv")
    assert "before" not in run(cli, file).stderr
    assert "This file was imported before: import 1." in run(cli, file).stderr


# -- who is known ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "name", "email", "changed"),
    [
        ("fill", "Lan", "lan@example.com", 1),
        ("newest", "Lan Anh", "lan@example.com", 1),
        ("skip", "Lan", None, 0),
    ],
)
def test_rule_for_who_is_known(api, cli, tmp_path, rule, name, email, changed):
    join(api, 1, name="Lan", gender="female")
    row = person(1, name="Lan Anh", email="lan@example.com", gender="")
    done = bring_in(cli, tmp_path, row, options=["--on-duplicate", rule])
    assert counts(done) == (1, 0, changed, 1 - changed, 0)
    known = member(api, 1)
    assert (known["name"], known["email"], known["gender"]) == (name, email, "female")


def test_province_and_its_list_are_one_value(api, cli, tmp_path):
    join(api, 1, country="VN", province="vn63:01")
    bring_in(cli, tmp_path, person(1, province="Huế"))
    assert (member(api, 1)["province_list"], member(api, 1)["province"]) == ("vn63", "01")
    bring_in(cli, tmp_path, person(1, province="Huế"), options=["--on-duplicate", "newest"])
    assert (member(api, 1)["province_list"], member(api, 1)["province"]) == ("vn34", "46")


def test_new_province_takes_the_old_district_away(app, api, cli, tmp_path):
    before = person(1, province="Hà Nội", district="Quận Tây Hồ")
    bring_in(cli, tmp_path, before)
    bring_in(cli, tmp_path, person(1, province="Huế"), options=["--on-duplicate", "newest"])
    assert member(api, 1)["district"] is None
    assert column(app, "SELECT district FROM members") == [None]


def test_attributes_follow_the_same_rule(app, api, cli, tmp_path):
    declare(api, "vehicle", "text")
    declare(api, "km", "number")
    member_id = join(api, 1, attributes={"vehicle": "ô tô"})
    row = person(1, vehicle="xe máy", km="4")
    bring_in(cli, tmp_path, row)
    assert member(api, 1)["attributes"] == {"vehicle": "ô tô", "km": 4}
    bring_in(cli, tmp_path, row, options=["--on-duplicate", "newest"])
    assert member(api, 1)["attributes"] == {"vehicle": "xe máy", "km": 4}
    touched = scalar(app, "SELECT updated_at FROM members WHERE id = :id", id=member_id)
    assert touched is not None


@pytest.mark.parametrize("steps", [1, 50])
@pytest.mark.parametrize(
    ("rule", "name", "email"),
    [("fill", "Lan", "b@example.com"), ("newest", "Lan C", "b@example.com"), ("skip", "Lan", None)],
)
def test_twice_in_the_file_is_as_twice_imported(
    api, cli, tmp_path, monkeypatch, steps, rule, name, email
):
    short_steps(monkeypatch, steps)
    rows = [
        person(1, name="Lan"),
        person(2, name="Bình"),
        person(1, name="Lan B", email="b@example.com"),
        person(1, name="Lan C"),
    ]
    done = bring_in(cli, tmp_path, *rows, options=["--on-duplicate", rule])
    assert counts(done) == (4, 2, 0, 0, 2)
    assert (member(api, 1)["name"], member(api, 1)["email"]) == (name, email)


def test_known_member_twice_in_the_file(api, cli, tmp_path, monkeypatch):
    short_steps(monkeypatch, 1)
    join(api, 1, name="Lan")
    rows = [person(1, name="Lan A"), person(1, name="Lan B")]
    done = bring_in(cli, tmp_path, *rows, options=["--on-duplicate", "newest"])
    assert counts(done) == (2, 0, 1, 0, 1)
    assert member(api, 1)["name"] == "Lan B"
    undone = cli.invoke(args=["members", "undo-import", "1"])
    assert undone.exit_code == 0, undone.output
    assert member(api, 1)["name"] == "Lan"


def test_phone_of_an_erased_member_is_a_new_person(app, api, cli, tmp_path):
    gone = join(api, 1, name="Lan")
    assert cli.invoke(args=["privacy", "erase", str(gone), "--reason", "asked"]).exit_code == 0
    assert counts(bring_in(cli, tmp_path, person(1, name="Bình"))) == (1, 1, 0, 0, 0)
    assert member(api, 1)["id"] != gone


@pytest.mark.parametrize("rule", RULES)
def test_restricted_member_stays_as_it_is(app, api, cli, tmp_path, rule):
    member_id = join(api, 1, name="Lan")
    change(app, "UPDATE members SET restricted_at = joined_at WHERE id = :id", id=member_id)
    make(api, "VIP")
    out = tmp_path / "out.csv"
    options = ["--on-duplicate", rule, "--tag", "vip", "--rejects", str(out)]
    done = bring_in(cli, tmp_path, person(1, name="X", email="x@example.com"), options=options)
    assert done["rejected"] == {"restricted": 1}
    assert (member(api, 1)["name"], member(api, 1)["email"]) == ("Lan", None)
    assert tags_of(api, member_id) == []
    assert "had the use of the profile restricted" in out.read_text(encoding="utf-8-sig")


# -- tags, consent, points -----------------------------------------------------------


def test_tags_of_the_column_and_of_the_whole_file(api, cli, tmp_path):
    make(api, "Khách quen")
    make(api, "Từ KiotViet")
    rows = [person(1, tags="khach quen; Mới"), person(2, tags="")]
    done = bring_in(cli, tmp_path, *rows, options=["--make-tags", "--tag", "tu-kiotviet"])
    assert done["new_tags"] == ["Mới"]
    assert done["tagged"] == 4
    names = [[tag["name"] for tag in tags_of(api, member(api, n)["id"])] for n in (1, 2)]
    assert names == [["Khách quen", "Mới", "Từ KiotViet"], ["Từ KiotViet"]]


def test_tags_that_are_not_there_and_tags_with_a_rule_refuse_the_row(app, api, cli, tmp_path):
    make(api, "Nữ", rule=VIP)
    rows = [person(1, tags="Nữ"), person(2, tags="Mới"), person(3, tags="")]
    done = bring_in(cli, tmp_path, *rows)
    assert done["rejected"] == {"tag_has_rule": 1, "unknown_tag": 1}
    assert done["new_tags"] == ["Mới"]
    assert phones(app) == [e164(3)]
    assert scalar(app, "SELECT count(*) FROM tags") == 1


def test_so_many_new_tags_and_no_more(app, cli, tmp_path, monkeypatch):
    for name in ("member_tally", "member_decisions"):
        monkeypatch.setattr(f"loyalty.imports.{name}.IMPORT_TAGS", 2)
    short_steps(monkeypatch, 2)
    rows = [person(n, tags=f"T{n}") for n in range(4)]
    done = bring_in(cli, tmp_path, *rows, options=["--make-tags"])
    assert (done["created"], done["rejected"]) == (2, {"unknown_tag": 2})
    assert scalar(app, "SELECT count(*) FROM tags") == 2


def test_consent_of_the_whole_file_and_by_column(api, cli, tmp_path):
    column_of = "agreed to marketing by SMS"
    rows = [person(1, **{column_of: "yes"}), person(2, **{column_of: "no"}), person(3)]
    done = bring_in(cli, tmp_path, *rows, options=["--consent", "sms,zalo", *PROOF])
    assert done["consents"]["granted"] == 5
    agreed = [consents(api, member(api, n)["id"]) for n in (1, 2, 3)]
    assert agreed == [{"sms", "zalo"}, {"zalo"}, {"sms", "zalo"}]


@pytest.mark.parametrize("steps", [1, 50])
@pytest.mark.parametrize("said", [("no", "yes"), ("yes", "no"), ("no", "")])
def test_a_no_stands_in_whichever_row_of_a_phone_it_is(
    api, cli, tmp_path, monkeypatch, steps, said
):
    short_steps(monkeypatch, steps)
    rows = [person(1, **{"agreed to marketing by SMS": word}) for word in said]
    bring_in(cli, tmp_path, *rows, options=["--consent", "sms,zalo", *PROOF])
    assert consents(api, member(api, 1)["id"]) == {"zalo"}


def test_whole_file_gives_nothing_to_who_is_known_and_stays_as_they_are(
    api, cli, tmp_path, monkeypatch
):
    make(api, "Sỉ")
    known = join(api, 1, name="Lan")
    rows = [person(1, name="X"), person(2), person(2)]
    options = ["--on-duplicate", "skip", "--tag", "si", "--consent", "sms", *PROOF]
    for _ in range(2):
        short_steps(monkeypatch, 1)
        bring_in(cli, tmp_path, *rows, options=options)
        assert (tags_of(api, known), consents(api, known)) == ([], set())
    new = member(api, 2)["id"]
    assert ([tag["name"] for tag in tags_of(api, new)], consents(api, new)) == (["Sỉ"], {"sms"})


def test_columns_of_consent_say_nothing_without_a_proof(app, cli, tmp_path):
    bring_in(cli, tmp_path, person(1, **{"agreed to marketing by SMS": "yes"}))
    assert scalar(app, "SELECT count(*) FROM consents") == 0


def test_opening_points_only_where_they_are_asked_for(app, api, cli, tmp_path):
    rows = [person(1, points="120"), person(2, points="0"), person(3, points="")]
    bring_in(cli, tmp_path, *rows)
    assert scalar(app, "SELECT count(*) FROM point_entries") == 0
    done = bring_in(cli, tmp_path, *rows, options=["--opening-points"])
    assert done["opened"] == {"members": 1, "points": 120}
    assert points_of(api, member(api, 1)["id"])["balance"] == 120
    assert cli.invoke(args=["points", "verify"]).exit_code == 0


@pytest.mark.parametrize("steps", [1, 50])
def test_another_opening_balance_refuses_the_row(api, cli, tmp_path, monkeypatch, steps):
    short_steps(monkeypatch, steps)
    rows = [person(1, points="120"), person(1, points="120"), person(1, points="7", name="X")]
    done = bring_in(cli, tmp_path, *rows, options=["--opening-points"])
    assert done["rejected"] == {"has_opening_balance": 1}
    assert done["opened"] == {"members": 1, "points": 120}
    assert member(api, 1)["name"] is None


# -- what is refused -----------------------------------------------------------------


def test_refused_rows_are_listed_and_the_others_are_in(app, cli, tmp_path):
    out = tmp_path / "out.csv"
    rows = [
        person(1, name="Lan"),
        {"phone": "", "name": "No phone"},
        {"phone": "0912xxxxxx", "name": "Masked"},
        person(2, name="Bình", email="nothing"),
        person(3, name="=cmd|x", email="b@example.com"),
    ]
    done = bring_in(cli, tmp_path, *rows, options=["--rejects", str(out)])
    assert done["rejected"] == {"no_phone": 1, "invalid_phone": 1, "invalid_row": 1}
    assert phones(app) == [e164(1), e164(3)]
    with out.open(encoding="utf-8-sig", newline="") as lines:
        header, *found = csv.reader(lines)
    assert header == ["line", "code", "sentence", "phone", "name", "email"]
    assert [(cells[0], cells[1]) for cells in found] == [
        ("3", "no_phone"),
        ("4", "invalid_phone"),
        ("5", "invalid_row"),
    ]
    assert found[2][3:] == [phone(2), "Bình", "nothing"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--map", "name=Foo"], "The file has no column Foo."),
        (["--map", "x=name"], "columns.x: There is no field of this name."),
        (["--map", "phone="], "Say which column holds the phone."),
        (["--consent", "sms"], "consent.given_on"),
        (["--consent", "fax", *PROOF], "consent.channels.0"),
        (["--tag", "none"], "There is no such tag."),
    ],
)
def test_wrong_options_write_nothing(app, cli, tmp_path, options, sentence):
    file = written(tmp_path, people([person(1, name="Lan")]), "people.csv")
    result = run(cli, file, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert scalar(app, "SELECT count(*) FROM member_imports") == 0


def test_columns_are_mapped_by_hand(api, cli, tmp_path):
    file = written(tmp_path, f"a,b,name\n{phone(1)},Lan,x\n", "people.csv")
    told(run(cli, file, "--map", "phone=a", "--map", "name=B", "--json"))
    assert member(api, 1)["name"] == "Lan"


# -- cut off ---------------------------------------------------------------------------


def test_command_that_was_cut_off_goes_on_where_it_was(app, cli, tmp_path, monkeypatch):
    short_steps(monkeypatch, 2)
    rows = [person(1), {"phone": "0912xxxxxx"}, person(2), person(3), person(1), person(4)]
    out = tmp_path / "out.csv"
    options = ["--consent", "sms", *PROOF, "--rejects", str(out)]
    file = written(tmp_path, people(rows), "people.csv")
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_do", _interrupted_in_step(3))
        cut_off = run(cli, file, *options)
    assert (cut_off.exit_code, "start it again" in cut_off.stderr) == (1, True)
    assert phones(app) == [e164(1), e164(2), e164(3)]
    done = told(run(cli, file, *options, "--json"))
    assert done["import"] == 1
    assert counts(done) == (6, 4, 0, 0, 1)
    assert done["rejected"] == {"invalid_phone": 1}
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 2
    assert scalar(app, "SELECT count(*) FROM consents") == 4


def test_refused_row_is_no_row_before_where_it_goes_on_either(app, cli, tmp_path, monkeypatch):
    short_steps(monkeypatch, 1)
    rows = [person(1, tags="Nobody's"), person(2, tags=""), person(1, tags="")]
    file = written(tmp_path, people(rows), "people.csv")
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_do", _interrupted_in_step(3))
        assert run(cli, file).exit_code == 1
    assert counts(told(run(cli, file, "--json"))) == (3, 2, 0, 0, 0)


def test_other_settings_begin_another_import(cli, tmp_path, monkeypatch):
    short_steps(monkeypatch, 2)
    file = written(tmp_path, people([person(n) for n in range(4)]), "people.csv")
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_do", _interrupted_in_step(2))
        assert run(cli, file).exit_code == 1
    assert told(run(cli, file, "--on-duplicate", "newest", "--json"))["import"] == 2
    assert told(run(cli, file, "--json"))["import"] == 1


def _interrupted_in_step(number):
    do, done = importing._do, []

    def do_or_stop(*arguments):
        done.append(arguments)
        if len(done) == number:
            raise KeyboardInterrupt
        return do(*arguments)

    return do_or_stop


# -- a dry run -----------------------------------------------------------------------


def test_dry_run_says_what_would_come_of_it_and_writes_nothing(
    app, api, cli, tmp_path, monkeypatch
):
    short_steps(monkeypatch, 2)
    join(api, 1, name="Lan")
    join(api, 2, name="Bình", email="b@example.com")
    rows = [
        person(1, name="Lan", email="lan@example.com", tags="Mới"),
        person(2, name="Bình", tags=""),
        person(3, name="Chi", tags="", points="5"),
        person(3, name="Chi", tags=""),
        {"phone": "x"},
    ]
    before = row_counts(app)
    out = tmp_path / "out.csv"
    options = ["--make-tags", "--opening-points"]
    dry = bring_in(cli, tmp_path, *rows, options=[*options, "--dry-run", "--rejects", str(out)])
    assert row_counts(app) == before
    assert counts(dry) == (5, 1, 1, 1, 1)
    assert dry["new_tags"] == ["Mới"]
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 2
    done = bring_in(cli, tmp_path, *rows, options=options)
    assert counts(done) == counts(dry)
    assert done["rejected"] == dry["rejected"]


@pytest.mark.parametrize("steps", [1, 50])
@pytest.mark.parametrize("rule", ["fill", "skip"])
def test_dry_run_says_what_comes_beside_the_profile(api, cli, tmp_path, monkeypatch, steps, rule):
    short_steps(monkeypatch, steps)
    make(api, "Sỉ")
    sms = "agreed to marketing by SMS"
    rows = [
        person(1, **{"points": "120", "tags": "Mới", sms: "no"}),
        person(2, **{"points": "120", "tags": "", sms: ""}),
        person(1, **{"points": "7", "tags": "", sms: ""}),
        person(2, **{"points": "120", "tags": "", sms: ""}),
    ]
    options = ["--make-tags", "--opening-points", "--tag", "si", "--on-duplicate", rule]
    options += ["--consent", "sms,zalo", *PROOF]
    dry = bring_in(cli, tmp_path, *rows, options=[*options, "--dry-run"])
    done = bring_in(cli, tmp_path, *rows, options=options)
    assert dry["opened"] == {"members": 2, "points": 240}
    assert dry["tagged"] == 3
    assert dry["consents"] == {"granted": 3, "withdrawn": 1}
    assert dry["rejected"] == ({"has_opening_balance": 1} if rule == "fill" else {})
    del done["import"]
    for told_of in (dry, done):
        told_of["consents"] = {kind: told_of["consents"][kind] for kind in dry["consents"]}
    assert done == dry


@pytest.mark.parametrize("steps", [1, 50])
def test_row_after_a_refused_one_of_its_phone_is_the_first(cli, tmp_path, monkeypatch, steps):
    short_steps(monkeypatch, steps)
    rows = [person(1, tags="Nobody's"), person(1, tags="")]
    for options in (["--dry-run"], []):
        assert counts(bring_in(cli, tmp_path, *rows, options=options)) == (2, 1, 0, 0, 0)


def test_no_personal_value_is_in_the_log_or_beside_the_import(app, cli, tmp_path):
    bring_in(cli, tmp_path, person(1, name="Lan", email="lan@example.com"), {"phone": "0912xx"})
    kept = column(app, "SELECT CAST(details AS text) FROM audit_events")
    kept += column(app, "SELECT CAST(result AS text) || file_name FROM member_imports")
    assert not [text for text in kept if text and ("Lan" in text or "91200" in text)]
