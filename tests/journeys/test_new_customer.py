"""A new customer at the till: what is asked besides the phone, and what is ticked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.shop import new_phone, new_receipt
from tests.journeys.test_screens import LANGUAGES, SCREENS, fits, is_accessible

CHANNELS = ("SMS", "Zalo")


def agreed(till):
    return till.page.locator("[name^=agreed_]")


def open_card(till, screen):
    till.look_up(new_phone())
    if screen != "desk":
        till.page.locator(".new-more").click()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_card_with_its_consents_fits(open_till, screen, language):
    till = open_till(viewport=SCREENS[screen], language=language)
    open_card(till, screen)
    expect(agreed(till)).to_have_count(3)
    for box in agreed(till).all():
        expect(box).not_to_be_checked()
        expect(box).to_be_in_viewport()
    fits(till)
    agreed(till).first.check()
    fits(till)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_card_with_its_consents_is_accessible(open_till, theme):
    till = open_till(viewport=SCREENS["small"], theme=theme)
    open_card(till, "small")
    agreed(till).first.check()
    is_accessible(till.page)


def test_consents_are_ticked_by_keyboard(till):
    till.look_up(new_phone())
    till.page.locator("#gender").focus()
    for channel in CHANNELS:
        till.page.keyboard.press("Tab")
        till.page.keyboard.press("Space")
        expect(till.page.get_by_label(channel, exact=True)).to_be_checked()
    till.receipt.fill(new_receipt())
    till.amount.fill("150000")
    till.submit.click()
    expect(till.outcome).to_contain_text("Vừa ghi")


@pytest.mark.parametrize("screen", SCREENS)
def test_child_is_recorded_once_the_boxes_are_empty(open_till, screen):
    till = open_till(viewport=SCREENS[screen])
    open_card(till, screen)
    till.page.locator("#birth_date").fill("01/02/2020")
    agreed(till).first.check()
    # By a script: to focus these fields would close the card on a phone's screen.
    for field, value in ((till.receipt, new_receipt()), (till.amount, "150000")):
        field.evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})) }", value
        )
    expect(till.submit).to_contain_text("15")
    till.submit.click()
    refusal = till.page.locator("#agreed-error")
    expect(refusal).to_contain_text("16")
    expect(refusal).to_be_visible()
    fits(till)
    agreed(till).first.uncheck()
    expect(refusal).to_be_empty()
    till.submit.click()
    expect(till.outcome).to_contain_text("Vừa ghi")
