/** A URL of the AWS console, or null: nothing else becomes a link, whatever a message contains. */
function consoleAddress(text) {
  const hosts = /^(?:[a-z0-9-]+\.)?console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)$/;
  const address = typeof text === "string" && URL.canParse(text) ? new URL(text) : null;
  const plain = address?.protocol === "https:" && !address.username && !address.password && !address.port;
  return plain && hosts.test(address.hostname) ? address.href : null;
}

const eventsAtFirst = 25;
let allEvents = false;

/** Outcomes that changed nothing in Security Hub are dim. */
const tones = { dead: "bad", retried: "warn", imported: "", updated: "", archived: "", workflow_updated: "" };

function renderEvents() {
  const known = Array.isArray(status.events);
  const seen = new Map();
  const events = list(status.events).filter((it) => it && typeof it === "object").slice(0, 100).reverse().map((it) => {
    // Equal events get distinct keys that stay the same when newer events arrive.
    const name = JSON.stringify([it.at, it.id, it.kind, it.subject, it.outcome]);
    seen.set(name, (seen.get(name) ?? 0) + 1);
    return { ...it, key: `${name}${seen.get(name)}` };
  }).reverse();
  write(find("events-note"), !known ? "Unknown." : events.length ? "Since the process started, 100 at most." : "None since the process started.");
  show(find("events-table"), events.length > 0);
  reconcile(find("events"), allEvents ? events : events.slice(0, eventsAtFirst), (it) => it.key, eventRow, () => {});
  show(find("more-events"), !allEvents && events.length > eventsAtFirst);
  write(find("more-events"), `Show all ${events.length}`);
}

function eventRow(event) {
  const row = make("tr", { role: "row" }, cell("Time", { class: "when" }), cell(undefined, { tag: "th", class: "where" }), cell("Kind"), cell("Subject"), cell("Outcome"),
    cell("Findings", { class: "number" }), cell("Duration", { class: "number" }), cell("Security Hub"));
  inside(row, 0).append(clock(parsed(event.at)));
  inside(row, 1).append(place(event));
  inside(row, 2).append(shown(event.kind));
  inside(row, 3).append(shortened(event.subject, 200), make("small", { class: "id" }, shown(event.id)));
  inside(row, 4).append(make("span", { class: tones[event.outcome] ?? "dim" }, shown(event.outcome)));
  inside(row, 5).append(number(event.findings));
  inside(row, 6).append(isNumber(event.durationMilliseconds) ? durationOf(event.durationMilliseconds) : unknown);
  inside(row, 7).append(consoleLink(event));
  return row;
}

const durationOf = (milliseconds) => (milliseconds < 1000 ? `${number(Math.round(milliseconds))} ms` : milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : age(milliseconds / 1000));

function consoleLink(event) {
  const address = consoleAddress(event.consoleURL);
  if (!address) return make("span", { class: "dim" }, "no link");
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, "Open",
    make("span", { class: "hidden" }, ` ${shortened(event.subject, 200)} in Security Hub, in a new tab`));
}

function renderSubscriptions() {
  const known = Array.isArray(status.subscriptions);
  const rows = list(status.subscriptions).map((it) => ({ topic: it.topic, state: it.state, ageSeconds: it.ageSeconds }));
  const listed = new Set(rows.map((it) => it.topic));
  for (const topic of list(status.topics)) if (!listed.has(topic)) rows.push({ topic, state: null, ageSeconds: null });
  const words = {
    confirmed: ["confirmed", "good"], pending: ["pending confirmation", "warn"], ended: ["ended (no messages are delivered)", "bad"],
  };
  const events = status.eventBridge === true ? "EventBridge events are accepted." : status.eventBridge === false ? "EventBridge is off: no credentials are configured (eventBridge.apiKey)." : "";
  write(find("subscriptions-note"), `${!known ? "States are unknown: the store is unavailable." : rows.length ? "" : "No topics are configured (sns.topics)."} ${events}`.trim());
  show(find("subscriptions-table"), rows.length > 0);
  reconcile(find("subscriptions"), rows, (it) => String(it.topic),
    (it) => {
      const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"));
      inside(row, 0).append(shown(it.topic));
      return row;
    },
    (row, it) => {
      const [word, tone] = it.state === null ? [known ? "no subscription known" : unknown, "dim"] : words[it.state] ?? [shown(it.state), "warn"];
      fill(inside(row, 1), [word, it.ageSeconds], () => [make("span", { class: tone }, word), isNumber(it.ageSeconds) ? ` for ${age(it.ageSeconds)}` : null]);
    });
}
