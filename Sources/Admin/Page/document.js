// MARK: Document

const find = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Sets a text only if it changed, so that screen readers and selections are not disturbed. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

const signatures = new WeakMap();

/** Rebuilds the children of a node only if its data changed. */
function fill(node, data, build) {
  const signature = JSON.stringify(data);
  if (signatures.get(node) === signature) return;
  signatures.set(node, signature);
  node.replaceChildren(...[build()].flat().filter((child) => child !== null));
}

/** Updates the children of a node to match items: creates, removes and moves as few as possible, and keeps the focus. */
function reconcile(parent, items, keyOf, create, update, selector = "*") {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const old = new Map([...parent.children].filter((it) => it.matches(selector)).map((it) => [it.key, it]));
  const nodes = items.map((item) => {
    const key = keyOf(item);
    const node = old.get(key) ?? create(item);
    old.delete(key);
    node.key = key;
    update(node, item);
    return node;
  });
  for (const node of old.values()) node.remove();
  let cursor = [...parent.children].find((it) => it.matches(selector)) ?? null;
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
  if (!focused || focused === document.activeElement) return;
  // The focused element was moved or removed: in the latter case, focus the heading of its section.
  (focused.isConnected ? focused : parent.closest("section").querySelector("h2")).focus({ preventScroll: true });
}

/** A time element whose age is updated each second. */
function since(time, after = " ago") {
  const milliseconds = parsed(time);
  if (!isNumber(milliseconds)) return make("span", {}, unknown);
  const node = make("time", { datetime: new Date(milliseconds).toISOString(), title: `${localTime(milliseconds)} ${zone()} (${utc(milliseconds)})` });
  node.after_ = after;
  updateAge(node);
  return node;
}

function updateAge(node) {
  const now = bridgeNow();
  if (node.after_ !== undefined && isNumber(now)) write(node, age(((now - Date.parse(node.dateTime)) * (node.isUntil ? -1 : 1)) / 1000) + node.after_);
}

/** A time element with the time that remains, which is updated each second. */
function until(time) {
  const node = since(time, "");
  node.isUntil = true;
  updateAge(node);
  return node;
}

/** A time element with date and time in the time zone of the browser. */
function moment(time) {
  const milliseconds = parsed(time);
  if (!isNumber(milliseconds)) return make("span", {}, unknown);
  return make("time", { datetime: new Date(milliseconds).toISOString(), title: utc(milliseconds) }, localTime(milliseconds));
}

function cell(label, { tag = "td", ...attributes } = {}) {
  const role = tag === "th" ? "rowheader" : "cell";
  const scope = tag === "th" ? "row" : undefined;
  return make(tag, { role, scope, "data-label": label, ...attributes }, make("div"));
}

/** The content element of a cell. */
const inside = (row, index) => row.children[index].firstChild;
