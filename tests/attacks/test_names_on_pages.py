"""Markup in names and reasons: every page shows it as text, and none becomes part of a page."""

from __future__ import annotations

import pytest
from sqlalchemy import String, text

from loyalty.core.access import Door
from loyalty.core.db import db
from tests.attacks.pages import Page
from tests.attacks.strings import EVALUATED
from tests.doors import routes, sign_in

MARK = "xssmark"
NAMES = [
    f"<script>{MARK}()</script>",
    f'"><img src=x onerror={MARK}()>',
    f"' onmouseover='{MARK}()' x='",
    f"javascript:{MARK}()",
    f"</title></textarea></select><svg onload={MARK}()>",
    f"{{{{70707*70707}}}} {MARK}",
    f"<{MARK}>&lt;{MARK}&gt;&#60;{MARK}&#62;",
]
WHERE_NAMES_STAND = {
    "members": ["name", "occupation", "district"],
    "staff_users": ["name"],
    "stores": ["name"],
    "programme": ["shop_name"],
    "api_keys": ["name", "prefix"],
    "purchases": ["void_reason", "register"],
    "rights_requests": ["note"],
    "consent_changes": ["proof", "guardian"],
    "do_not_call": ["source"],
    "tags": ["name", "link"],
    "audiences": ["name"],
}
WHERE_LINKS_STAND = {"a": "href", "form": "action", "use": "href", "link": "href", "script": "src"}


def rename(app, name):
    """By hand, past every check at the doors: what stands in a database may be old."""
    with app.app_context(), db.engine.begin() as connection:
        for table, columns in WHERE_NAMES_STAND.items():
            for column in columns:
                kind = db.metadata.tables[table].columns[column].type
                longest = kind.length if isinstance(kind, String) else 0
                connection.execute(
                    text(f"UPDATE {table} SET {column} = :name"), {"name": name[:longest]}
                )
        connection.execute(text("UPDATE programme SET revision = :name"), {"name": name[:32]})
        connection.execute(
            text("UPDATE purchases SET receipt_no = substr(CAST(id AS TEXT) || :name, 1, 64)"),
            {"name": name},
        )
        connection.execute(
            text(
                "INSERT INTO audit_events (at, actor, action, object_kind, object_id, reason)"
                " VALUES (CURRENT_TIMESTAMP, :cut, :cut, 'x', :cut, :name)"
            ),
            {"name": name, "cut": name[:64]},
        )


def came_in(page: Page) -> list[str]:
    """Elements and attributes that no template of ours writes."""
    found = []
    for tag, given in page.elements:
        found += [f"{tag} {name}" for name in given if name.startswith("on") or MARK in name]
        if MARK in tag or tag in ("img", "iframe", "object", "embed", "base"):
            found.append(tag)
        if tag == "script" and "src" not in given:
            found.append("inline script")
        address = given.get(WHERE_LINKS_STAND.get(tag, ""), "")
        if address and not address.startswith(("/", "#", "?", "tel:")):
            found.append(f"{tag} leads to {address}")
        found += [
            f"{tag} posts to {given[n]}" for n in ("hx-post", "hx-get") if MARK in given.get(n, "")
        ]
    return found


@pytest.fixture
def pages(shop):
    """Every page a manager may open, by its address."""
    manager = shop.caller("manager")
    return {
        shop.path(manager, route)
        for route in routes(shop.app)
        if route.method == "GET"
        and not route.is_api
        and route.fields <= manager.ids.keys()
        and (route.rule.door is Door.OPEN or manager.may(route))
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_name_becomes_part_of_any_page(shop, pages, name):
    rename(shop.app, name)
    manager = shop.app.test_client()
    sign_in(shop.app, manager, shop.caller("manager").login)
    shown = 0
    for address in sorted(pages):
        answer = manager.get(address, follow_redirects=False)
        assert answer.status_code < 500, address
        if answer.mimetype != "text/html":
            continue
        page = Page(answer.get_data(as_text=True))
        assert came_in(page) == [], address
        assert EVALUATED not in page.text, address
        shown += MARK in page.text or any(MARK in v for _, g in page.elements for v in g.values())
    assert shown >= 3


@pytest.mark.parametrize("name", NAMES)
def test_no_name_becomes_part_of_what_the_till_is_sent(shop, name):
    rename(shop.app, name)
    cashier = shop.app.test_client()
    sign_in(shop.app, cashier, shop.caller("cashier").login)
    typed = {"store": "S01", "phone": "0912100000", "country": "VN", "amount": "150000"}
    for path, form in (
        ("/till/member", typed),
        ("/till/member", {**typed, "phone": name}),
        ("/till/purchases", {**typed, "receipt_no": f"HD {name}", "name": name}),
        ("/till/purchases", {**typed, "receipt_no": f"HD {name}", "amount": "160000"}),
        ("/till/purchases", {**typed, "receipt_no": name, "amount": name}),
        ("/till/purchases", {**typed, "store": name}),
    ):
        answer = cashier.post(path, data=form, headers={"HX-Request": "true"})
        assert answer.status_code < 500, (path, form)
        page = Page(answer.get_data(as_text=True))
        assert came_in(page) == [], (path, form)
        assert EVALUATED not in page.text
