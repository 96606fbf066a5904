// The amount: grouped while it is typed, and what it will earn, which only the server works out.

import { currencyOf, plainAmount, rewrite, shownAmount } from "./format.js";
import { chosen } from "./payments.js";
import { afterPause, amount, amountPlain, byId, fetchPlaces, say, till } from "./places.js";
import { isReturning, reckonAgain } from "./returning.js";

const currency = currencyOf(till);

export function setAmount(plain) {
  amountPlain.value = plain;
  rewrite(amount, shownAmount(plain, currency));
  const length = amount.value.length;
  amount.dataset.wide = length > 7 ? "1" : "0";
  amount.dataset.long = length > 13 ? "2" : length > 9 ? "1" : "0";
}

export function typeKey(key) {
  const typed = key === "point" ? currency.point : key;
  const [from, to] = selection();
  const text = amount.value;
  const before = key === "back" ? cutLastDigit(text.slice(0, from), from === to) : text.slice(0, from) + typed;
  amount.value = before + text.slice(to);
  amount.setSelectionRange(before.length, before.length);
  amount.dispatchEvent(new Event("input", { bubbles: true }));
}

function selection() {
  if (document.activeElement === amount) return [amount.selectionStart, amount.selectionEnd];
  // Focus moves here without the device's own keyboard: the keypad is on the page.
  amount.focus({ preventScroll: true });
  return [amount.value.length, amount.value.length];
}

/** A selection was taken out already; else the last digit goes, with any sign behind it. */
function cutLastDigit(text, nothingSelected) {
  return nothingSelected ? text.replace(/\d?\D*$/, "") : text;
}

export function renewPreview() {
  soonPreview.cancel();
  if (isReturning()) {
    reckonAgain();
    return;
  }
  const preview = byId("preview");
  if (!amountPlain.value) {
    say(preview, "preview");
    say(byId("submit-label"), "record");
    return;
  }
  preview.setAttribute("aria-busy", "true");
  fetchPlaces("GET", till.dataset.preview, amount, {
    amount: amountPlain.value,
    member: till.querySelector("[name=member]")?.value ?? "",
    redemption: chosen(),
    store: till.elements.store.value,
  });
}

const soonPreview = afterPause(120, renewPreview);

export function watchAmount() {
  amount.addEventListener("input", () => {
    setAmount(plainAmount(amount.value, currency));
    byId("amount-error").replaceChildren();
    soonPreview();
  });
  byId("keypad").addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]");
    if (key) typeKey(key.dataset.key);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt === amount) byId("preview").removeAttribute("aria-busy");
  });
  // A tap on a key must not take the caret out of the amount.
  byId("keypad").addEventListener("mousedown", (event) => event.preventDefault());
}
