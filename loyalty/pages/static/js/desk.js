// The desk works without this: menus close by a click elsewhere, what is shown once is copied.

import { watchMenu } from "./menu.js";

watchMenu();

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.querySelector("[data-label]").textContent = button.dataset.copied;
  });
}
