// One formatter per kind for what changes while it is typed; the server formats all the rest.

/** How this currency is typed: `group` and `point` signs, number of decimals. */
export function currencyOf(element) {
  return {
    group: element.dataset.group,
    point: element.dataset.point,
    decimals: Number(element.dataset.decimals),
  };
}

const MOST_DIGITS = 11;

/** "150.000" or "1.250,50" as typed -> "150000" or "1250.50"; "" when nothing is left. */
export function plainAmount(text, currency) {
  const [whole, ...rest] = currency.decimals ? text.split(currency.point) : [text];
  const digits = whole.replace(/\D/g, "").replace(/^0+(?=\d)/, "").slice(0, MOST_DIGITS);
  if (!rest.length) return digits;
  const decimals = rest.join("").replace(/\D/g, "").slice(0, currency.decimals);
  return `${digits || "0"}.${decimals}`;
}

/** "150000" -> "150.000", with the signs of the reader's language. */
export function shownAmount(plain, currency) {
  const [whole, decimals] = plain.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, currency.group);
  return decimals === undefined ? grouped : grouped + currency.point + decimals;
}

const PHONE_GROUPS = { VN: [4, 3, 3], TH: [3, 3, 4] };

/** "0912345678" -> "0912 345 678" in Vietnam; whatever is written otherwise stays as typed. */
export function shownPhone(text, region) {
  const digits = text.replace(/[\s.-]/g, "");
  const groups = PHONE_GROUPS[region];
  if (!groups || !/^0\d{0,9}$/.test(digits)) return text;
  const parts = [];
  let from = 0;
  for (const length of groups) {
    parts.push(digits.slice(from, from + length));
    from += length;
  }
  return parts.filter(Boolean).join(" ");
}

/** Put `text` into `input` and keep the caret before the same digit, counted from the right. */
export function rewrite(input, text) {
  if (input.value === text) return;
  const caret = input.selectionStart ?? input.value.length;
  const behind = input.value.slice(caret).replace(/\D/g, "").length;
  const focused = document.activeElement === input;
  input.value = text;
  if (!focused) return;
  let place = text.length;
  for (let passed = 0; place > 0 && passed < behind; place -= 1) {
    if (/\d/.test(text[place - 1])) passed += 1;
  }
  input.setSelectionRange(place, place);
}
