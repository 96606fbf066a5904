// The PIN by its own keys, for tills without a keyboard. Without this the field takes it all.

const form = document.querySelector("[data-pin]");
const pin = form.elements.pin;
const keys = form.querySelector(".pin-keys");

function press(key) {
  if (key === "back") pin.value = pin.value.slice(0, -1);
  else if (pin.value.length < pin.maxLength) pin.value += key;
}

keys.hidden = false;
keys.addEventListener("click", (event) => {
  const button = event.target.closest("[data-key]");
  if (button) press(button.dataset.key);
});
// A finger that misses a key must not bring up the device's own keyboard over these.
if (matchMedia("(pointer: coarse)").matches) pin.inputMode = "none";
