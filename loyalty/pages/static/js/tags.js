// The tags of the card: whoever changed one by keyboard goes on from there.

import { byId } from "./places.js";

function onTagged() {
  if (document.activeElement !== document.body) return;
  const tags = byId("member").querySelector(".tags");
  (tags?.querySelector("summary") ?? tags?.querySelector("button"))?.focus();
}

export function watchTags() {
  document.body.addEventListener("till-tagged", onTagged);
}
