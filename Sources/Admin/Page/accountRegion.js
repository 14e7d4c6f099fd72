// MARK: Details of an account and Region

/** Details are loaded again when their row changed, but not more often than this. */
const detailInterval = 5_000;

const isOpen = (body) => !body.children[1].hidden;

function toggleAccountRegion(body) {
  const [row, detail] = body.children;
  const opens = detail.hidden;
  row.querySelector(".opener").setAttribute("aria-expanded", String(opens));
  row.classList.toggle("shut", !opens);
  show(detail, opens);
  if (opens) loadDetail(body);
}

function refreshDetail(body) {
  if (!body.isLoading && performance.now() - body.loadedAt > detailInterval && body.loadedFor !== JSON.stringify(body.accountRegion)) loadDetail(body);
}

async function loadDetail(body) {
  const { accountRegion } = body;
  const box = body.children[1].firstChild;
  body.isLoading = true;
  if (!box.hasChildNodes()) box.append(make("p", { role: "status" }, "Loading the details…"));
  try {
    const detail = await load(`account-regions/${encodeURIComponent(accountRegion.account)}/${encodeURIComponent(accountRegion.region)}`, "No deliveries or findings of this account and Region are known.");
    fill(box, [detail, actionsAllowed()], () => detailParts(detail));
  } catch (error) {
    signatures.delete(box);
    box.replaceChildren(make("p", { role: "status", class: "bad" }, `The details cannot be shown. ${error.message}`));
  } finally {
    Object.assign(body, { isLoading: false, loadedAt: performance.now(), loadedFor: JSON.stringify(accountRegion) });
  }
}

function detailParts(it) {
  const name = place(it);
  return [
    detailActions(it),
    make("h3", {}, "Circuit breaker"), breakerText(it.circuitBreaker),
    make("h3", {}, "Rate limits"), limitsTable(list(it.rateLimits), name),
    make("h3", {}, "Catch-up and audits"), caughtUpText(it), auditsOf(it),
    make("h3", {}, "Dead letters"), detailLetters(list(it.deadLetters), name),
    make("h3", {}, "Events"), detailEvents(list(it.events), name),
  ];
}

const nothing = (text) => make("p", { class: "dim" }, text);

function detailActions(it) {
  if (!actionsAllowed()) return nothing(`To pause its account, run: defender-bridge pause --account ${shown(it.account)}`);
  const scope = { account: it.account };
  const isPaused = list(status.pauses).some((pause) => pause.account === it.account && !pause.source);
  return make("div", { class: "buttons" }, isPaused
    ? button("Resume sending of this account", `Resume sending for account ${shown(it.account)}, opened at ${shown(it.region)}`, () => askToResume(scope))
    : button("Pause sending of this account", `Pause sending for account ${shown(it.account)}, opened at ${shown(it.region)}`, () => askToPause(scope)));
}

function breakerText(breaker) {
  if (!breaker) return nothing("Closed: requests to AWS are sent.");
  return make("p", {}, tag("open", "bad"), ` ${shown(breaker.reason)} `, deniedTimes(breaker));
}

const caughtUpText = (it) => make("p", {}, ...(it.caughtUpTo ? ["Device Defender was queried for missed events ", since(it.caughtUpTo), "."] : ["Device Defender was not queried for missed events yet."]));

/** A small table: its caption for screen readers, column headers, and rows of nodes or texts, the first one a header. */
function smallTable(caption, heads, rows) {
  const isNumeric = (head) => head.endsWith("#");
  const head = heads.map((it) => make("th", { role: "columnheader", scope: "col", class: isNumeric(it) ? "number" : undefined }, it.replace("#", "")));
  const body = rows.map((cells) => make("tr", { role: "row" }, ...cells.map((it, index) => (index === 0
    ? make("th", { role: "rowheader", scope: "row" }, it)
    : make("td", { role: "cell", class: isNumeric(heads[index]) ? "number" : undefined }, it)))));
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption }, make("table", { role: "table", class: "small" }, make("caption", { class: "hidden" }, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...head)), make("tbody", { role: "rowgroup" }, ...body)));
}

function limitsTable(limits, name) {
  if (limits.length === 0) return nothing("No request to AWS since the process started.");
  return smallTable(`Rate limits of ${name}`, ["API", "Requests per second#", "Last throttled"],
    limits.map((it) => [shown(it.api), number(it.requestsPerSecond), it.throttledAt ? since(it.throttledAt) : "never"]));
}

/** A name without spaces, with line breaks allowed before capitals. */
const breakable = (name) => shown(name).split(/(?<=[a-z0-9])(?=[A-Z])/).flatMap((part, index) => (index === 0 ? [part] : [make("wbr"), part]));

function auditsOf(it) {
  const audits = list(it.audits);
  if (audits.length === 0) return nothing("No audit was imported.");
  return smallTable(`Last audits of ${place(it)}`, ["Schedule", "Finished"],
    audits.map((audit) => [audit.schedule === null ? "on demand" : make("span", {}, ...breakable(audit.schedule)), since(audit.finishedAt)]));
}

function detailLetters(letters, name) {
  if (letters.length === 0) return nothing("None.");
  return smallTable(`Dead letters of ${name}`, ["Last failed", "Reason", "Delivery", "Attempts#"],
    letters.map((it) => [since(it.lastFailedAt), shortened(it.reason, 300), deliveryID(it.id), number(it.attempts)]));
}

function detailEvents(events, name) {
  if (events.length === 0) return nothing("None since the process started.");
  return smallTable(`Events of ${name}`, ["Time", "Severity", "Kind", "Subject", "Delivery", "Outcome", "Findings#"],
    events.map((it) => [moment(it.at), severityTag(it.severity), shown(it.kind), shortened(it.subject, 200), deliveryID(it.id), outcomeOf(it), number(it.findings)]));
}

/** Shows the row of an account and Region, and opens it. */
function openAccountRegion(account, region) {
  const name = `${shown(account)}/${shown(region)}`;
  find("only-problems").checked = false;
  find("filter").value = name;
  accountRegionPages.turnTo(0);
  renderAccountRegions();
  const body = [...find("account-regions-table").querySelectorAll("tbody")].find((it) => it.key === name);
  if (body && !isOpen(body)) toggleAccountRegion(body);
  const target = body?.querySelector(".opener") ?? find("account-regions-heading");
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}
