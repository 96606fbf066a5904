// What pays for the receipt beside money. Points are on hold for it: whoever turns to another
// customer, or leaves the page, sets them free.

import { byId, till } from "./places.js";

const held = () => [...byId("pays").querySelectorAll("[data-held]")].map((payment) => payment.dataset.held);

export const chosen = () => [...byId("pays").querySelectorAll("[name=redemption]")].map((payment) => payment.value);

/** Nothing pays any more; what was on hold is free again. */
export function letGo() {
  const body = new URLSearchParams({ csrf_token: document.querySelector("meta[name=csrf-token]").content });
  // A page that is being left sends these on; if it cannot, the hold ends by itself.
  for (const address of held()) fetch(address, { method: "POST", body, keepalive: true }).catch(() => {});
  settled();
}

/** The receipt is recorded, or another customer stands here. */
export function settled() {
  for (const place of ["pays", "gifts-way"]) byId(place).replaceChildren();
}

export function watchPayments() {
  window.addEventListener("pagehide", () => {
    if (!till.classList.contains("htmx-request")) letGo();
  });
}
