// Putting a customer group together. The server does it: buttons post the form and get the page's
// places anew. Here is what buttons alone cannot do: opening the list for a zone, dragging, and
// keeping what is pressed while an answer is still on its way.

const form = document.getElementById("group");
const palette = document.getElementById("palette");
const standing = document.getElementById("standing");
const waiting = [];
let isBusy = false;
let focused = "";

function choose(zone) {
  palette.querySelector(`[name=into][value=${zone}]`).checked = true;
}

function openList(zone) {
  choose(zone);
  const isFolded = getComputedStyle(palette).display === "none";
  if (isFolded) palette.showPopover();
  palette.querySelector("[type=search]").focus();
}

function setBusy(busy) {
  isBusy = busy;
  standing.setAttribute("aria-busy", String(busy));
}

// A button that is pressed before the answer came would send the groups of before it.
function holdBack(event) {
  const add = event.target.closest("[data-into]");
  if (add) openList(add.dataset.into);
  const button = event.target.closest("button");
  if (!isBusy || button?.form !== form || button.type !== "submit") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.push({ name: button.name, value: button.value });
}

// Each answer brings the zones anew, once. A keyboard goes on where it was.
function goOn(event) {
  if (event.target.id !== "zones") return;
  setBusy(false);
  if (document.activeElement === document.body) document.getElementById(focused)?.focus();
  const next = waiting.shift();
  if (!next) return;
  const isIt = (element) => element.name === next.name && element.value === next.value;
  [...form.elements].find((element) => element.type === "submit" && isIt(element))?.click();
}

document.addEventListener("click", holdBack, true);
form.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.name !== "act") return;
  focused = document.activeElement.id;
  setBusy(true);
});
form.addEventListener("htmx:afterSettle", goOn);
for (const failed of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  form.addEventListener(failed, () => {
    waiting.length = 0;
    setBusy(false);
  });
}

// Dragging: a chip into another zone, or a group of the list into any. The same buttons do it.

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-drag]") ?? null;
});
document.addEventListener("dragend", () => {
  dragged = null;
  markZone(null);
});
document.addEventListener("dragover", (event) => {
  const zone = event.target.closest("[data-zone]");
  if (dragged && zone) event.preventDefault();
  markZone(dragged && zone);
});
document.addEventListener("drop", (event) => {
  const zone = event.target.closest("[data-zone]")?.dataset.zone;
  if (!dragged || !zone) return;
  event.preventDefault();
  if (dragged.matches("button")) choose(zone);
  (dragged.querySelector(`[data-to=${zone}]`) ?? (dragged.matches("button") ? dragged : null))?.click();
});

function markZone(zone) {
  for (const each of document.querySelectorAll("[data-zone]")) each.classList.toggle("over", each === zone);
}
