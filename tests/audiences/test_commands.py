"""`flask audiences`: the count of now, and a build."""

from __future__ import annotations

from tests.audiences.making import enrol, make, make_tag, put_in


def test_count_is_exact_and_of_now(app, api, cli):
    enrol(app, range(1, 11))
    make_tag(app, "a", [1, 2])
    make(api, "g", {"not": {"tag": "a"}})
    assert cli.invoke(args=["audiences", "count", "g"]).output == "8\n"
    put_in(app, "a", [3])
    assert cli.invoke(args=["audiences", "count", "g"]).output == "7\n"


def test_build_keeps_who_is_in(app, api, cli):
    enrol(app, range(1, 11))
    make_tag(app, "a", [1, 2])
    make(api, "g", {"tag": "a"})
    done = cli.invoke(args=["audiences", "build", "g"])
    assert (done.exit_code, done.output) == (0, "g: 2 members, 2 in, 0 out.\n")
    assert api.get("/audiences/g/builds").get_json()["items"][0]["by"] == "system"


def test_one_that_there_is_not_is_said_in_a_line(cli):
    for command in ("count", "build"):
        done = cli.invoke(args=["audiences", command, "none"])
        assert done.exit_code == 1
        assert done.output.startswith("unknown_audience: ")
