// MARK: Accounts and Regions

const pageSize = 50;
let shownAccountRegions = pageSize;
/** A delivery older than this is late, as in the alert rule; in seconds. */
const lateAfter = 60;
const throttledFor = 300;

const place = (it) => `${shown(it.account)}/${shown(it.region)}`;

/** Problems of an account-Region, most severe first: [word, tone, explanation, weight]. */
function issuesOf(accountRegion, about) {
  const found = [];
  if (accountRegion.denied) found.push(["denied", "bad", shortened(accountRegion.denied.reason, 120), 50]);
  if (accountRegion.oldestPendingAgeSeconds > lateAfter && !accountRegion.paused && !accountRegion.denied) found.push(["late", "bad", `oldest in the queue for ${age(accountRegion.oldestPendingAgeSeconds)}`, 40]);
  if (accountRegion.paused === true) found.push(["paused", "warn", "sending is paused", 30]);
  if (accountRegion.dead > 0) found.push(["dead letters", "warn", "", 20]);
  if (about === "critical" && !found.length) found.push(["problem", "bad", "see above", 45]);
  if (about && !found.length) found.push(["problem", "warn", "see above", 15]);
  const throttled = (bridgeNow() - parsed(accountRegion.throttledAt)) / 1000;
  if (throttled < throttledFor) found.push(["throttled", "quiet", "AWS throttles API calls; the bridge slows down", 10]);
  return found;
}

function rankedAccountRegions() {
  const about = new Map(list(status.health?.problems).map((it) => [it.about, it.severity]));
  return list(status.accountRegions).filter((it) => it && typeof it === "object")
    .map((accountRegion) => {
      const found = issuesOf(accountRegion, about.get(`${accountRegion.account}/${accountRegion.region}`) ?? about.get(accountRegion.account));
      return { accountRegion, found, weight: Math.max(0, ...found.map((it) => it[3])), name: place(accountRegion) };
    })
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function renderAccountRegions() {
  renderPauses();
  const known = Array.isArray(status.accountRegions);
  const all = rankedAccountRegions();
  const text = find("filter").value.trim().toLowerCase();
  const withIssues = all.filter((it) => it.weight > 10);
  const base = find("only-problems").checked ? withIssues : all;
  const searchText = (it) => `${it.name} ${it.found.map((found) => found[0]).join(" ")} ${it.found.length ? "" : "no problem"}`.toLowerCase();
  const matching = text ? base.filter((it) => searchText(it).includes(text)) : base;
  const visible = matching.slice(0, shownAccountRegions);
  show(find("account-regions-tools"), all.length > 1 || text !== "" || find("only-problems").checked);
  show(find("account-regions-table"), visible.length > 0);
  const none = find("account-regions-none");
  show(none, visible.length === 0);
  write(none, !known ? "Unknown: the store is unavailable." : all.length ? "No matches."
    : "No message has been received from any account yet. Subscribe the bridge to the topics below: each account and Region appears here with its first message.");
  write(find("account-regions-count"), `${counted(matching.length, "account and Region", "accounts and Regions")}${matching.length < all.length ? ` of ${number(all.length)}` : ""}, ${number(withIssues.length)} with problems`);
  reconcile(find("account-regions"), visible, (it) => it.name, accountRegionRow, updateAccountRegion);
  const more = find("more-account-regions");
  show(more, matching.length > visible.length);
  write(more, `Show ${number(Math.min(pageSize, matching.length - visible.length))} more of ${number(matching.length)}`);
}

function accountRegionRow({ accountRegion }) {
  const severityCells = severities.map((it) => cell(it === "informational" ? "info" : it, { class: "number severity", "data-severity": it }));
  const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"), cell("Last delivery"), cell("Pending", { class: "number" }),
    cell("Dead letters", { class: "number" }), ...severityCells, cell("Last audits", { class: "after" }));
  inside(row, 0).append(shown(accountRegion.account), make("small", {}, shown(accountRegion.region)));
  return row;
}

function updateAccountRegion(row, { accountRegion, found }) {
  const at = (index) => inside(row, index);
  fill(at(1), [found, accountRegion.denied, accountRegion.throttledAt, accountRegion.pending], () => stateOf(accountRegion, found));
  fill(at(2), [accountRegion.lastDeliveryAt, accountRegion.caughtUpTo], () => [
    accountRegion.lastDeliveryAt ? since(accountRegion.lastDeliveryAt) : make("span", { class: "dim" }, "none"),
    accountRegion.caughtUpTo ? make("small", {}, "caught up to ", since(accountRegion.caughtUpTo)) : null,
  ]);
  fill(at(3), [accountRegion.pending, accountRegion.oldestPendingAgeSeconds], () => [
    number(accountRegion.pending), isNumber(accountRegion.oldestPendingAgeSeconds) && accountRegion.pending > 0 ? make("small", {}, `for ${age(accountRegion.oldestPendingAgeSeconds)}`) : null,
  ]);
  at(3).classList.toggle("dim", !isNumber(accountRegion.pending));
  write(at(4), number(accountRegion.dead));
  at(4).classList.toggle("dim", !isNumber(accountRegion.dead));
  severities.forEach((severity, index) => {
    const count = accountRegion.openFindings?.[severity.toUpperCase()];
    const box = row.children[5 + index];
    write(box.firstChild, number(count));
    box.classList.toggle("zero", !(count > 0));
    box.classList.toggle("some", count > 0);
  });
  fill(at(10), accountRegion.audits ?? null, () => auditsOf(accountRegion));
}

function stateOf(accountRegion, found) {
  if (found.length === 0) return make("span", { class: isNumber(accountRegion.pending) ? "good" : "dim" }, isNumber(accountRegion.pending) ? "no problem" : unknown);
  return found.map(([word, tone, explanation]) => {
    const line = make("span", { class: "state-line" }, make("span", { class: `tag ${tone}` }, word));
    // Messages from AWS are long; the problem above has the full text.
    if (word === "denied") line.append(make("small", {}, explanation), deniedTimes(accountRegion.denied));
    else if (explanation) line.append(` ${explanation}`);
    if (word === "throttled") line.append(make("small", {}, since(accountRegion.throttledAt)));
    return line;
  });
}

function deniedTimes(denied) {
  const parts = [];
  if (isNumber(denied.ageSeconds)) parts.push(`for ${age(denied.ageSeconds)}`);
  if (isNumber(denied.retryInSeconds)) parts.push(`next probe in ${age(denied.retryInSeconds)}`);
  return make("small", {}, parts.join(", "));
}

/** A name without spaces, with line breaks allowed before capitals. */
const breakable = (name) => shown(name).split(/(?<=[a-z0-9])(?=[A-Z])/).flatMap((part, index) => (index === 0 ? [part] : [make("wbr"), part]));

function auditsOf(accountRegion) {
  if (!Array.isArray(accountRegion.audits)) return make("span", { class: "dim" }, unknown);
  if (accountRegion.audits.length === 0) return make("span", { class: "dim" }, "none");
  const lines = accountRegion.audits.map((it) => make("li", {}, make("span", {}, ...(it.schedule === null ? ["on demand"] : breakable(it.schedule))), since(it.finishedAt)));
  return make("ul", { class: "audits" }, ...lines);
}

function renderPauses() {
  const pauses = list(status.pauses);
  show(find("pauses"), pauses.length > 0);
  reconcile(find("pauses"), pauses, (it) => String(it.source ?? it.account), () => make("li"), (node, it) => {
    const scope = it.source ? `source ${shown(it.source)}` : it.account === null ? "all accounts" : `account ${shown(it.account)}`;
    const option = it.source ? ` --source ${shown(it.source)}` : it.account === null ? "" : ` --account ${shown(it.account)}`;
    write(node, `Sending to Security Hub is paused for ${scope} since ${clock(parsed(it.since))} UTC by ${shown(it.by)}${it.reason ? `: ${shown(it.reason)}` : ""}. To resume, run: defender-bridge resume${option}`);
  });
}
