// For stores whose till prints no numbers: one is made from device, date and counter.
// It stays the same until the purchase is recorded, so that a second try is a replay.

import { receipt, till } from "./places.js";

const LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const isMade = till.dataset.receipts === "none";

function device() {
  const kept = localStorage.getItem("till-device");
  if (kept) return kept;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(6)), (n) => LETTERS[n % 32]).join("");
  localStorage.setItem("till-device", made);
  return made;
}

function today() {
  const zone = till.dataset.zone;
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date()).replaceAll("-", "");
}

export function nextReceiptNumber() {
  if (!isMade) {
    receipt.value = "";
    return;
  }
  const day = today();
  const [lastDay, last] = (localStorage.getItem("till-counter") ?? "").split("/");
  const count = lastDay === day ? Number(last) + 1 : 1;
  localStorage.setItem("till-counter", `${day}/${count}`);
  receipt.value = `${device()}-${day}-${String(count).padStart(4, "0")}`;
}

export function beginReceiptNumber() {
  if (isMade && !receipt.value) nextReceiptNumber();
}
