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

const twoDigits = (value) => String(value).padStart(2, "0");

/** A time as `2026-11-30 03:59:41` in the time zone of the browser. */
function localTime(time) {
  if (!isNumber(time)) return unknown;
  const it = new Date(time);
  const date = [it.getFullYear(), it.getMonth() + 1, it.getDate()].map(twoDigits).join("-");
  return `${date} ${[it.getHours(), it.getMinutes(), it.getSeconds()].map(twoDigits).join(":")}`;
}

/** A time as `03:59:41` in the time zone of the browser, preceded by the date if it is of another day. */
function clock(time, now = bridgeNow()) {
  const text = localTime(time);
  return isNumber(time) && localTime(now).slice(0, 10) === text.slice(0, 10) ? text.slice(11) : text;
}

const utc = (time) => `${new Date(time).toISOString().replace("T", " ").slice(0, 19)} UTC`;

/** The time zone of the browser, such as `UTC` or `UTC+5:30`. */
function zone() {
  const minutes = -new Date().getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const [whole, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? "-" : "+"}${whole}${rest ? `:${twoDigits(rest)}` : ""}`;
}

function parsed(time) {
  const milliseconds = typeof time === "string" ? Date.parse(time) : NaN;
  return Math.abs(milliseconds) < 8e15 ? milliseconds : NaN;
}
