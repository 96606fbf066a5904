// The phone: its country, its grouping, and looking up whose it is.

import { rewrite, shownPhone } from "./format.js";
import { chosen, letGo, settled } from "./payments.js";
import { afterPause, byId, country, fetchPlaces, phone, say, till } from "./places.js";

const FEWEST_DIGITS = 8;
let answered = "";
let asked = "";

const digitsOf = (text) => text.replace(/\D/g, "");
const typed = () => `${country.value} ${digitsOf(phone.value)}`;

function ask(typing) {
  soon.cancel();
  const member = byId("member");
  asked = typed();
  member.setAttribute("aria-busy", "true");
  fetchPlaces("POST", till.dataset.lookup, phone, {
    phone: phone.value,
    country: country.value,
    store: till.elements.store.value,
    typing: typing ? "1" : "",
    redemption: chosen(),
  });
}

const soon = afterPause(250, () => ask(true));

/** Look the number up now, unless the answer for it stands already. */
export function lookUp() {
  if (phone.value.trim() && typed() !== answered) ask(false);
}

/** Card and receipts again, for instance after an undo changed them. */
export function lookUpAgain() {
  ask(true);
}

/** Nobody: the place is empty at once, the list of receipts follows from the server. */
export function forget() {
  soon.cancel();
  phone.value = "";
  nobody();
}

/** The card of another number must not stand beside the one being typed. */
function nobody() {
  answered = "";
  for (const place of ["phone-note", "gifts"]) byId(place).replaceChildren();
  settled();
  say(byId("member"), "waiting");
}

export function forgetAndRenew() {
  letGo();
  forget();
  ask(true);
}

function onInput() {
  letGo();
  rewrite(phone, shownPhone(phone.value, country.value));
  byId("phone-note").replaceChildren();
  const digits = digitsOf(phone.value).length;
  if (!phone.value.trim()) {
    if (answered || asked) forgetAndRenew();
  } else if (digits >= FEWEST_DIGITS) {
    soon();
  } else if (till.querySelector("#member [data-state]")) {
    nobody();
    soon();
  }
}

function onAnswer() {
  const member = byId("member");
  member.removeAttribute("aria-busy");
  if (asked !== typed() || !phone.value.trim()) return;
  const card = member.querySelector("[data-state]");
  answered = card ? asked : "";
  if (!card?.dataset.national) return;
  country.value = card.dataset.country || country.value;
  showCountry();
  rewrite(phone, card.dataset.national);
  answered = typed();
  const note = card.querySelector("[data-note]");
  byId("phone-note").replaceChildren(...(note ? [note.content.cloneNode(true)] : []));
  document.dispatchEvent(new CustomEvent("till:member"));
}

function showCountry() {
  const chosen = country.selectedOptions[0];
  byId("country-code").textContent = chosen.value;
  byId("country-dial").textContent = chosen.dataset.dial;
}

export function watchPhone() {
  phone.addEventListener("input", onInput);
  phone.addEventListener("change", lookUp);
  country.addEventListener("change", () => {
    showCountry();
    rewrite(phone, shownPhone(phone.value, country.value));
    lookUp();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    // A request that a newer one replaced has no answer.
    if (event.detail.elt === phone && event.detail.xhr.status) onAnswer();
  });
}
