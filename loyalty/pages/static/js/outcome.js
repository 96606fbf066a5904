// What just happened: the seconds left for an undo, and what to say when no answer came.

import { byId, say } from "./places.js";

let ticking;
let counted;

function countDown() {
  const left = byId("outcome").querySelector("[data-seconds]");
  if (left === counted) return;
  clearInterval(ticking);
  counted = left;
  if (!left) return;
  const until = Date.now() + Number(left.dataset.seconds) * 1000;
  ticking = setInterval(() => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    if (seconds > 0 && left.isConnected) {
      left.textContent = left.dataset.text.replace("{n}", String(seconds));
      return;
    }
    clearInterval(ticking);
    endUndo(left);
  }, 1000);
}

function endUndo(left) {
  const undo = left.closest(".undo");
  if (!undo) return;
  const hadFocus = undo.contains(document.activeElement);
  undo.remove();
  if (hadFocus) byId("phone").focus();
}

function setNetwork(state) {
  byId("net").dataset.state = state;
}

function onFailure(sentence) {
  say(byId("outcome"), sentence);
}

export function watchOutcome() {
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => {
      setNetwork("off");
      for (const waiting of document.querySelectorAll("[aria-busy]")) waiting.removeAttribute("aria-busy");
      onFailure("no-network");
    });
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) onFailure("server-failed");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    countDown();
    if (!event.detail.successful) return;
    setNetwork("on");
    byId("outcome").querySelector("[data-failure]")?.remove();
  });
  window.addEventListener("offline", () => setNetwork("off"));
  window.addEventListener("online", () => setNetwork("on"));
  setNetwork(navigator.onLine ? "on" : "off");
}
