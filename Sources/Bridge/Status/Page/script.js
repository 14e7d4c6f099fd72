"use strict";

// Everything that the bridge says is text of others: it reaches the document as text nodes only, never as markup.

// MARK: Words

const unknown = "not known";
const severities = ["critical", "high", "medium", "low", "informational"];

/** Makes what steers a display visible: controls, invisible characters, and marks that turn the direction. */
function shown(value) {
  const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  return String(value ?? unknown).replace(steering, (it) => "\\u" + it.charCodeAt(0).toString(16).padStart(4, "0"));
}

function shortened(value, length) {
  const characters = Array.from(shown(value));
  return characters.length > length ? characters.slice(0, length).join("") + "…" : characters.join("");
}

const isNumber = Number.isFinite;
const list = (value) => (Array.isArray(value) ? value : []);
const number = (value) => (isNumber(value) ? value.toLocaleString("en") : unknown);
const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

/** An age like `20s`, `15m`, `2h 1m` or `3d 4h`: as exact as it takes to judge it. */
function age(seconds) {
  if (!isNumber(seconds)) return unknown;
  const whole = Math.max(Math.floor(seconds), 0);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${Math.floor(whole / 60) % 60}m`;
  return `${Math.floor(whole / 86400)}d ${Math.floor(whole / 3600) % 24}h`;
}

/** A time of the bridge as `03:59:41`, with the date before it if it is of another day. */
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

/** Writes a text only when it is another: a reader and a selection are not disturbed by what stays the same. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

const signatures = new WeakMap();

/** Fills a node again only if the facts that it shows are others. */
function fill(node, facts, build) {
  const signature = JSON.stringify(facts);
  if (signatures.get(node) === signature) return;
  signatures.set(node, signature);
  node.replaceChildren(...[build()].flat().filter((child) => child !== null));
}

/** Keeps the children of a node in step with items: made, removed, moved only where needed, and the focus kept. */
function keep(parent, items, keyOf, create, update, selector = "*") {
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
  // What had the focus was moved, or is gone: then its section's heading is where a reader goes on.
  (focused.isConnected ? focused : parent.closest("section").querySelector("h2")).focus({ preventScroll: true });
}

/** A time whose age is kept right each second. */
function since(time, after = " ago") {
  const milliseconds = parsed(time);
  if (!isNumber(milliseconds)) return make("span", {}, unknown);
  const iso = new Date(milliseconds).toISOString();
  const node = make("time", { datetime: iso, title: iso.replace("T", " ").slice(0, 19) + " UTC" });
  node.after_ = after;
  tell(node);
  return node;
}

function tell(node) {
  const now = bridgeNow();
  if (isNumber(now)) write(node, age((now - Date.parse(node.dateTime)) / 1000) + node.after_);
}

function cell(label, { tag = "td", ...attributes } = {}) {
  const role = tag === "th" ? "rowheader" : "cell";
  const scope = tag === "th" ? "row" : undefined;
  return make(tag, { role, scope, "data-label": label, ...attributes }, make("div"));
}

/** What a cell holds; a cell's own child is the label on a phone. */
const inside = (row, index) => row.children[index].firstChild;

// MARK: What the bridge said

let status = null;
/** When that was, by this page's own clock, which does not jump. */
let heardAt = 0;

/** The bridge's time now, in milliseconds since 1970; goes on while nothing is heard. */
function bridgeNow() {
  return status ? parsed(status.at) + (performance.now() - heardAt) : NaN;
}

function hear(said, whole) {
  if (typeof said !== "object" || said === null || (whole && typeof said.health !== "object")) throw new TypeError("no status");
  status = whole ? said : Object.assign({}, status, said);
  heardAt = performance.now();
  silentSince = null;
  silence = null;
  render();
}

// MARK: Contact

const pollEvery = 5_000;
const answerWithin = 5_000;
/** The bridge sends a comment each 15 s, which a script does not see: after this long without news it is asked. */
const newsWithin = 20_000;
const streamAgainAfter = 60_000;

/** "connecting", "live", "polling". */
let contact = "connecting";
/** Why the page polls, in words. */
let pollingBecause = "";
/** When the bridge was first seen not to answer, and how. */
let silentSince = null;
let silence = null;
let stream = null;
let polling = null;

function listen() {
  stream = new EventSource("/status/events");
  const current = stream;
  const receive = (event, whole) => {
    if (current !== stream || (!whole && !status)) return;
    try {
      contact = "live";
      stopPolling();
      hear(JSON.parse(event.data), whole);
    } catch {
      current.close();
      fallBack("what the bridge sends live is not understood");
      setTimeout(listen, streamAgainAfter);
    }
  };
  current.addEventListener("status", (event) => receive(event, true));
  current.addEventListener("change", (event) => receive(event, false));
  current.addEventListener("error", () => {
    if (current !== stream) return;
    const refused = current.readyState === EventSource.CLOSED;
    fallBack(refused ? "the bridge refused a live connection" : "the live connection broke");
    // A connection that broke is tried again by the browser itself; one that was refused is not.
    if (refused) setTimeout(listen, streamAgainAfter);
  });
}

function fallBack(reason) {
  contact = "polling";
  pollingBecause = reason;
  if (polling === null) {
    polling = setInterval(ask, pollEvery);
    ask();
  }
  renderContact();
}

function stopPolling() {
  clearInterval(polling);
  polling = null;
}

let asking = false;

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("/status.json", { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(answerWithin) });
    const said = await answer.json().catch(() => null);
    if (said?.health) hear(said, true);
    else fallSilent(`It answers ${answer.status} where its state is asked for.`);
  } catch {
    fallSilent(null);
  } finally {
    asking = false;
  }
}

function fallSilent(how) {
  silentSince ??= Date.now();
  silence = how;
  render();
}

// MARK: Health

const headlines = {
  asking: "Asking the bridge…",
  working: "Findings reach Security Hub",
  waiting: "Ready; no delivery has come yet",
  attention: "Findings reach Security Hub, but something needs you",
  failing: "Some findings do not reach Security Hub",
  unknown: "Not known whether findings reach Security Hub",
  silent: "The bridge does not answer",
};
const titles = {
  asking: "Asking…", working: "Working", waiting: "Waiting", attention: "Attention", failing: "FAILING", unknown: "Not known", silent: "NO ANSWER",
};

/** The state in a word: the bridge's own, unless it is silent or there was nothing yet that could fail. */
function state() {
  if (silentSince !== null) return "silent";
  if (!status) return "asking";
  const said = status.health?.state;
  const nothingYet = Array.isArray(status.origins) && status.origins.length === 0 && status.queue?.completed === 0;
  if (said === "working") return nothingYet ? "waiting" : "working";
  return said === "attention" || said === "failing" ? said : "unknown";
}

function renderHealth() {
  const now = state();
  const problems = list(status?.health?.problems);
  document.body.dataset.state = now;
  write(find("headline"), headlines[now]);
  const tally = {
    asking: "", silent: "Whether findings reach Security Hub is not known.",
    waiting: list(status?.subscriptions).some((it) => it?.state === "confirmed") ? "It works; nothing was there to deliver."
      : "What to do: subscribe the bridge to its topics, below; it confirms by itself.",
    working: "No problems.", unknown: "Nothing here says so.",
  }[now];
  write(find("tally"), problems.length && now !== "silent" ? `${counted(problems.length, "problem", "problems")}. What to do is below.` : tally ?? "");
  const count = problems.length && now !== "silent" ? ` (${problems.length})` : "";
  if (document.title !== `${titles[now]}${count} · Defender Bridge`) document.title = `${titles[now]}${count} · Defender Bridge`;
  renderIcon(now);
  renderSilence();
  show(find("problems"), problems.length > 0);
  show(find("problems-then"), problems.length > 0 && now === "silent");
  const rank = (it) => ["critical", "warning"].indexOf(it.severity);
  const sorted = problems.filter((it) => it && typeof it === "object").sort((a, b) => (rank(b) < 0 ? 1 : 0) - (rank(a) < 0 ? 1 : 0) || rank(a) - rank(b));
  keep(find("problems"), sorted.map((it, index) => ({ ...it, index })), (it) => `${it.about}/${it.index}`,
    () => make("li", {}, make("span", { class: "tag" }), make("p", { class: "summary" }), make("p", { class: "cure" })),
    (node, it) => {
      const [tag, summary, cure] = node.children;
      write(tag, shown(it.severity));
      tag.className = `tag ${it.severity === "critical" ? "bad" : "warn"}`;
      write(summary, shown(it.summary));
      write(cure, `What to do: ${shown(it.cure)}`);
    });
}

function renderSilence() {
  const node = find("silence");
  show(node, silentSince !== null);
  if (silentSince === null) return;
  const heard = status ? `What is shown below is old: the bridge said it at ${clock(parsed(status.at))} UTC.` : "Nothing was heard of it yet.";
  const duration = age((Date.now() - silentSince) / 1000);
  write(node, `It has not answered since ${clock(silentSince, Date.now())} UTC, for ${duration}. ${silence ?? ""} ${heard} `
    + "What to do: see whether its process runs and what its log says (with systemd: systemctl status defender-bridge). "
    + "This page goes on by itself as soon as it answers.");
}

/** A shape of its own for each state: color alone tells not everybody. */
function renderIcon(now) {
  const shapes = {
    working: ["%2317653a", "M4 8.5l3 3 5-6"], attention: ["%237d4a00", "M8 3.5v6M8 11.5v1.5"], failing: ["%23a81c14", "M4.5 4.5l7 7M11.5 4.5l-7 7"],
    silent: ["%23a81c14", "M3.5 8h9"],
  };
  const [color, path] = shapes[now] ?? ["%234a5360", "M5.5 6a2.5 2.5 0 1 1 2.5 2.5v1M8 11.5v1.5"];
  const icon = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='3' fill='${color}'/>`
    + `<path d='${path}' fill='none' stroke='white' stroke-width='2'/></svg>`;
  if (find("icon").getAttribute("href") !== icon) find("icon").setAttribute("href", icon);
}

function renderContact() {
  const now = silentSince !== null ? "silent" : contact;
  document.body.dataset.contact = now;
  const words = {
    connecting: "Connecting", live: "Live", polling: `Asked every 5 s, since ${pollingBecause}`, silent: "No answer; tried every 5 s",
  };
  write(find("contact-text"), words[now]);
  const old = silentSince !== null && status ? `old, as of ${clock(parsed(status.at))}` : "";
  for (const node of document.querySelectorAll(".as-of")) write(node, old);
  const parts = status ? [`version ${shown(status.version)}`, `runs for ${age(status.uptimeSeconds)}`, `its time ${clock(parsed(status.at))} UTC`] : [];
  write(find("about-bridge"), parts.join(" · "));
}

// MARK: Facts

function fact(name, value, note = null, wide = false) {
  return { name, value: shown(value), note, wide };
}

function facts() {
  const { queue, ledger } = status;
  const takes = status.ready === true ? "yes" : status.ready === false ? "no" : unknown;
  const oldest = isNumber(queue?.oldestAgeSeconds) ? `the oldest for ${age(queue.oldestAgeSeconds)}` : null;
  return [
    fact("Takes deliveries", takes, status.ready === false && status.problem ? shown(status.problem) : null),
    fact("Pending", number(queue?.pending), oldest),
    fact("Being worked on", number(queue?.leased)),
    fact("Dead letters", number(queue?.dead ?? status.deadLetters?.total)),
    fact("Completed", number(queue?.completed)),
    fact("Findings in the ledger", number(ledger?.active), isNumber(ledger?.archived) ? `active; ${number(ledger.archived)} archived` : null),
  ];
}

/** The open findings of all origins by severity, and of how many origins they are not known. */
function openFindings() {
  if (!Array.isArray(status.origins)) return { sums: null, missing: 0 };
  const counts = status.origins.map((it) => severities.map((severity) => it?.openFindings?.[severity.toUpperCase()]));
  const known = counts.filter((it) => it.every(isNumber));
  if (known.length === 0 && counts.length > 0) return { sums: null, missing: 0 };
  return { sums: severities.map((_, index) => known.reduce((sum, it) => sum + it[index], 0)), missing: counts.length - known.length };
}

function renderFacts() {
  const { sums, missing } = openFindings();
  const total = sums ? sums.reduce((a, b) => a + b, 0) : null;
  const open = { ...fact("Open findings", number(total), null, true), sums, missing };
  keep(find("facts"), [open, ...facts()], (it) => it.name,
    (it) => make("div", {}, make("dt", {}, it.name), make("dd")),
    (node, it) => {
      node.className = it.wide ? "wide" : "";
      const value = node.lastChild;
      value.className = it.value === unknown ? "unknown" : "";
      fill(value, it, () => [it.value, it.note ? make("small", {}, it.note) : null, it.sums ? severityLine(it.sums, it.missing) : null]);
    });
}

function severityLine(sums, missing) {
  const parts = severities.map((severity, index) => make("span", {}, `${number(sums[index])} ${severity}`));
  if (missing > 0) parts.push(make("span", { class: "warn" }, `${unknown} for ${counted(missing, "account and Region", "accounts and Regions")}`));
  return make("span", { class: "severities" }, ...parts);
}

// MARK: Last hour

function draw(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function numbersOfHour() {
  const numbers = (values) => (Array.isArray(values) && values.length > 0 && values.every((it) => isNumber(it) && it >= 0) ? values : null);
  const [deliveries, imports, from] = [numbers(status.lastHour?.deliveries), numbers(status.lastHour?.imports), parsed(status.lastHour?.from)];
  return deliveries && imports && isNumber(from) ? { deliveries, imports, from } : null;
}

function summaryOfHour(hour) {
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const busiest = (values, one, many) => {
    const most = Math.max(...values);
    if (most === 0) return `no ${many}`;
    const at = clock(hour.from + values.indexOf(most) * 60_000).slice(-8, -3);
    return `${counted(sum(values), one, many)} (at most ${number(most)} a minute, at ${at})`;
  };
  return `${busiest(hour.deliveries, "delivery", "deliveries")}, ${busiest(hour.imports, "finding imported", "findings imported")}.`;
}

function renderHour() {
  const hour = numbersOfHour();
  show(find("hour-details"), hour !== null);
  const summary = hour ? summaryOfHour(hour) : "Deliveries and imports are not known.";
  write(find("hour-summary"), summary.charAt(0).toUpperCase() + summary.slice(1));
  fill(find("hour-chart"), hour, () => (hour ? chart(hour) : []));
  fill(find("hour-rows"), hour, () => (hour ? rowsOfHour(hour) : []));
}

/** A row of bars for each, over the same time, each with its own scale: deliveries may be a hundredth of imports. */
function chart(hour) {
  const end = hour.from + hour.deliveries.length * 60_000;
  const minutes = [hour.from, (hour.from + end) / 2, end].map((it) => make("span", {}, clock(it).slice(-8, -3)));
  return [...bars(hour.deliveries, "deliveries"), ...bars(hour.imports, "imports"), make("p", { class: "axis", "aria-hidden": "true" }, ...minutes)];
}

function bars(values, name) {
  const [height, most] = [32, Math.max(...values)];
  const drawn = values.map((value, index) => {
    const size = value === 0 ? 0 : Math.max((value / most) * (height - 1), 2);
    return draw("rect", { x: index, y: height - 1 - size, width: 0.8, height: size });
  });
  const line = draw("rect", { class: "ground", x: 0, y: height - 1, width: values.length, height: 1 });
  const label = `${name === "imports" ? "Findings imported" : "Deliveries"}: ${most === 0 ? "none" : `at most ${number(most)} a minute`}`;
  return [
    make("p", { class: "scale", "aria-hidden": "true" }, label),
    draw("svg", { class: name, viewBox: `0 0 ${values.length} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `Chart of the last hour, ${label}` }, line, ...drawn),
  ];
}

function rowsOfHour(hour) {
  const rows = [];
  for (let index = 0; index < hour.deliveries.length; index += 5) {
    const part = (values) => number(values.slice(index, index + 5).reduce((a, b) => a + b, 0));
    rows.push(make("tr", { role: "row" },
      make("th", { role: "rowheader", scope: "row" }, clock(hour.from + index * 60_000).slice(-8, -3)),
      make("td", { role: "cell", class: "number" }, part(hour.deliveries)), make("td", { role: "cell", class: "number" }, part(hour.imports))));
  }
  return rows;
}

// MARK: Accounts and Regions

const pageSize = 50;
let shownOrigins = pageSize;
/** A delivery that waits longer than this is late, as the alert rule says. */
const lateAfter = 60;
const throttledFor = 300;

const place = (it) => `${shown(it.account)}/${shown(it.region)}`;

/** What stands against an origin, the gravest first: [word, tone, explanation, weight]. */
function troubles(origin, about) {
  const found = [];
  if (origin.denied) found.push(["denied", "bad", shortened(origin.denied.reason, 300), 50]);
  if (origin.oldestPendingAgeSeconds > lateAfter && !origin.paused && !origin.denied) found.push(["late", "bad", `oldest pending for ${age(origin.oldestPendingAgeSeconds)}`, 40]);
  if (origin.paused === true) found.push(["paused", "warn", "delivery is held back", 30]);
  if (origin.dead > 0) found.push(["dead letters", "warn", "", 20]);
  if (about === "critical" && !found.length) found.push(["problem", "bad", "see above", 45]);
  if (about && !found.length) found.push(["problem", "warn", "see above", 15]);
  const throttled = (bridgeNow() - parsed(origin.throttledAt)) / 1000;
  if (throttled < throttledFor) found.push(["throttled", "quiet", "AWS asked for fewer calls; the bridge slows down", 10]);
  return found;
}

function rankedOrigins() {
  const about = new Map(list(status.health?.problems).map((it) => [it.about, it.severity]));
  return list(status.origins).filter((it) => it && typeof it === "object")
    .map((origin) => {
      const found = troubles(origin, about.get(`${origin.account}/${origin.region}`) ?? about.get(origin.account));
      return { origin, found, weight: Math.max(0, ...found.map((it) => it[3])), name: place(origin) };
    })
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function renderOrigins() {
  renderPauses();
  const known = Array.isArray(status.origins);
  const all = rankedOrigins();
  const text = find("filter").value.trim().toLowerCase();
  const troubled = all.filter((it) => it.weight > 10);
  const base = find("only-problems").checked ? troubled : all;
  const words = (it) => `${it.name} ${it.found.map((found) => found[0]).join(" ")} ${it.found.length ? "" : "no problem"}`.toLowerCase();
  const matching = text ? base.filter((it) => words(it).includes(text)) : base;
  const visible = matching.slice(0, shownOrigins);
  show(find("origins-tools"), all.length > 1 || text !== "" || find("only-problems").checked);
  show(find("origins-table"), visible.length > 0);
  const none = find("origins-none");
  show(none, visible.length === 0);
  write(none, !known ? "Not known: the store does not answer." : all.length ? "None matches."
    : "No delivery has come from any account yet. Subscribe the bridge to the topics below: each account and Region appears here with its first delivery.");
  write(find("origins-count"), `${counted(matching.length, "account and Region", "accounts and Regions")}${matching.length < all.length ? ` of ${number(all.length)}` : ""}, ${number(troubled.length)} with problems`);
  keep(find("origins"), visible, (it) => it.name, originRow, updateOrigin);
  const more = find("more-origins");
  show(more, matching.length > visible.length);
  write(more, `Show ${number(Math.min(pageSize, matching.length - visible.length))} more of ${number(matching.length)}`);
}

function originRow({ origin }) {
  const severityCells = severities.map((it) => cell(it === "informational" ? "info" : it, { class: "number severity", "data-severity": it }));
  const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"), cell("Last delivery"), cell("Pending", { class: "number" }),
    cell("Dead letters", { class: "number" }), ...severityCells, cell("Last audits", { class: "after" }));
  inside(row, 0).append(shown(origin.account), make("small", {}, shown(origin.region)));
  return row;
}

function updateOrigin(row, { origin, found }) {
  const at = (index) => inside(row, index);
  fill(at(1), [found, origin.denied, origin.throttledAt, origin.pending], () => stateOf(origin, found));
  fill(at(2), [origin.lastDeliveryAt, origin.caughtUpTo], () => [
    origin.lastDeliveryAt ? since(origin.lastDeliveryAt) : make("span", { class: "dim" }, "none known"),
    origin.caughtUpTo ? make("small", {}, "caught up to ", since(origin.caughtUpTo)) : null,
  ]);
  fill(at(3), [origin.pending, origin.oldestPendingAgeSeconds], () => [
    number(origin.pending), isNumber(origin.oldestPendingAgeSeconds) && origin.pending > 0 ? make("small", {}, `for ${age(origin.oldestPendingAgeSeconds)}`) : null,
  ]);
  write(at(4), number(origin.dead));
  severities.forEach((severity, index) => {
    const count = origin.openFindings?.[severity.toUpperCase()];
    const box = row.children[5 + index];
    write(box.firstChild, number(count));
    box.classList.toggle("zero", !(count > 0));
    box.classList.toggle("some", count > 0);
  });
  fill(at(10), origin.audits ?? null, () => auditsOf(origin));
}

function stateOf(origin, found) {
  if (found.length === 0) return make("span", { class: isNumber(origin.pending) ? "good" : "dim" }, isNumber(origin.pending) ? "no problem" : unknown);
  return found.map(([word, tone, explanation]) => {
    const line = make("span", { class: "state-line" }, make("span", { class: `tag ${tone}` }, word), explanation ? ` ${explanation}` : "");
    if (word === "denied") line.append(deniedTimes(origin.denied));
    if (word === "throttled") line.append(make("small", {}, since(origin.throttledAt)));
    return line;
  });
}

function deniedTimes(denied) {
  const parts = [];
  if (isNumber(denied.ageSeconds)) parts.push(`for ${age(denied.ageSeconds)}`);
  if (isNumber(denied.retryInSeconds)) parts.push(`tried again in ${age(denied.retryInSeconds)}`);
  return make("small", {}, parts.join(", "));
}

/** A name in one word, which may break before its capitals. */
const breakable = (name) => shown(name).split(/(?<=[a-z0-9])(?=[A-Z])/).flatMap((part, index) => (index === 0 ? [part] : [make("wbr"), part]));

function auditsOf(origin) {
  if (!Array.isArray(origin.audits)) return make("span", { class: "dim" }, unknown);
  if (origin.audits.length === 0) return make("span", { class: "dim" }, "none known");
  const lines = origin.audits.map((it) => make("li", {}, make("span", {}, ...(it.schedule === null ? ["on demand"] : breakable(it.schedule))), since(it.finishedAt)));
  return make("ul", { class: "audits" }, ...lines);
}

function renderPauses() {
  const pauses = list(status.pauses);
  show(find("pauses"), pauses.length > 0);
  keep(find("pauses"), pauses, (it) => String(it.account), () => make("li"), (node, it) => {
    const whom = it.account === null ? "all accounts" : `account ${shown(it.account)}`;
    write(node, `Delivery is paused for ${whom} since ${clock(parsed(it.since))} UTC by ${shown(it.by)}${it.reason ? `: ${shown(it.reason)}` : ""}. To go on: defender-bridge resume${it.account === null ? "" : ` --account ${shown(it.account)}`}`);
  });
}

// MARK: Dead letters

/** In memory only: never in a storage, an address or a form. */
let token = "";

const actionsAllowed = () => status.actions?.allowed === true;

function renderDeadLetters() {
  const letters = list(status.deadLetters?.newest).filter((it) => it && typeof it === "object");
  const total = status.deadLetters?.total;
  write(find("dead-note"), !isNumber(total) ? "Not known: the store does not answer." : total === 0 ? "None: no delivery was given up."
    : `${counted(total, "delivery was", "deliveries were")} given up${total > letters.length ? `; the ${letters.length} newest are shown` : ""}.`
      + (actionsAllowed() ? "" : " To replay or drop them here, set admin.allowActions; the command line does it too: defender-bridge dead-letters."));
  show(find("token-tools"), actionsAllowed() && letters.length > 0);
  show(find("dead-table"), letters.length > 0);
  keep(find("dead-table"), letters, (it) => String(it.id), deadLetterBody, updateDeadLetter, "tbody");
}

function button(text, name, press, attributes = {}) {
  const node = make("button", { type: "button", "aria-label": name, ...attributes }, text);
  node.addEventListener("click", () => node.getAttribute("aria-disabled") !== "true" && press(node));
  return node;
}

let made = 0;

function deadLetterBody(letter) {
  const [id, detailID] = [shown(letter.id), `payload-${(made += 1)}`];
  const row = make("tr", { role: "row", class: "shut" }, cell(undefined, { tag: "th", class: "where" }), cell("Reason"), cell("Source"), cell("Received"), cell("Last failed"),
    cell("Attempts", { class: "number" }), cell("Actions"));
  const detail = make("tr", { role: "row", hidden: "" }, make("td", { role: "cell", colspan: "7", id: detailID, class: "payload" }));
  inside(row, 0).append(place(letter), make("small", { class: "id" }, id));
  inside(row, 6).append(make("div", { class: "buttons" },
    button("Payload", `Payload of ${id}`, (node) => togglePayload(letter, node, detail), { "aria-expanded": "false", "aria-controls": detailID }),
    button("Replay", `Replay ${id}`, (node) => act(letter, "replay", node), { "data-action": "" }),
    button("Drop", `Drop ${id}`, (node) => confirmDrop(letter, node), { "data-action": "", class: "danger" })));
  return make("tbody", { role: "rowgroup" }, row, detail);
}

function updateDeadLetter(body, letter) {
  const row = body.firstChild;
  write(inside(row, 1), shortened(letter.reason, 300));
  write(inside(row, 2), shown(letter.source));
  fill(inside(row, 3), letter.receivedAt, () => since(letter.receivedAt));
  fill(inside(row, 4), letter.lastFailedAt, () => since(letter.lastFailedAt));
  write(inside(row, 5), number(letter.attempts));
  for (const node of row.querySelectorAll("[data-action]")) show(node, actionsAllowed());
}

async function togglePayload(letter, opener, detail) {
  const opened = opener.getAttribute("aria-expanded") === "true";
  opener.setAttribute("aria-expanded", String(!opened));
  show(detail, !opened);
  detail.previousSibling.classList.toggle("shut", opened);
  if (opened) return;
  const box = detail.firstChild;
  box.replaceChildren(make("p", { role: "status" }, "Asking for the payload…"));
  try {
    const answer = await fetch(`/dead-letters/${encodeURIComponent(letter.id)}`, { cache: "no-store", credentials: "omit" });
    if (!answer.ok) throw new Error(answer.status === 404 ? "It is no more: somebody replayed or dropped it." : `The bridge answers ${answer.status}.`);
    box.replaceChildren(...payloadOf(await answer.json()));
  } catch (error) {
    const reason = error instanceof TypeError ? "The bridge does not answer." : error.message;
    box.replaceChildren(make("p", { role: "status", class: "bad" }, `The payload cannot be shown. ${reason}`));
  }
}

function payloadOf(letter) {
  const isText = typeof letter.payload === "string";
  const text = isText ? indented(letter.payload) : letter.payloadBase64;
  const term = (name, value) => [make("dt", {}, name), make("dd", {}, value)];
  return [
    make("dl", {}, ...term("Reason", shown(letter.reason)), ...term("First failed", since(letter.firstFailedAt)),
      ...term("Payload", `${counted(letter.payloadBytes, "byte", "bytes")}${isText ? "" : ", in Base64 since it is not UTF-8"}`)),
    // One that scrolls can be reached by keyboard.
    make("pre", { tabindex: "0", role: "group", "aria-label": `Payload of ${shown(letter.id)}` }, text === undefined ? unknown : shown(text)),
  ];
}

/** JSON with a line for each member. Strings and numbers stay as they were sent, to the letter; other text is left as it is. */
function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  return text.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (part) => {
    if (/^\s/.test(part)) return "";
    if (part === "{" || part === "[") return (depth += 1, part + line());
    if (part === "}" || part === "]") return (depth -= 1, line() + part);
    if (part === ",") return part + line();
    return part === ":" ? ": " : part;
  });
}

// MARK: Actions

function report(text, tone) {
  const node = find("action-result");
  node.dataset.tone = tone;
  write(node, text);
}

function hasToken() {
  token = find("token").value.trim();
  if (token) return true;
  report("Enter the admin token first (admin.token in the bridge's configuration).", "bad");
  find("token").focus();
  return false;
}

const refusals = {
  401: "The token is wrong.",
  403: "The bridge does not take this from the page's address.",
  429: "Too many wrong tokens were tried: wait a minute.",
};

async function act(letter, action, opener) {
  if (!hasToken()) return;
  const id = shown(letter.id);
  opener.setAttribute("aria-disabled", "true");
  report(`${action === "replay" ? "Replaying" : "Dropping"} ${id}…`, "quiet");
  try {
    const answer = await fetch(`/dead-letters/${encodeURIComponent(letter.id)}/${action}`,
      { method: "POST", cache: "no-store", credentials: "omit", headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(30_000) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) report(action === "replay" ? `${id} is in the queue again.` : `${id} is dropped.`, "good");
    else report(`${id} was not ${action === "replay" ? "replayed" : "dropped"}. ${refusal(answer.status, said)}`, "bad");
    if (answer.status === 401) find("token").focus();
  } catch {
    report(`Whether ${id} was ${action === "replay" ? "replayed" : "dropped"} is not known: the bridge does not answer.`, "bad");
  } finally {
    opener.removeAttribute("aria-disabled");
  }
  // The live connection tells within 2 s; polling is asked to at once.
  if (polling !== null) ask();
}

function refusal(code, said) {
  if (code === 404) return JSON.stringify(said).includes("actions_off") ? "The bridge takes no actions now (admin.allowActions)." : "It is no more: somebody replayed or dropped it.";
  return refusals[code] ?? `The bridge answers ${code}.`;
}

function confirmDrop(letter, opener) {
  if (!hasToken()) return;
  const dialog = find("drop-dialog");
  write(find("drop-what"), `${place(letter)}, ${shown(letter.id)}: ${shortened(letter.reason, 200)}`);
  find("drop-confirm").onclick = () => {
    dialog.close();
    act(letter, "drop", opener);
  };
  find("drop-cancel").onclick = () => dialog.close();
  dialog.showModal();
}

// MARK: Events and subscriptions

/** An address of AWS's console, or null: nothing else is linked to, whatever a message said. */
function consoleAddress(text) {
  const hosts = /^(?:[a-z0-9-]+\.)?console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)$/;
  const address = typeof text === "string" && URL.canParse(text) ? new URL(text) : null;
  const plain = address?.protocol === "https:" && !address.username && !address.password && !address.port;
  return plain && hosts.test(address.hostname) ? address.href : null;
}

const eventsAtFirst = 25;
let allEvents = false;

/** What changed nothing in Security Hub is dim. */
const tones = { dead: "bad", retried: "warn", imported: "", updated: "", archived: "", judged: "" };

function renderEvents() {
  const known = Array.isArray(status.events);
  const seen = new Map();
  const events = list(status.events).filter((it) => it && typeof it === "object").slice(0, 100).reverse().map((it) => {
    // One that happened twice is there twice, each with a key of its own that stays the same as newer ones come.
    const name = JSON.stringify([it.at, it.id, it.kind, it.subject, it.outcome]);
    seen.set(name, (seen.get(name) ?? 0) + 1);
    return { ...it, key: `${name}${seen.get(name)}` };
  }).reverse();
  write(find("events-note"), !known ? "Not known." : events.length ? "Since this process started, 100 at most." : "None since this process started.");
  show(find("events-table"), events.length > 0);
  keep(find("events"), allEvents ? events : events.slice(0, eventsAtFirst), (it) => it.key, eventRow, () => {});
  show(find("more-events"), !allEvents && events.length > eventsAtFirst);
  write(find("more-events"), `Show all ${events.length}`);
}

function eventRow(event) {
  const row = make("tr", { role: "row" }, cell("At", { class: "when" }), cell(undefined, { tag: "th", class: "where" }), cell("Kind"), cell("Of what"), cell("Outcome"),
    cell("Findings", { class: "number" }), cell("Took", { class: "number" }), cell("Security Hub"));
  inside(row, 0).append(clock(parsed(event.at)));
  inside(row, 1).append(place(event));
  inside(row, 2).append(shown(event.kind));
  inside(row, 3).append(shortened(event.subject, 200), make("small", { class: "id" }, shown(event.id)));
  inside(row, 4).append(make("span", { class: tones[event.outcome] ?? "dim" }, shown(event.outcome)));
  inside(row, 5).append(number(event.findings));
  inside(row, 6).append(isNumber(event.durationMilliseconds) ? took(event.durationMilliseconds) : unknown);
  inside(row, 7).append(consoleLink(event));
  return row;
}

const took = (milliseconds) => (milliseconds < 1000 ? `${number(Math.round(milliseconds))} ms` : milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : age(milliseconds / 1000));

function consoleLink(event) {
  const address = consoleAddress(event.consoleURL);
  if (!address) return make("span", { class: "dim" }, "no link");
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, "Open",
    make("span", { class: "hidden" }, ` ${shortened(event.subject, 200)} in Security Hub, in a new tab`));
}

function renderSubscriptions() {
  const known = Array.isArray(status.subscriptions);
  const rows = list(status.subscriptions).map((it) => ({ topic: it.topic, state: it.state, ageSeconds: it.ageSeconds }));
  const heard = new Set(rows.map((it) => it.topic));
  for (const topic of list(status.topics)) if (!heard.has(topic)) rows.push({ topic, state: null, ageSeconds: null });
  const words = {
    confirmed: ["confirmed", "good"], pending: ["waits to be confirmed", "warn"], ended: ["ended, the topic delivers no more,", "bad"],
  };
  const events = status.eventBridge === true ? "EventBridge may deliver too." : status.eventBridge === false ? "EventBridge is off: eventBridge.apiKey is not set." : "";
  write(find("subscriptions-note"), `${!known ? "States are not known: the store does not answer." : rows.length ? "" : "No topic may deliver: sns.topics is empty."} ${events}`.trim());
  show(find("subscriptions-table"), rows.length > 0);
  keep(find("subscriptions"), rows, (it) => String(it.topic),
    (it) => {
      const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"));
      inside(row, 0).append(shown(it.topic));
      return row;
    },
    (row, it) => {
      const [word, tone] = it.state === null ? [known ? "no subscription was heard of" : unknown, "dim"] : words[it.state] ?? [shown(it.state), "warn"];
      fill(inside(row, 1), [word, it.ageSeconds], () => [make("span", { class: tone }, word), isNumber(it.ageSeconds) ? ` for ${age(it.ageSeconds)}` : null]);
    });
}

// MARK: All of it

function render() {
  renderHealth();
  renderContact();
  if (!status || silentSince !== null) return;
  for (const part of [renderFacts, renderHour, renderOrigins, renderDeadLetters, renderEvents, renderSubscriptions]) part();
}

function tick() {
  if (silentSince !== null) renderSilence();
  for (const node of document.querySelectorAll("time")) tell(node);
  if (contact === "live" && silentSince === null && performance.now() - heardAt > newsWithin) ask();
  if (contact === "live" && silentSince !== null) ask();
}

for (const id of ["filter", "only-problems"]) {
  find(id).addEventListener("input", () => {
    shownOrigins = pageSize;
    if (status) renderOrigins();
  });
}
/** Shows more rows. The button may be gone then: a reader goes on with the first row that is new. */
function more(rows, showMore) {
  const last = rows.lastElementChild;
  showMore();
  const next = last?.nextElementSibling?.firstElementChild;
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

find("more-origins").addEventListener("click", () => more(find("origins"), () => {
  shownOrigins += pageSize;
  renderOrigins();
}));
find("more-events").addEventListener("click", () => more(find("events"), () => {
  allEvents = true;
  renderEvents();
}));

render();
listen();
setInterval(tick, 1000);
