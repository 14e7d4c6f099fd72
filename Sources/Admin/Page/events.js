// MARK: Recent events

const eventsAtFirst = 25;
let allEvents = false;

/** Outcomes that changed nothing in Security Hub are dim. */
const tones = { dead: "bad", retried: "warn", imported: "", updated: "", archived: "", workflow_updated: "" };
const outcomeWords = { dead: "dead letter", workflow_updated: "workflow updated" };

const outcomeWord = (it) => outcomeWords[it.outcome] ?? shown(it.outcome);
const outcomeOf = (it) => make("span", { class: tones[it.outcome] ?? "dim" }, outcomeWord(it));

function severityTag(severity) {
  const word = String(severity ?? "").toLowerCase();
  if (!severityNames[word]) return make("span", { class: "dim" }, "–", make("span", { class: "hidden" }, " none"));
  return make("span", { class: "severity-tag" }, severityMark(word), severityNames[word] === "Informational" ? make("abbr", { title: "Informational" }, "Info") : severityNames[word]);
}

/** The choices of the filters: of what the events have. */
const eventFilters = {
  account: { all: "all", of: (it) => shown(it.account) },
  source: { all: "all", of: (it) => shown(it.source ?? "none") },
  outcome: { all: "all", of: outcomeWord },
};

function renderEventChoices(events) {
  for (const [name, { all, of }] of Object.entries(eventFilters)) {
    const select = find(`event-${name}`);
    const chosen = select.value;
    const choices = [...new Set([...events.map(of), ...(chosen ? [chosen] : [])])].sort();
    fill(select, choices, () => [make("option", { value: "" }, all), ...choices.map((it) => make("option", { value: it }, it))]);
    select.value = chosen;
  }
}

function matchingEvents(events) {
  const text = find("event-text").value.trim().toLowerCase();
  return events.filter((it) => Object.entries(eventFilters).every(([name, { of }]) => !find(`event-${name}`).value || find(`event-${name}`).value === of(it))
    && (!text || `${shown(it.subject)} ${shown(it.id)} ${place(it)} ${shown(it.kind)} ${shown(it.findingId ?? "")}`.toLowerCase().includes(text)));
}

function renderEvents() {
  const known = Array.isArray(status.events);
  const all = list(status.events).filter((it) => it && typeof it === "object").slice(0, 100);
  // Numbered from the oldest, so that equal events keep their keys when newer ones arrive.
  const events = numbered([...all].reverse(), (it) => JSON.stringify([it.at, it.id, it.kind, it.subject, it.outcome])).reverse();
  renderEventChoices(events);
  const matching = matchingEvents(events);
  show(find("events-tools"), events.length > 0);
  write(find("events-note"), !known ? "Unknown." : events.length === 0 ? "None since the process started."
    : matching.length < events.length ? `${number(matching.length)} of ${counted(events.length, "event", "events")} match.` : "Since the process started, 100 at most.");
  show(find("events-table"), matching.length > 0);
  reconcile(find("events"), allEvents ? matching : matching.slice(0, eventsAtFirst), (it) => it.key, eventRow, () => {});
  show(find("more-events"), !allEvents && matching.length > eventsAtFirst);
  write(find("more-events"), `Show all ${matching.length}`);
}

function eventRow(event) {
  const row = make("tr", { role: "row" }, cell("Time", { class: "when" }), cell("Severity"), cell(undefined, { tag: "th", class: "where" }), cell("Kind"), cell("Subject"), cell("Outcome"),
    cell("Findings", { class: "number" }), cell("Duration", { class: "number" }), cell("Security Hub", { class: "after" }));
  inside(row, 0).append(moment(event.at));
  inside(row, 1).append(severityTag(event.severity));
  inside(row, 2).append(shown(event.account), make("small", {}, shown(event.region)));
  inside(row, 3).append(shown(event.kind), ...(event.source ? [make("small", {}, shown(event.source))] : []));
  inside(row, 4).append(make("div", { class: "subject" }, make("span", {}, shortened(event.subject, 200)), deliveryID(event.id)));
  inside(row, 5).append(outcomeOf(event));
  inside(row, 6).append(number(event.findings));
  inside(row, 7).append(durationOf(event.durationMilliseconds));
  inside(row, 8).append(consoleLink(event.consoleURL, event.subject));
  return row;
}

function durationOf(milliseconds) {
  if (!isNumber(milliseconds)) return unknown;
  if (milliseconds < 1000) return `${number(Math.round(milliseconds))} ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : age(milliseconds / 1000);
}

function consoleLink(url, subject) {
  const address = consoleAddress(url);
  if (!address) return make("span", { class: "dim" }, "no link");
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, "Open",
    make("span", { class: "hidden" }, ` ${shortened(subject, 200)} in Security Hub, in a new tab`));
}

for (const id of ["event-account", "event-source", "event-outcome", "event-text"]) find(id).addEventListener("input", () => status && renderEvents());
