// A name that has no room is shortened from the front: its end is how the person is called.

function fit(name) {
  if (name.scrollWidth <= name.clientWidth) return;
  name.title = name.textContent;
  name.textContent = name.dataset.short;
}

export function fitNames() {
  for (const name of document.querySelectorAll("[data-short]")) fit(name);
}
