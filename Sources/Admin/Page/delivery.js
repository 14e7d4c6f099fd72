// MARK: The whole way of a delivery

/** A delivery that still moves is loaded again with the status, but not more often than this. */
const deliveryInterval = 2_000;
/** The id of the delivery that the page shows; null for the overview. */
let deliveryShown = null;
let deliveryLoadedAt = -Infinity;
let isFinal = false;

const deliveryStates = {
  pending: ["pending", "quiet"], leased: ["in progress", "quiet"], waiting: ["waiting for a retry", "warn"], completed: ["completed", "good"], dead: ["dead letter", "bad"],
};

function showDelivery(id) {
  const isNew = id !== deliveryShown;
  deliveryShown = id;
  show(find("delivery"), id !== null);
  show(find("overview"), id === null);
  show(find("sections"), id === null);
  if (id === null || !isNew) return;
  find("delivery-content").replaceChildren(make("p", { role: "status" }, "Loading the delivery…"));
  signatures.delete(find("delivery-content"));
  find("delivery-heading").replaceChildren("Delivery ", make("span", { class: "id" }, shown(id)), " ", copyButton(id, `id ${shown(id)}`));
  find("delivery-heading").focus();
  window.scrollTo(0, 0);
  loadDelivery();
}

/** Loads the delivery again if it may have changed. */
function refreshDelivery() {
  if (deliveryShown !== null && !isFinal && performance.now() - deliveryLoadedAt > deliveryInterval) loadDelivery();
}

async function loadDelivery() {
  const id = deliveryShown;
  deliveryLoadedAt = performance.now();
  isFinal = false;
  const box = find("delivery-content");
  try {
    const delivery = await load(`deliveries/${encodeURIComponent(id)}`, "Neither this replica nor the store knows this id. Completed deliveries are known only for some time; the log has all of them.");
    if (id !== deliveryShown) return;
    isFinal = delivery.state === "completed" || delivery.state === "unknown";
    fill(box, delivery, () => deliveryParts(delivery));
  } catch (error) {
    if (id !== deliveryShown) return;
    signatures.delete(box);
    box.replaceChildren(make("p", { role: "status", class: "bad" }, error.message));
  }
}

function deliveryParts(it) {
  const [word, tone] = deliveryStates[it.state] ?? [shown(it.state), "quiet"];
  const term = (name, ...value) => make("div", {}, make("dt", {}, name), make("dd", {}, ...value));
  const steps = list(it.steps);
  return [
    make("p", {}, tag(word, tone), it.lastError ? ` ${shown(it.lastError)}` : ""),
    make("dl", { class: "terms" }, it.subject ? term("Subject", shown(it.subject)) : "", term("Account, Region", it.region ? accountLink(it) : shown(it.account)), term("Source", shown(it.source ?? "none")), term("Channel", shown(it.channel)),
      term("Received", moment(it.receivedAt)), term("Attempts", number(it.attempts)), it.nextAttemptAt ? term("Next attempt", moment(it.nextAttemptAt)) : "", it.replica ? term("Replica", shown(it.replica)) : ""),
    it.note ? make("p", { class: "dim" }, shown(it.note)) : null,
    make("h3", {}, "Steps"), omittedText(it.stepsOmitted), steps.length ? stepList(steps) : nothing("None is known."),
    make("h3", {}, "Requests to AWS"), omittedText(it.requestsOmitted), requestsTable(list(it.requests)),
    make("h3", {}, "Findings"), omittedText(it.findingsOmitted), findingsTable(list(it.findings)),
  ];
}

const omittedText = (count) => (count > 0 ? nothing(`${number(count)} earlier ${count === 1 ? "one is" : "ones are"} not known any more.`) : null);

function stepList(steps) {
  const start = parsed(steps[0].at);
  return make("ol", { class: "steps" }, ...steps.map((it) => {
    const passed = parsed(it.at) - start;
    const [word, tone] = deliveryStates[it.step] ?? [shown(it.step), ""];
    return make("li", {}, moment(it.at), make("span", { class: "dim number" }, isNumber(passed) && passed > 0 ? `+${durationOf(passed)}` : ""),
      make("strong", { class: it.step === "leased" ? "" : tone === "quiet" ? "" : tone }, it.step === "leased" ? "leased" : word), make("span", {}, it.detail ? shown(it.detail) : ""));
  }));
}

function requestsTable(requests) {
  if (requests.length === 0) return nothing("None is known.");
  return smallTable("Requests to AWS for this delivery, oldest first", ["Time", "Operation", "Response", "Duration#", "Request id"], requests.map((it) => [
    moment(it.at), `${it.service ? `${shown(it.service)} ` : ""}${shown(it.operation)}`,
    make("span", { class: it.status >= 200 && it.status < 300 && !it.error ? "good" : "bad" }, `${it.status ? `HTTP ${shown(it.status)}` : "no response"}${it.error ? `, ${shown(it.error)}` : ""}`),
    durationOf(it.durationMs), it.requestId ? make("span", { class: "delivery-id" }, make("span", { class: "id" }, shown(it.requestId)), copyButton(String(it.requestId), `request id ${shown(it.requestId)}`)) : "none",
  ]));
}

function findingsTable(findings) {
  if (findings.length === 0) return nothing("None is known.");
  return smallTable("Findings of this delivery", ["Finding", "Severity", "State", "Result", "Security Hub"], findings.map((it) => [
    make("span", { class: "id" }, shown(it.id)), severityTag(it.severity), shown(it.state), String(shown(it.result ?? "none")).replaceAll("_", " "), consoleLink(it.consoleUrl, it.id),
  ]));
}
