"""What rules mean where it is easily got wrong, told by counts over the API."""

from __future__ import annotations

from datetime import timedelta

from loyalty.core import clock
from tests.purchases.goods import bring_back, bring_unnamed, line
from tests.purchases.receipts import local, phone
from tests.tags.making import buys, join

AS_OF = "2026-03-31T10:30:00+07:00"


def found(api, rule, as_of=AS_OF):
    """The ids of the members that a rule finds."""
    answer = api.post("/tags/preview", {"rule": rule, "as_of": as_of})
    assert answer.status_code == 200, answer.json
    sample = {one["id"] for one in answer.get_json()["sample"]}
    assert len(sample) == answer.get_json()["count"]
    return sample


def a_test(field, op, *value):
    return {"field": field, "op": op, **({"value": value[0]} if value else {})}


def bought(agg, op, value, **more):
    return {"purchases": {"agg": agg, "op": op, "value": value, **more}}


def at(text):
    return local(text).isoformat()


def test_a_window_takes_in_its_beginning_and_not_as_of(api, store):
    times = ("2025-12-31 10:29:59", "2025-12-31 10:30", "2026-03-31 10:29:59", "2026-03-31 10:30")
    before, first, last, now = (
        buys(api, number, purchased_at=at(time)) for number, time in enumerate(times)
    )
    ninety = {"last": 90, "unit": "day"}
    assert found(api, bought("count", "ge", 1, within=ninety)) == {first, last}
    assert found(api, bought("count", "ge", 1)) == {before, first, last}
    assert found(api, bought("count", "eq", 0)) == {now}


def test_a_window_in_months_begins_on_the_last_day_of_a_shorter_month(api, store):
    early = buys(api, 1, purchased_at=at("2026-02-28 10:29"))
    late = buys(api, 2, purchased_at=at("2026-02-28 10:30"))
    month = {"last": 1, "unit": "month"}
    assert found(api, bought("count", "ge", 1, within=month)) == {late}
    assert found(api, bought("count", "eq", 0, within=month)) == {early}


def test_a_plain_date_is_the_whole_local_day(api, store):
    times = ("2026-01-31 23:59", "2026-02-01 00:00", "2026-02-01 23:59", "2026-02-02 00:00")
    eve, first, last, after = (
        buys(api, number, purchased_at=at(time)) for number, time in enumerate(times)
    )
    day = "2026-02-01"
    expected = {
        "lt": {eve},
        "le": {eve, first, last},
        "eq": {first, last},
        "ne": {eve, after},
        "ge": {first, last, after},
        "gt": {after},
    }
    assert {op: found(api, a_test("first_purchase", op, day)) for op in expected} == expected
    assert found(api, a_test("last_purchase", "between", [day, day])) == {first, last}
    until_then = {"from": "2026-01-01", "to": day}
    assert found(api, bought("count", "ge", 1, within=until_then)) == {eve}


def test_what_is_returned_or_void_is_in_nothing(api, app, store):
    kept = buys(api, 1, amount=100)
    void = buys(api, 2, amount=100)
    purchase = api.get("/purchases", store="S01", receipt_no="T-2").get_json()["items"][0]
    assert api.post(f"/purchases/{purchase['id']}/void", {"reason": "x"}).status_code == 200
    never = join(api, 3)
    now = "2199-01-01T00:00:00Z"
    assert found(api, bought("count", "ge", 1), now) == {kept}
    assert found(api, bought("count", "eq", 0), now) == {void, never}
    assert found(api, bought("sum", "lt", 100), now) == {void, never}
    assert found(api, a_test("lifetime_spend", "eq", 0), now) == {void, never}
    assert found(api, a_test("last_purchase", "missing"), now) == {void, never}
    assert found(api, bought("max", "missing", None), now) == {void, never}
    assert found(api, bought("max", "lt", 1000), now) == {kept}


def test_conditions_on_lines_look_at_the_lines_that_fit(api, store):
    phones = {"sku": "A", "category": "phones", "quantity": 1, "amount": 300}
    cases = {"sku": "B", "category": "cases", "quantity": 4, "amount": 100}
    other = {"sku": "C", "quantity": 1, "amount": 400}
    both = buys(api, 1, amount=400, lines=[phones, cases])
    one = buys(api, 2, amount=400, lines=[other])
    no_lines = buys(api, 3, amount=400)
    now = "2199-01-01T00:00:00Z"

    def of(category, op="eq"):
        return {"where": [a_test("category", op, category)]}

    assert found(api, bought("sum", "eq", 300, **of("phones")), now) == {both}
    assert found(api, bought("sum", "eq", 4, of="quantity", **of("cases")), now) == {both}
    assert found(api, bought("count", "eq", 1, **of(["cases", "phones"], "in")), now) == {both}
    assert found(api, bought("count", "ge", 1, **of("phones", "ne")), now) == {both}
    assert found(api, bought("count", "eq", 0, **of("phones")), now) == {one, no_lines}


def test_sums_of_lines_are_net_of_what_came_back(api, store):
    """Two of three phones, the first of the two lines that they stand on; and all the cases."""
    phones = {"sku": "A", "category": "phones", "quantity": 2, "amount": 200}
    cases = {"sku": "B", "category": "cases", "quantity": 4, "amount": 100}
    dear = {"sku": "A", "category": "phones", "quantity": 1, "amount": 190}
    member_id = buys(api, 1, amount=490, quantity=7, lines=[phones, cases, dear])
    [purchase] = api.get("/purchases", store=store, receipt_no="T-1").get_json()["items"]
    bring_back(api, purchase["id"], lines=[line("A", 2), line("B", 4)])
    now = "2199-01-01T00:00:00Z"

    def of(category):
        return {"where": [a_test("category", "eq", category)]}

    for rule in (
        bought("sum", "eq", 190, **of("phones")),
        bought("sum", "eq", 1, of="quantity", **of("phones")),
        bought("min", "eq", 190, **of("phones")),
        bought("count", "eq", 0, **of("cases")),
        bought("sum", "eq", 1, of="quantity"),
        bought("sum", "eq", 190),
    ):
        assert found(api, rule, now) == {member_id}


def test_what_came_back_without_goods_is_shared_by_the_lines(api, store):
    """61 of 100 kept, after a case of 11: in the measure of what is left, to the last unit."""
    phones = {"sku": "A", "category": "phones", "quantity": 1, "amount": 50}
    cases = {"sku": "B", "category": "cases", "quantity": 3, "amount": 61}
    member_id = buys(api, 1, amount=111, lines=[phones, cases])
    [purchase] = api.get("/purchases", store=store, receipt_no="T-1").get_json()["items"]
    bring_back(api, purchase["id"], "TH-1", lines=[line("B", 1, 11)])
    bring_back(api, purchase["id"], "TH-2", amount=39)
    now = "2199-01-01T00:00:00Z"
    for category, kept in (("phones", 30), ("cases", 31), (["phones", "cases"], 61)):
        op = "eq" if isinstance(category, str) else "in"
        rule = bought("sum", "eq", kept, where=[a_test("category", op, category)])
        assert found(api, rule, now) == {member_id}
    assert found(api, bought("sum", "eq", 61), now) == {member_id}


def test_what_came_back_of_no_purchase_is_in_no_sum(api, store):
    """Within the window that it came back in, and never below 0."""
    member_id = buys(api, 1, amount=1_000, purchased_at=at("2026-03-01 10:00"))
    bring_unnamed(api, "TH-1", phone=phone(1), amount=900, returned_at=at("2026-03-20 10:00"))
    buys(api, 2, amount=1_000, purchased_at=at("2026-03-01 10:00"))
    bring_unnamed(api, "TH-2", phone=phone(2), amount=1_001, returned_at=at("2026-03-02 10:00"))
    spent = {"lifetime": a_test("lifetime_spend", "eq", 100), "sum": bought("sum", "eq", 100)}
    assert [found(api, rule) for rule in spent.values()] == [{member_id}] * 2
    assert len(found(api, a_test("lifetime_spend", "eq", 1_000), at("2026-03-01 11:00"))) == 2
    until = {"from": "2026-03-01", "to": "2026-03-10"}
    assert found(api, bought("sum", "eq", 1_000, within=until)) == {member_id}
    assert len(found(api, bought("sum", "eq", 0, within=until))) == 1


def test_hours_and_weekdays_are_the_shop_s(api, store):
    """2026-03-01 is a Sunday; 23:30 there is 16:30 in UTC."""
    night = buys(api, 1, purchased_at=at("2026-03-01 23:30"))
    buys(api, 2, purchased_at=at("2026-03-02 16:30"))
    where = [a_test("hour", "between", [22, 23]), a_test("weekday", "eq", 7)]
    assert found(api, bought("count", "ge", 1, where=where)) == {night}


BORN = {
    "1": "2008-03-31",  # 18 today
    "2": "2008-04-01",  # 18 tomorrow
    "3": "1981-03-30",  # 45 since yesterday
    "4": "1980-03-31",  # 46 today
    "5": None,
}


def test_ages_are_full_years(api):
    who = {name: join(api, int(name), birth_date=born) for name, born in BORN.items()}

    def aged(op, *value):
        ids = found(api, a_test("age", op, *value))
        return "".join(name for name, member_id in who.items() if member_id in ids)

    assert aged("lt", 18) == "2"
    assert aged("ge", 18) == "134"
    assert aged("between", [18, 45]) == "13"
    assert aged("gt", 45) == "4"
    assert aged("in", [17, 46]) == "24"
    assert aged("ne", 17) == "134"
    assert aged("missing") == "5"
    assert found(api, {"not": a_test("age", "ge", 18)}) == {who["2"], who["5"]}


def test_born_on_29_february_the_birthday_is_the_28th_in_most_years(api):
    leap = join(api, 1, birth_date="2000-02-29")
    rule = a_test("birth_date", "birthday_within", 0)
    assert found(api, rule, "2026-02-28T10:00:00+07:00") == {leap}
    assert found(api, rule, "2026-03-01T10:00:00+07:00") == set()
    assert found(api, rule, "2024-02-28T10:00:00+07:00") == set()
    assert found(api, rule, "2024-02-29T10:00:00+07:00") == {leap}


def test_a_birthday_may_be_next_year(api):
    new_year = join(api, 1, birth_date="1990-01-02")
    soon = a_test("birth_date", "birthday_within", 3)
    assert found(api, soon, "2025-12-30T10:00:00+07:00") == {new_year}
    assert found(api, soon, "2025-12-29T10:00:00+07:00") == set()
    month = a_test("birth_date", "birthday_within", "this_month")
    assert found(api, month, "2025-12-31T23:59:00+07:00") == set()
    assert found(api, month, "2026-01-01T00:00:00+07:00") == {new_year}


TEXTS = [
    ("name", "contains", "hang", "1"),
    ("name", "contains", "HẰNG", "1"),
    ("name", "eq", "lê thu hằng", ""),
    ("occupation", "contains", "%", "2"),
    ("occupation", "contains", "_", "3"),
    ("occupation", "contains", "doc", "14"),
    ("occupation", "contains", "Doc", ""),
    ("occupation", "eq", "doctor", "1"),
    ("occupation", "in", ["doctor", "100%"], "12"),
]


def test_texts_mean_the_same_on_both_databases(api):
    occupations = {"1": "doctor", "2": "100%", "3": "a_b", "4": "docs' \\"}
    who = {
        name: join(api, int(name), occupation=done, name="Lê Thu Hằng" if name == "1" else None)
        for name, done in occupations.items()
    }
    said = [
        (
            field,
            op,
            value,
            "".join(n for n in who if who[n] in found(api, a_test(field, op, value))),
        )
        for field, op, value, _ in TEXTS
    ]
    assert said == TEXTS


def test_not_is_the_complement_within_active_members(api):
    woman, man, unknown = (
        join(api, number, gender=gender) for number, gender in enumerate(("female", "male", None))
    )
    is_woman = a_test("gender", "eq", "female")
    assert found(api, a_test("gender", "ne", "female")) == {man}
    assert found(api, {"not": is_woman}) == {man, unknown}
    assert found(api, {"not": {"not": is_woman}}) == {woman}
    assert found(api, {"any": [is_woman, {"not": is_woman}]}) == {woman, man, unknown}
    assert found(api, {"all": [is_woman, {"not": is_woman}]}) == set()


def test_region_follows_from_the_province_of_any_list(api):
    today = join(api, 1, province="Hà Nội")
    before = join(api, 2, province="vn63:02")
    south = join(api, 3, province="Hồ Chí Minh")
    join(api, 4)
    assert found(api, a_test("region", "eq", "North")) == {today, before}
    assert found(api, a_test("region", "in", ["South"])) == {south}
    assert found(api, a_test("province", "eq", "vn63:02")) == {before}


def test_a_consent_that_does_not_count_is_a_no(api):
    said = {"channel": "sms", "purpose": "marketing", "granted": True}
    proved = join(api, 1, consents=[{**said, "proof": "form 1"}])
    unproved = join(api, 2, consents=[said])
    silent = join(api, 3)
    now = "2199-01-01T00:00:00Z"
    assert found(api, a_test("consent_sms", "eq", True), now) == {proved}
    assert found(api, a_test("consent_sms", "eq", False), now) == {unproved, silent}
    assert found(api, a_test("consent_sms", "missing"), now) == set()


KINDS = [
    ("text", {}, "Honda", "honda"),
    ("number", {}, 2.5, 2),
    ("bool", {}, True, False),
    ("date", {}, "2026-01-01", "2026-01-02"),
    ("choice", {"choices": ["car", "bike"]}, "car", "bike"),
]


def test_an_attribute_is_compared_by_its_kind(api):
    for kind, more, _, _ in KINDS:
        declared = {"name": kind, "label": kind, "kind": kind, **more}
        assert api.post("/attributes", declared).status_code == 201
    first = join(api, 1, attributes={kind: mine for kind, _, mine, _ in KINDS})
    second = join(api, 2, attributes={kind: other for kind, _, _, other in KINDS})
    none = join(api, 3)
    for kind, _, mine, _ in KINDS:
        field = f"attributes.{kind}"
        assert found(api, a_test(field, "eq", mine)) == {first}
        assert found(api, a_test(field, "ne", mine)) == {second}
        assert found(api, a_test(field, "missing")) == {none}
        assert found(api, {"not": a_test(field, "eq", mine)}) == {second, none}


def test_several_choices_are_asked_for_one_by_one(api):
    choices = ["sport", "music", "food"]
    declared = {"name": "interests", "label": "Interests", "kind": "choices", "choices": choices}
    assert api.post("/attributes", declared).status_code == 201
    both = join(api, 1, attributes={"interests": ["sport", "music"]})
    one = join(api, 2, attributes={"interests": ["food"]})
    none = join(api, 3)
    assert found(api, a_test("attributes.interests", "contains", "music")) == {both}
    assert found(api, a_test("attributes.interests", "in", ["food", "sport"])) == {both, one}
    assert found(api, a_test("attributes.interests", "missing")) == {none}


def test_points_lapse_without_anybody_noting_it(api, store):
    """15 points, good for 12 months."""
    member = buys(api, 1, amount=150_000)
    today = clock.now()

    def after(days):
        as_of = (today + timedelta(days=days)).isoformat()
        rules = a_test("points", "eq", 15), a_test("points_expiring", "eq", 15)
        return [bool(found(api, rule, as_of)) for rule in rules]

    assert after(300) == [True, False]
    assert after(350) == [True, True]
    assert after(370) == [False, False]
    gone = (today + timedelta(days=370)).isoformat()
    assert found(api, a_test("points", "eq", 0), gone) == {member}
