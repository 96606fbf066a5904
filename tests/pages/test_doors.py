"""Who comes in, who is sent away, and what the browser is told."""

from __future__ import annotations

import re

import pytest

from tests.pages.visitor import PASSWORD, places

PURCHASE = {"phone": "0912345678", "country": "VN", "receipt_no": "HD-1", "amount": "150000"}


def test_a_new_shop_leads_to_its_first_page(sqlite_app):
    client = sqlite_app.test_client()
    for path in ("/", "/login"):
        assert client.get(path).headers["Location"] == "/setup"


def test_a_shop_that_is_set_up_has_no_first_page(visit):
    visitor = visit()
    assert visitor.get("/setup").headers["Location"] == "/login"
    refused = visitor.post(
        "/setup",
        shop_name="Another",
        first_store_name="Another",
        name="Another",
        login="another",
        password=PASSWORD,
        password_again=PASSWORD,
    )
    assert refused.status_code == 409


@pytest.mark.parametrize("path", ["/till", "/till/stores"])
def test_nobody_sees_the_till_without_signing_in(visit, path):
    assert visit().get(path).headers["Location"] == "/login"


def test_a_fragment_sends_the_whole_page_to_signing_in(visit):
    answer = visit().ask("/till/member", phone="0912345678")
    assert answer.headers["HX-Redirect"] == "/login"
    assert answer.text == ""


def test_marketing_has_no_till(visit):
    assert visit("mai").get("/till").status_code == 403


def test_a_wrong_login_and_a_wrong_password_are_answered_alike(visit):
    unknown, wrong = visit().sign_in("nobody", "x"), visit().sign_in("han", "x")
    assert unknown.status_code == wrong.status_code == 401
    said = [re.search(r"password-error.*?</p>", r.text, re.DOTALL) for r in (unknown, wrong)]
    assert said[0] is not None
    assert said[1] is not None
    assert said[0][0] == said[1][0]


def test_signing_in_begins_a_new_session(visit):
    visitor = visit("han")
    with visitor.client.session_transaction() as session:
        session["store"] = "S02"
    visitor.sign_in("cuc")
    with visitor.client.session_transaction() as session:
        assert "store" not in session


def test_a_cashier_records_for_the_own_store_only(visit):
    answer = visit("cuc").ask("/till/purchases", **PURCHASE, store="S01")
    assert answer.status_code == 422
    assert places(answer) == ["outcome"]


def test_a_cashier_does_not_undo_what_another_recorded(visit):
    recorded = visit("tram").ask("/till/purchases", **PURCHASE)
    address = re.search(r'hx-post="([^"]+/void)"', recorded.text)
    assert address is not None
    answer = visit("han").ask(address[1])
    assert answer.status_code == 403
    assert places(answer) == ["outcome"]


def test_a_form_without_its_token_is_refused(visit):
    visitor = visit("han")
    refused = visitor.client.post("/till/purchases", data={**PURCHASE, "store": "S01"})
    assert refused.status_code == 400
    asked = visitor.client.post(
        "/till/purchases", data=PURCHASE, headers={"HX-Request": "true", "X-CSRFToken": "x"}
    )
    assert asked.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb"]
)
def test_a_preference_leads_back_into_this_service_only(visit, back):
    answer = visit().post("/preferences", theme="dark", back=back)
    assert answer.headers["Location"] == "/"


def test_a_preference_is_kept_when_it_is_one_of_ours(visit):
    cookies = (
        visit().post("/preferences", theme="dark", language="xx").headers.getlist("Set-Cookie")
    )
    assert any(cookie.startswith("theme=dark") for cookie in cookies)
    assert not any(cookie.startswith("language=") for cookie in cookies)


@pytest.mark.parametrize("path", ["/login", "/till", "/till/stores", "/nothing"])
def test_pages_are_strict_and_kept_nowhere(visit, path):
    answer = visit("tram").client.get(path, follow_redirects=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "no-store" in answer.headers["Cache-Control"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|<style", answer.text)


def test_files_with_a_version_may_be_kept(visit):
    page = visit().get("/login").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)', page)
    assert addresses
    for address in addresses:
        answer = visit().get(address)
        assert answer.status_code == 200, address
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_every_file_that_styles_and_scripts_name_is_there(visit, sqlite_app):
    client = sqlite_app.test_client()
    folder = sqlite_app.blueprints["pages"].static_folder
    for sheet in ("tokens", "thai"):
        text = client.get(f"/static/css/{sheet}.css").text
        for font in re.findall(r'url\("\.\./([^"]+)"\)', text):
            assert client.get(f"/static/{font}").status_code == 200, (folder, font)


def test_what_was_typed_is_shown_as_text(visit):
    visitor = visit("han")
    visitor.ask("/till/purchases", **PURCHASE, name="<b>Hằng</b>")
    for answer in (visitor.ask("/till/member", phone="0912345678"), visitor.get("/till")):
        assert "<b>Hằng" not in answer.text
    again = visitor.ask("/till/purchases", **PURCHASE)
    assert "&lt;b&gt;Hằng" in again.text


def test_a_page_speaks_the_chosen_language(visit):
    visitor = visit("han")
    assert 'lang="vi"' in visitor.get("/till").text
    visitor.client.set_cookie("language", "th")
    assert "บันทึกการซื้อ" in visitor.get("/till").text


def test_a_program_hears_english_unless_it_asks(sqlite_app):
    client = sqlite_app.test_client()
    assert client.get("/api/v1/members").json["detail"].startswith("Sign in")
    asked = client.get("/api/v1/members", headers={"Accept-Language": "vi"})
    assert asked.json["detail"].startswith("Hãy")
