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
  if (origin.denied) found.push(["denied", "bad", shortened(origin.denied.reason, 120), 50]);
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
  return list(status.accountRegions).filter((it) => it && typeof it === "object")
    .map((origin) => {
      const found = troubles(origin, about.get(`${origin.account}/${origin.region}`) ?? about.get(origin.account));
      return { origin, found, weight: Math.max(0, ...found.map((it) => it[3])), name: place(origin) };
    })
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function renderOrigins() {
  renderPauses();
  const known = Array.isArray(status.accountRegions);
  const all = rankedOrigins();
  const text = find("filter").value.trim().toLowerCase();
  const troubled = all.filter((it) => it.weight > 10);
  const base = find("only-problems").checked ? troubled : all;
  const words = (it) => `${it.name} ${it.found.map((found) => found[0]).join(" ")} ${it.found.length ? "" : "no problem"}`.toLowerCase();
  const matching = text ? base.filter((it) => words(it).includes(text)) : base;
  const visible = matching.slice(0, shownOrigins);
  show(find("account-regions-tools"), all.length > 1 || text !== "" || find("only-problems").checked);
  show(find("account-regions-table"), visible.length > 0);
  const none = find("account-regions-none");
  show(none, visible.length === 0);
  write(none, !known ? "Not known: the store does not answer." : all.length ? "None matches."
    : "No delivery has come from any account yet. Subscribe the bridge to the topics below: each account and Region appears here with its first delivery.");
  write(find("account-regions-count"), `${counted(matching.length, "account and Region", "accounts and Regions")}${matching.length < all.length ? ` of ${number(all.length)}` : ""}, ${number(troubled.length)} with problems`);
  keep(find("account-regions"), visible, (it) => it.name, accountRegionRow, updateAccountRegion);
  const more = find("more-account-regions");
  show(more, matching.length > visible.length);
  write(more, `Show ${number(Math.min(pageSize, matching.length - visible.length))} more of ${number(matching.length)}`);
}

function accountRegionRow({ origin }) {
  const severityCells = severities.map((it) => cell(it === "informational" ? "info" : it, { class: "number severity", "data-severity": it }));
  const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"), cell("Last delivery"), cell("Pending", { class: "number" }),
    cell("Dead letters", { class: "number" }), ...severityCells, cell("Last audits", { class: "after" }));
  inside(row, 0).append(shown(origin.account), make("small", {}, shown(origin.region)));
  return row;
}

function updateAccountRegion(row, { origin, found }) {
  const at = (index) => inside(row, index);
  fill(at(1), [found, origin.denied, origin.throttledAt, origin.pending], () => stateOf(origin, found));
  fill(at(2), [origin.lastDeliveryAt, origin.caughtUpTo], () => [
    origin.lastDeliveryAt ? since(origin.lastDeliveryAt) : make("span", { class: "dim" }, "none known"),
    origin.caughtUpTo ? make("small", {}, "caught up to ", since(origin.caughtUpTo)) : null,
  ]);
  fill(at(3), [origin.pending, origin.oldestPendingAgeSeconds], () => [
    number(origin.pending), isNumber(origin.oldestPendingAgeSeconds) && origin.pending > 0 ? make("small", {}, `for ${age(origin.oldestPendingAgeSeconds)}`) : null,
  ]);
  at(3).classList.toggle("dim", !isNumber(origin.pending));
  write(at(4), number(origin.dead));
  at(4).classList.toggle("dim", !isNumber(origin.dead));
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
    const line = make("span", { class: "state-line" }, make("span", { class: `tag ${tone}` }, word));
    // What AWS says is long, and stands above in full.
    if (word === "denied") line.append(make("small", {}, explanation), deniedTimes(origin.denied));
    else if (explanation) line.append(` ${explanation}`);
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
