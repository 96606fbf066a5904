// Goods that come back: how many of each, and what that comes to, which only the server works out.

import { currencyOf, plainAmount, rewrite, shownAmount } from "./format.js";
import { byId, fetchPlaces, say, till } from "./places.js";

const currency = currencyOf(till);

const named = () => byId("return").querySelector("[name=returned]");

/** Where the return on the page is recorded; undefined while there is none. */
export const recordAddress = () => named()?.dataset.record;

/** Whether the page is about a return, its receipt found or not. */
export const isReturning = () => byId("return").childElementCount > 0;

export const findField = () => byId("find_no");

export function beginReturn(source) {
  fetchPlaces("POST", till.dataset.beginReturn, source, {
    csrf_token: till.elements.csrf_token.value,
    store: till.elements.store.value,
    member: till.querySelector("[name=member]")?.value ?? "",
  });
}

export function endReturn() {
  byId("return").replaceChildren();
}

/** The amount in exchange changed, or the goods did. */
export function reckonAgain() {
  byId("goods")?.dispatchEvent(new Event("input"));
}

function step(button) {
  const count = button.parentElement.querySelector(".step-count");
  setCount(count, Number(count.value) + Number(button.dataset.step));
  reckonAgain();
}

function setCount(count, number) {
  count.value = String(Math.min(Math.max(number || 0, 0), Number(count.dataset.most)));
}

export function allBack() {
  for (const count of byId("goods").querySelectorAll(".step-count")) setCount(count, Number(count.dataset.most));
  reckonAgain();
}

function onInput(event) {
  if (event.target.matches(".step-count")) {
    const digits = event.target.value.replace(/\D/g, "");
    event.target.value = digits && String(Math.min(Number(digits), Number(event.target.dataset.most)));
  } else if (event.target.id === "back_amount") {
    const plain = plainAmount(event.target.value, currency);
    byId("back_amount_plain").value = plain;
    rewrite(event.target, shownAmount(plain, currency));
  }
}

export function watchReturn() {
  byId("return").addEventListener("input", onInput, true);
  byId("return").addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) step(button);
  });
  document.body.addEventListener("till-returns", () => {
    till.dataset.open = "return";
    const field = findField() ?? byId("goods").querySelector("input:not([type=hidden])");
    field.focus();
    field.select();
    if (recordAddress()) reckonAgain();
    else say(byId("submit-label"), "record-return");
  });
}
