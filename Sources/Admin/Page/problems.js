// MARK: Problems by cause

/** Up to as many affected accounts and Regions are shown without folding. */
const affectedUnfolded = 3;

/** Where the cause of a problem is: what an operator turns to. */
const areas = {
  store_unavailable: "store", disk_full: "store", nothing_accepted: "configuration", certificate: "configuration", queue_full: "queue", deliveries_late: "queue",
  account_stalled: "replica", replica_clock: "replica", paused: "operator", dead_letters: "deliveries", dead_letter_limit: "deliveries",
  aws_denied: "AWS permissions", security_hub_not_enabled: "AWS account", no_credentials: "AWS permissions", aws_unreachable: "network",
  subscription_pending: "SNS", subscription_ended: "SNS", catch_up_overdue: "AWS permissions", misdirected_deliveries: "sender", unrelated_messages: "sender",
};

/** The sorted problems: critical ones first. */
function sortedProblems(problems) {
  const severities = ["critical", "warning"];
  const rank = (it) => (severities.indexOf(it.severity) + severities.length + 1) % (severities.length + 1);
  return numbered(problems, (it) => String(it.cause)).sort((a, b) => rank(a) - rank(b));
}

function renderProblems(problems) {
  show(find("problems"), problems.length > 0);
  reconcile(find("problems"), sortedProblems(problems), (it) => it.key, problemCard, updateProblem);
}

function problemCard() {
  const parts = ["head", "remediation", "commands", "affected"].map((it) => make("div", { class: it }));
  parts[0].append(make("span", { class: "tag" }), make("span", { class: "area dim" }), make("h3", { class: "summary" }), make("span", { class: "age" }));
  return make("li", {}, ...parts);
}

function updateProblem(card, problem) {
  const [head, remediation, commands, affected] = card.children;
  const [severity, area, summary, sinceNode] = head.children;
  card.dataset.severity = problem.severity === "critical" ? "critical" : "warning";
  write(severity, shown(problem.severity));
  severity.className = `tag ${problem.severity === "critical" ? "bad" : "warn"}`;
  write(area, Object.hasOwn(areas, String(problem.cause)) ? areas[problem.cause] : "");
  write(summary, shown(problem.summary));
  fill(sinceNode, problem.since ?? null, () => (problem.since ? ["for ", since(problem.since, "")] : []));
  write(remediation, shown(problem.remediation));
  fill(commands, [problem.commands, problem.runbook], () => [...list(problem.commands).map(commandLine), runbookLink(problem)]);
  fillAffected(affected, problem);
}

function commandLine(command) {
  return make("div", { class: "command" }, make("code", {}, shown(command)), copyButton(String(command), `command ${shown(command)}`));
}

/** The runbook: nothing but HTTPS becomes a link; the path of a document is shown as it is. */
function runbookLink(problem) {
  if (!problem.runbook) return null;
  const address = URL.canParse(problem.runbook) ? new URL(problem.runbook) : null;
  if (address?.protocol !== "https:") return make("span", { class: "dim" }, `Runbook: ${shown(problem.runbook)}`);
  return make("a", { href: address.href, rel: "noopener noreferrer", target: "_blank" }, "Runbook",
    make("span", { class: "hidden" }, ` for: ${shortened(problem.summary, 120)}, in a new tab`));
}

/** Rebuilds the affected accounts and Regions if they changed; an open list stays open, with its focus. */
function fillAffected(node, problem) {
  const before = node.querySelector("details");
  const hadFocus = before?.firstChild === document.activeElement;
  fill(node, [problem.affected, problem.affectedOmitted], () => affectedPart(problem));
  const after = node.querySelector("details");
  if (before === after || !after) return;
  after.open = before?.open === true;
  if (hadFocus) after.firstChild.focus({ preventScroll: true });
}

/** Accounts and Regions that the problem concerns: a few as they are, many folded. */
function affectedPart(problem) {
  const affected = list(problem.affected).filter((it) => it && typeof it === "object");
  const count = affected.length + (isNumber(problem.affectedOmitted) ? problem.affectedOmitted : 0);
  if (count === 0) return [];
  if (count <= affectedUnfolded) return affectedList(affected, 0);
  const details = make("details", {}, make("summary", {}, `${counted(count, "account and Region", "accounts and Regions")} affected`,
    make("span", { class: "hidden" }, `: ${shortened(problem.summary, 120)}`)));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(affectedList(affected, count - affected.length));
  });
  return details;
}

function affectedList(affected, omitted) {
  const items = affected.map((it) => make("li", {}, it.account ? accountLink(it) : it.source ? "" : "All accounts", it.source ? ` Source ${shown(it.source)}` : "",
    it.since ? make("small", {}, "for ", since(it.since, "")) : "", it.detail ? make("small", {}, shortened(it.detail, 160)) : ""));
  if (omitted > 0) items.push(make("li", { class: "dim" }, `and ${number(omitted)} more`));
  return make("ul", { class: items.length > affectedUnfolded ? "places" : "" }, ...items);
}

/** A link that opens the row of an account and Region. */
function accountLink(it) {
  if (!it.region) return make("span", {}, shown(it.account));
  return make("a", { href: `#account/${encodeURIComponent(String(it.account))}/${encodeURIComponent(String(it.region))}` }, place(it));
}
