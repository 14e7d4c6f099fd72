"use strict";

// Everything from the bridge may contain untrusted text: it enters the document as text nodes only, never as markup.

// MARK: Text

const unknown = "unknown";
const severities = ["critical", "high", "medium", "low", "informational"];

/** Escapes control characters, invisible characters and bidirectional marks. */
function shown(value) {
  const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  return String(value ?? unknown).replace(controls, (it) => "\\u" + it.charCodeAt(0).toString(16).padStart(4, "0"));
}

function shortened(value, length) {
  const characters = Array.from(shown(value));
  return characters.length > length ? characters.slice(0, length).join("") + "…" : characters.join("");
}

const isNumber = Number.isFinite;
const list = (value) => (Array.isArray(value) ? value : []);
const number = (value) => (isNumber(value) ? value.toLocaleString("en") : unknown);
const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

/** An age like `20s`, `15m`, `2h 1m` or `3d 4h`. */
function age(seconds) {
  if (!isNumber(seconds)) return unknown;
  const whole = Math.max(Math.floor(seconds), 0);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${Math.floor(whole / 60) % 60}m`;
  return `${Math.floor(whole / 86400)}d ${Math.floor(whole / 3600) % 24}h`;
}

/** A time as `03:59:41` UTC, preceded by the date if it is of another day. */
function clock(time, now = bridgeNow()) {
  if (!isNumber(time)) return unknown;
  const text = new Date(time).toISOString();
  const hours = text.slice(11, 19);
  return isNumber(now) && new Date(now).toISOString().slice(0, 10) !== text.slice(0, 10) ? `${text.slice(0, 10)} ${hours}` : hours;
}

function parsed(time) {
  const milliseconds = typeof time === "string" ? Date.parse(time) : NaN;
  return Math.abs(milliseconds) < 8e15 ? milliseconds : NaN;
}

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
  const iso = new Date(milliseconds).toISOString();
  const node = make("time", { datetime: iso, title: iso.replace("T", " ").slice(0, 19) + " UTC" });
  node.after_ = after;
  updateAge(node);
  return node;
}

function updateAge(node) {
  const now = bridgeNow();
  if (isNumber(now)) write(node, age((now - Date.parse(node.dateTime)) / 1000) + node.after_);
}

function cell(label, { tag = "td", ...attributes } = {}) {
  const role = tag === "th" ? "rowheader" : "cell";
  const scope = tag === "th" ? "row" : undefined;
  return make(tag, { role, scope, "data-label": label, ...attributes }, make("div"));
}

/** The content element of a cell. */
const inside = (row, index) => row.children[index].firstChild;
