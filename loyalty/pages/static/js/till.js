// The till page: wires the modules together.

import { renewPreview, watchAmount } from "./amount.js";
import { watchForm } from "./form.js";
import { watchKeys } from "./keys.js";
import { watchMenu } from "./menu.js";
import { fitNames } from "./names.js";
import { watchOutcome } from "./outcome.js";
import { watchPayments } from "./payments.js";
import { lookUpAgain, watchPhone } from "./phone.js";
import { amountPlain, till } from "./places.js";
import { beginReceiptNumber } from "./receipt-number.js";
import { recordAddress, watchReturn } from "./returning.js";
import { watchTags } from "./tags.js";

const token = document.querySelector("meta[name=csrf-token]").content;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = token;
  // While goods come back, the main button records their return and what is taken in exchange.
  if (event.detail.elt === till) event.detail.path = recordAddress() ?? event.detail.path;
});

watchMenu();
watchOutcome();
watchPhone();
watchAmount();
watchForm();
watchKeys();
watchTags();
watchPayments();
watchReturn();
beginReceiptNumber();

// What stands after the purchase depends on whose balance it is, and on what pays for it.
for (const changed of ["till:member", "till-spent", "till-pays"]) {
  document.addEventListener(changed, () => {
    fitNames();
    if (amountPlain.value) renewPreview();
  });
}
window.addEventListener("resize", fitNames);
window.addEventListener("online", () => {
  lookUpAgain();
  renewPreview();
});
