"""The till as a cashier's hands and eyes know it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class Till:
    """Places of the page by what they are; `expect` waits for what they say."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.phone = page.locator("#phone")
        self.receipt = page.locator("#receipt_no")
        self.amount = page.locator("#amount")
        self.member = page.locator("#member")
        self.preview = page.locator("#preview")
        self.submit = page.locator("#submit")
        self.outcome = page.locator("#outcome")
        self.question = page.locator("#ask")
        self.receipts = page.locator("#receipts")

    def look_up(self, phone: str) -> Locator:
        """Type a phone and wait for the card: known, new or refused."""
        self.phone.fill(phone)
        self.phone.blur()
        card = self.member.locator("[data-state]")
        expect(card).to_be_visible()
        expect(self.member).not_to_have_attribute("aria-busy", "true")
        return card

    def tap(self, *keys: str) -> None:
        for key in keys:
            self.page.locator(f"[data-key='{key}']").click()

    def fill(self, *, phone: str, receipt: str = "", amount: str) -> None:
        self.look_up(phone)
        if receipt:
            self.receipt.fill(receipt)
        self.amount.fill(amount)

    def record(self, *, phone: str, receipt: str = "", amount: str) -> None:
        """Fill in and press the button; what follows is the journey's to expect."""
        self.fill(phone=phone, receipt=receipt, amount=amount)
        self.submit.click()

    def recorded(self, *, phone: str, receipt: str = "", amount: str) -> None:
        self.record(phone=phone, receipt=receipt, amount=amount)
        expect(self.outcome).to_contain_text("Vừa ghi")

    def points_of(self, phone: str) -> str:
        self.look_up(phone)
        return self.member.locator(".points-figure").inner_text()

    def start_again(self) -> None:
        self.page.keyboard.press("Escape")
        expect(self.phone).to_have_value("")
        expect(self.member.locator("[data-state]")).to_have_count(0)
