// MARK: Accounts and Regions

const pageSize = 25;
/** Throttling is shown for this long, in milliseconds. */
const throttledFor = 300_000;

const place = (it) => `${shown(it.account)}/${shown(it.region)}`;

/** Tone and weight of the states, most severe first. */
const states = { denied: ["bad", 5], late: ["bad", 4], paused: ["warn", 3], dead_letters: ["warn", 2], silent: ["warn", 1], working: ["good", 0], unknown: ["dim", 0] };
const stateOf = (row) => states[row.state] ?? ["warn", 1];
const weightOf = (row) => stateOf(row)[1];
const hasProblem = (row) => weightOf(row) > 0;

const timeOf = (time) => (isNumber(parsed(time)) ? parsed(time) : -Infinity);
const orZero = (value) => (isNumber(value) ? value : -1);

/** The columns: name, key of sorting, and attributes of the header. Numbers, times and states sort descending first. */
const columns = [
  { id: "name", name: "Account, Region", of: place, ascending: true },
  { id: "state", name: "State", of: weightOf },
  { id: "delivery", name: "Last delivery", of: (it) => timeOf(it.lastDeliveryAt) },
  { id: "audit", name: "Last audit", of: (it) => timeOf(it.lastAuditAt) },
  { id: "pending", name: "Pending", of: (it) => orZero(it.pending), number: true },
  { id: "dead", name: "Dead letters", of: (it) => orZero(it.dead), number: true },
  ...severities.map((severity) => ({
    id: severity, name: severity === "informational" ? "Info" : severityNames[severity], of: (it) => orZero(countOf(it.openFindings, severity)), number: true, severity,
  })),
];

const accountRegionSort = new Sorting(columns, "state", () => {
  accountRegionPages.page = 0;
  if (status) renderAccountRegions();
});
const accountRegionPages = new Pages(find("account-regions-pages"), pageSize, () => renderAccountRegions());

const stateWord = (it) => shown(it.state).replaceAll("_", " ");

function matchingAccountRegions(all) {
  const text = find("filter").value.trim().toLowerCase();
  const base = find("only-problems").checked ? all.filter(hasProblem) : all;
  return text ? base.filter((it) => `${place(it)} ${stateWord(it)}`.toLowerCase().includes(text)) : base;
}

function renderAccountRegions() {
  renderPauses();
  const known = Array.isArray(status.accountRegions);
  const all = list(status.accountRegions).filter((it) => it && typeof it === "object");
  const matching = accountRegionSort.sorted(matchingAccountRegions(all), place);
  const visible = accountRegionPages.show(matching);
  const isNarrowed = find("filter").value.trim() !== "" || find("only-problems").checked;
  show(find("account-regions-tools"), all.length > 1 || isNarrowed);
  show(find("account-regions-table"), visible.length > 0);
  const none = find("account-regions-none");
  show(none, visible.length === 0);
  write(none, !known ? "Unknown: the store is unavailable." : all.length ? "No matches."
    : "No message has been received from any account yet. Subscribe the bridge to the topics below: each account and Region appears here with its first message.");
  const omitted = status.accountRegionsOmitted > 0 ? `; ${number(status.accountRegionsOmitted)} more are not listed` : "";
  write(find("account-regions-count"), `${counted(matching.length, "account and Region", "accounts and Regions")}${isNarrowed ? ` of ${number(all.length)}` : ""}, ${number(all.filter(hasProblem).length)} with problems${omitted}`);
  reconcile(find("account-regions-table"), visible, place, accountRegionBody, updateAccountRegion, "tbody");
}

function accountRegionBody(it) {
  const detailID = nextID("account-region");
  const cells = columns.slice(1).map((column) => cell(column.name.toLowerCase(), {
    class: [column.number ? "number" : "", column.severity ? "severity" : ""].join(" ").trim() || undefined, "data-severity": column.severity,
  }));
  const row = make("tr", { role: "row", class: "shut" }, cell(undefined, { tag: "th" }), ...cells);
  const detail = make("tr", { role: "row", hidden: "" }, make("td", { role: "cell", colspan: String(columns.length), id: detailID, class: "detail" }));
  const body = make("tbody", { role: "rowgroup" }, row, detail);
  const opener = button(shown(it.account), `Details of ${place(it)}`, () => toggleAccountRegion(body), { class: "opener", "aria-expanded": "false", "aria-controls": detailID });
  inside(row, 0).append(opener, make("small", {}, shown(it.region)));
  return body;
}

function updateAccountRegion(body, it) {
  const [row] = body.children;
  const at = (index) => inside(row, index);
  body.accountRegion = it;
  fill(at(1), [it.state, it.denied, it.throttledAt, it.oldestPendingAt], () => stateLines(it));
  fill(at(2), it.lastDeliveryAt ?? null, () => (it.lastDeliveryAt ? since(it.lastDeliveryAt) : make("span", { class: "dim" }, "none")));
  fill(at(3), [it.lastAuditAt ?? null], () => (it.lastAuditAt ? since(it.lastAuditAt) : make("span", { class: "dim" }, it.audits === null ? unknown : "none")));
  [it.pending, it.dead, ...severities.map((severity) => countOf(it.openFindings, severity))].forEach((count, index) => {
    const box = row.children[4 + index];
    write(box.firstChild, number(count));
    box.classList.toggle("zero", !(count > 0));
    box.classList.toggle("some", count > 0);
  });
  if (isOpen(body)) refreshDetail(body);
}

/** The state with its times. The problem above and the details below the row have the reason. */
function stateLines(it) {
  const tone = stateOf(it)[0];
  const lines = [make("span", { class: "state-line" }, hasProblem(it) ? tag(stateWord(it), tone) : make("span", { class: tone }, stateWord(it)))];
  if (it.denied) lines.push(deniedTimes(it.denied));
  if (it.state === "late") lines.push(make("small", {}, "oldest in the queue for ", since(it.oldestPendingAt, "")));
  if (it.state === "silent") lines.push(make("small", {}, "no delivery and no audit yet"));
  if (bridgeNow() - parsed(it.throttledAt) < throttledFor) lines.push(make("small", {}, "throttled by AWS ", since(it.throttledAt)));
  return lines;
}

function deniedTimes(denied) {
  return make("small", {}, "for ", since(denied.since, ""), ", next probe in ", until(denied.retryAt));
}

function renderPauses() {
  const pauses = list(status.pauses);
  show(find("pauses"), pauses.length > 0);
  reconcile(find("pauses"), pauses, (it) => JSON.stringify([it.account, it.region, it.source]), () => make("li", {}, make("span"), make("span")), (node, it) => {
    const option = it.source ? ` --source ${shown(it.source)}` : it.account === null ? "" : ` --account ${shown(it.account)}`;
    const [text, control] = node.children;
    write(text, `Sending to Security Hub is paused for ${scopeText(it)} since ${clock(parsed(it.since))} ${zone()} by ${shown(it.by)}${it.reason ? `: ${shown(it.reason)}` : ""}. To resume, run: defender-bridge resume${option} `);
    fill(control, actionsAllowed(), () => (actionsAllowed() ? button("Resume", `Resume sending for ${scopeText(it)}`, () => askToResume(it), { "data-action": "" }) : []));
  });
}

for (const id of ["filter", "only-problems"]) {
  find(id).addEventListener("input", () => {
    accountRegionPages.page = 0;
    if (status) renderAccountRegions();
  });
}
accountRegionSort.addTo(find("account-regions-head"), find("sort"));
