// The places of the till that the modules share.

export const byId = (id) => document.getElementById(id);

export const till = byId("till");
export const phone = byId("phone");
export const country = byId("country");
export const receipt = byId("receipt_no");
export const amount = byId("amount");
export const amountPlain = byId("amount-plain");
export const confirmed = byId("confirmed");

/** Fill `place` with a sentence that the server rendered into a <template> of the page. */
export function say(place, sentence) {
  place.replaceChildren(byId(`say-${sentence}`).content.cloneNode(true));
}

/** Wait until nothing was called for `ms`, then do it once. */
export function afterPause(ms, work) {
  let timer;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(work, ms, ...given);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Ask the server for places of the page; `source` lets a newer request replace an older. */
export function fetchPlaces(method, address, source, values) {
  // A request that was replaced or got no answer has said so by an event of its own.
  window.htmx.ajax(method, address, { source, swap: "none", values }).catch(() => {});
}
