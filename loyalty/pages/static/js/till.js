// The till page: wires the modules together.

import { renewPreview, watchAmount } from "./amount.js";
import { watchForm } from "./form.js";
import { watchKeys } from "./keys.js";
import { watchMenu } from "./menu.js";
import { fitNames } from "./names.js";
import { watchOutcome } from "./outcome.js";
import { lookUpAgain, watchPhone } from "./phone.js";
import { amountPlain } from "./places.js";
import { beginReceiptNumber } from "./receipt-number.js";
import { watchTags } from "./tags.js";

const token = document.querySelector("meta[name=csrf-token]").content;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = token;
});

watchMenu();
watchOutcome();
watchPhone();
watchAmount();
watchForm();
watchKeys();
watchTags();
beginReceiptNumber();

document.addEventListener("till:member", () => {
  fitNames();
  // What stands after the purchase depends on whose balance it is.
  if (amountPlain.value) renewPreview();
});
window.addEventListener("resize", fitNames);
window.addEventListener("online", () => {
  lookUpAgain();
  renewPreview();
});
