// The form as a whole: what is missing, questions before recording, starting again.

import { renewPreview, setAmount } from "./amount.js";
import { forget, forgetAndRenew, lookUpAgain } from "./phone.js";
import { amount, amountPlain, byId, confirmed, phone, receipt, say, till } from "./places.js";
import { nextReceiptNumber } from "./receipt-number.js";
import { endReturn, findField, isReturning } from "./returning.js";

const AFTERGLOW_MS = 1500;
let recordedAt = 0;

// A return is about its receipt: it needs no phone, and an amount only where goods are exchanged.
const needed = [
  { field: phone, isEmpty: () => !isReturning() && !phone.value.trim(), place: "member", sentence: "phone-missing" },
  { field: receipt, isEmpty: () => !receipt.value.trim(), place: "receipt_no-error", sentence: "receipt-missing" },
  { field: amount, isEmpty: () => !isReturning() && !amountPlain.value, place: "amount-error", sentence: "amount-missing" },
];

/** The first empty field after `field`, round the form; null when all are filled. */
export function nextEmpty(field) {
  const at = needed.findIndex((need) => need.field === field);
  const round = [...needed.slice(at + 1), ...needed.slice(0, at + 1)];
  return round.find((need) => need.isEmpty())?.field ?? null;
}

function refuseWhatIsMissing(event) {
  if (event.target !== till) return;
  if (findField()) {
    event.preventDefault();
    event.stopImmediatePropagation();
    byId("find").click();
    return;
  }
  const missing = needed.filter((need) => need.isEmpty());
  if (!missing.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  // The second of two impatient taps meets an empty form: that is no mistake to show.
  if (Date.now() - recordedAt < AFTERGLOW_MS) return;
  closeWhatIsOpen();
  for (const need of missing) say(byId(need.place), need.sentence);
  markInvalid();
  missing[0].field.focus();
}

function markInvalid() {
  for (const error of till.querySelectorAll(".error[id$='-error']")) {
    const input = byId(error.id.replace("-error", ""));
    if (error.childElementCount) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
  if (till.querySelector("#profile .error:not(:empty)")) till.dataset.open = "profile";
  if (till.querySelector("#member [data-state=refused]")) phone.setAttribute("aria-invalid", "true");
  else phone.removeAttribute("aria-invalid");
}

/** On a phone's screen: form or list give the keypad its place back. */
export function closeWhatIsOpen() {
  delete till.dataset.open;
  for (const button of till.querySelectorAll("[aria-expanded]")) button.setAttribute("aria-expanded", "false");
}

export function closeQuestion() {
  confirmed.value = "";
  byId("ask").replaceChildren();
}

function emptyFields() {
  endReturn();
  setAmount("");
  nextReceiptNumber();
  closeQuestion();
  for (const error of till.querySelectorAll(".error")) error.replaceChildren();
  closeWhatIsOpen();
  renewPreview();
}

export function startAgain() {
  emptyFields();
  forgetAndRenew();
  markInvalid();
  phone.focus();
}

function onRecorded() {
  recordedAt = Date.now();
  emptyFields();
  forget();
  phone.focus();
}

export function confirmQuestion(name) {
  confirmed.value = `${confirmed.value} ${name}`.trim();
  till.requestSubmit();
}

export function goTo(field) {
  closeQuestion();
  field.focus();
  field.select();
}

/** Back from a return to what was being typed before. */
export function leaveReturn() {
  endReturn();
  closeQuestion();
  closeWhatIsOpen();
  renewPreview();
  phone.focus();
}

export function withoutPhone() {
  startAgain();
  say(byId("outcome"), "no-phone");
}

export function watchForm() {
  document.addEventListener("submit", refuseWhatIsMissing, true);
  document.addEventListener("htmx:afterSettle", markInvalid);
  document.body.addEventListener("till-recorded", onRecorded);
  document.body.addEventListener("till-changed", lookUpAgain);
  document.body.addEventListener("till-asks", () => byId("ask").querySelector("[data-first]")?.focus());
  // Whatever was asked or refused was about what stood there before.
  till.addEventListener("input", (event) => {
    const answers = byId("ask").contains(event.target);
    if (!answers && (confirmed.value || byId("ask").childElementCount)) closeQuestion();
    byId(event.target.dataset.error ?? `${event.target.id}-error`)?.replaceChildren();
    markInvalid();
  });
}
