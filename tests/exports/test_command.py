"""`flask audiences export`: files here and now, into a folder."""

from __future__ import annotations

import csv
import json
import stat

import pytest

from tests.core.rows import column, scalar
from tests.exports.ordering import ON_SQLITE, agree, exported, group, person, see, stored

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def export(cli, out):
    def run(*options: str, slug: str = "g"):
        return cli.invoke(args=["audiences", "export", slug, "--out", str(out), *options])

    return run


def test_files_and_manifest_stand_in_the_folder(app, api, export, out):
    group(app, api, [person(api, 1), person(api, 2), person(api, 3, agrees=())])
    done = export("--format", "sms", "--json", "--rows-per-file", "1", "--columns", "name,points")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output.splitlines()[-1])
    manifest = json.loads((out / "manifest.json").read_text())
    assert {name: told[name] for name in ("rows", "steps", "files")} == {
        name: manifest[name] for name in ("rows", "steps", "files")
    }
    assert told["rows"] == 2
    names = [file["name"] for file in told["files"]]
    assert {path.name for path in out.iterdir()} == {*names, "manifest.json"}
    with (out / names[0]).open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 1
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert stat.S_IMODE((out / names[0]).stat().st_mode) == 0o600
    assert stored(app) == []


def test_row_is_kept_its_files_are_not_served_and_another_can_be_told_from_it(app, api, export):
    group(app, api, [person(api, 1)])
    done = export("--format", "csv", "--reach", "sms", "--purpose", "Tết", "--json")
    export_id = json.loads(done.output.splitlines()[-1])["id"]
    view = see(api, export_id)
    assert (view["state"], view["rows"], view["purpose"]) == ("done", 1, "Tết")
    assert (view["created_by"], view["files_until"]) == ("system:0", None)
    assert api.get(f"/exports/{export_id}/files/manifest.json").status_code == 404
    assert api.post(f"/exports/{export_id}/cancel").get_json()["code"] == "work_ended"
    agree(api, person(api, 2, agrees=()), "sms")
    api.post("/tags/tag-g/members", {"add": ["0912000002"]})
    assert exported(app, api, since_export=export_id)["rows"] == 1


@ON_SQLITE
def test_it_is_told_in_words(app, api, export):
    group(app, api, [person(api, 1), person(api, 2)])
    done = export("--format", "csv", "--limit", "1")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "1 rows."
    assert "  audience: 2" in lines
    assert "  limit: 1" in lines


@ON_SQLITE
def test_folder_with_files_of_an_export_is_left_as_it_is(app, api, export, out):
    group(app, api, [person(api, 1)])
    assert export("--format", "csv").exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    again = export("--format", "csv")
    assert again.exit_code == 1
    assert "choose an empty folder" in again.output
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert scalar(app, "SELECT count(*) FROM exports") == 1


@ON_SQLITE
def test_other_files_of_the_folder_stay(app, api, export, out):
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    group(app, api, [person(api, 1)])
    assert export("--format", "csv").exit_code == 0
    assert (out / "notes.txt").read_text() == "mine"


@ON_SQLITE
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "csv", "--reach", "sms"], "nobody_left: Nobody in this group agreed"),
        (["--format", "csv", "--columns", "shoe"], "unknown_column: "),
        (["--format", "csv", "--since-export", "77"], "unknown_export: "),
        (["--format", "meta", "--reach", "sms"], "invalid_request: "),
        (["--format", "pdf"], "Invalid value for '--format'"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(app, api, export, out, options, said):
    group(app, api, [person(api, 1, agrees=())])
    done = export(*options)
    assert done.exit_code in (1, 2)
    assert said in done.output
    assert not out.exists() or not list(out.iterdir())
    assert column(app, "SELECT id FROM exports") == []


@ON_SQLITE
def test_one_that_there_is_not_and_an_empty_one(app, api, export):
    group(app, api, [])
    assert export("--format", "csv").output.startswith("empty_audience: ")
    assert export("--format", "csv", slug="none").output.startswith("unknown_audience: ")


@ON_SQLITE
def test_folder_that_cannot_be_written_is_said(app, api, cli, tmp_path):
    group(app, api, [person(api, 1)])
    (tmp_path / "file").touch()
    done = cli.invoke(
        args=["audiences", "export", "g", "--format", "csv", "--out", str(tmp_path / "file" / "x")]
    )
    assert done.exit_code == 1
    assert "Cannot write into" in done.output
    assert column(app, "SELECT id FROM exports") == []
