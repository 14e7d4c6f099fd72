// MARK: Controls

function button(text, name, press, attributes = {}) {
  const node = make("button", { type: "button", "aria-label": name, ...attributes }, text);
  node.addEventListener("click", () => node.getAttribute("aria-disabled") !== "true" && press(node));
  return node;
}

/** Announces a text to screen readers only. */
function announce(text) {
  find("announcement").textContent = text;
}

/** A button that copies a text. Without a secure context there is no clipboard interface: then a selection is copied. */
function copyButton(text, name) {
  return button("Copy", `Copy ${name}`, async (node) => {
    const copied = navigator.clipboard ? await navigator.clipboard.writeText(text).then(() => true, () => false) : copySelection(text);
    write(node, copied ? "Copied" : "Not copied");
    announce(copied ? `${name} copied.` : `${name} not copied: the browser does not allow it.`);
    setTimeout(() => write(node, "Copy"), 2_000);
  }, { class: "copy" });
}

function copySelection(text) {
  const area = make("textarea", { class: "hidden", "aria-hidden": "true", tabindex: "-1" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return copied;
}

/** A long id shortened, in a link to the delivery, with a button that copies all of it. */
function deliveryID(id) {
  const text = shown(id);
  const link = make("a", { href: `#delivery/${encodeURIComponent(String(id))}`, title: text, class: "id" }, shortened(id, 12));
  link.append(make("span", { class: "hidden" }, ` delivery ${text}`));
  return make("span", { class: "delivery-id" }, link, copyButton(String(id), `id ${text}`));
}

/** The elements of a tag such as `denied`. */
const tag = (word, tone) => make("span", { class: `tag ${tone}` }, word);

/** The number of equal items before each one makes its key unique, and keeps it when items are added in front. */
function numbered(items, nameOf) {
  const seen = new Map();
  return items.map((item) => {
    const name = nameOf(item);
    seen.set(name, (seen.get(name) ?? 0) + 1);
    return { ...item, key: `${name}#${seen.get(name)}` };
  });
}

/** Fetches a document of the bridge; throws an error with a message for an operator. */
async function load(path, missing) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(30_000) });
  } catch {
    throw new Error("The bridge is not responding.");
  }
  if (response.status === 404 && missing) throw new Error(missing);
  if (!response.ok) throw new Error(`The bridge responded with HTTP ${response.status}.`);
  return response.json();
}
