// The till by keyboard alone, and what its buttons do.

import { closeQuestion, closeWhatIsOpen, confirmQuestion, goTo, leaveReturn, nextEmpty, startAgain, withoutPhone } from "./form.js";
import { lookUp } from "./phone.js";
import { amount, byId, phone, receipt, till } from "./places.js";
import { allBack, beginReturn, isReturning } from "./returning.js";

const jumps = { F2: phone, F3: receipt, F4: amount };
const presses = { F8: "begin-return", F9: "use-points" };

function onKey(event) {
  if (event.isComposing) return;
  const field = jumps[event.key];
  if (field && field.offsetParent) {
    event.preventDefault();
    goTo(field);
  } else if (byId(presses[event.key])) {
    event.preventDefault();
    byId(presses[event.key]).click();
  } else if (event.key === "Enter" && event.target.dataset.enter) {
    event.preventDefault();
    if (!event.repeat) byId(event.target.dataset.enter).click();
  } else if (event.key === "Enter" && event.target.closest("#goods input")) {
    event.preventDefault();
    nextEmpty(null)?.focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    onEscape();
  } else if (event.key === "Enter" && [phone, receipt, amount].includes(event.target)) {
    onEnter(event);
  }
}

function onEscape() {
  if (byId("ask").childElementCount) {
    closeQuestion();
    amount.focus();
  } else if (isReturning()) {
    leaveReturn();
  } else {
    startAgain();
  }
}

/** Enter goes on to what is still empty, and records when nothing is. */
function onEnter(event) {
  if (event.target === phone) lookUp();
  const next = nextEmpty(event.target);
  if (event.repeat || next) event.preventDefault();
  if (next) next.focus();
}

function toggle(what, button) {
  const open = till.dataset.open === what;
  if (open) delete till.dataset.open;
  else till.dataset.open = what;
  button.setAttribute("aria-expanded", String(!open));
  if (what === "profile" && !open) byId("name")?.focus();
}

const deeds = {
  confirm: (button) => confirmQuestion(button.dataset.confirm),
  amount: () => goTo(amount),
  phone: () => goTo(phone),
  receipt_no: () => goTo(receipt),
  keep: startAgain,
  close: closeQuestion,
  return: (button) => beginReturn(button),
  leave: leaveReturn,
  "all-back": allBack,
  goods: () => {
    till.dataset.open = "return";
  },
  gifts: (button) => toggle("gifts", button),
  "no-phone": withoutPhone,
  receipts: (button) => toggle("receipts", button),
  profile: (button) => toggle("profile", button),
};

function onClick(event) {
  const button = event.target.closest("[data-do]");
  if (button) deeds[button.dataset.do](button);
}

export function watchKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  byId("clear").addEventListener("click", startAgain);
  for (const field of [phone, receipt, amount]) field.addEventListener("focus", closeWhatIsOpen);
}
