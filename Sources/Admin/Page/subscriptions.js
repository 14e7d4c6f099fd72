// MARK: Subscriptions by topic pattern

/** As many topics of a pattern are shown without a request for more, those that need attention first. */
const topicsAtFirst = 10;
const shownPatterns = new Set();

const subscriptionWords = {
  confirmed: ["confirmed", "good", 0], pending: ["pending confirmation", "warn", 2], ended: ["ended (no messages are delivered)", "bad", 3],
};

/** A topic without a message stands out, even if its subscription is confirmed. */
const isSilent = (it) => !it.lastDeliveryAt;
const attentionFor = (it) => (subscriptionWords[it.state]?.[2] ?? 2) * 2 + (isSilent(it) ? 1 : 0);

/** The patterns with their topics, in the order of the configuration; topics that no pattern accepts come last. */
function patternGroups() {
  const groups = new Map(list(status.topics).map((it) => [it, []]));
  for (const it of list(status.subscriptions).filter((it) => it && typeof it === "object")) {
    const pattern = it.pattern ?? null;
    groups.set(pattern, [...(groups.get(pattern) ?? []), it]);
  }
  return [...groups].map(([pattern, topics]) => ({ pattern, topics: topics.sort((a, b) => attentionFor(b) - attentionFor(a) || (a.topic < b.topic ? -1 : 1)) }));
}

function renderSubscriptions() {
  const known = Array.isArray(status.subscriptions);
  const groups = patternGroups();
  const events = status.eventBridge === true ? "EventBridge events are accepted." : status.eventBridge === false ? "EventBridge is off: no credentials are configured (eventBridge.apiKey)." : "";
  const omitted = status.subscriptionsOmitted === true ? "More subscriptions are not listed." : "";
  write(find("subscriptions-note"), `${!known ? "States are unknown: the store is unavailable." : groups.length ? "" : "No topics are configured (sns.topics)."} ${events} ${omitted}`.trim());
  show(find("subscriptions-table"), groups.length > 0);
  reconcile(find("subscriptions-table"), groups, (it) => String(it.pattern), patternBody, (body, it) => updatePattern(body, it, known), "tbody");
}

function patternBody(group) {
  const head = make("tr", { role: "row", class: "pattern" }, make("th", { role: "rowheader", scope: "rowgroup" }), make("td", { role: "cell" }), make("td", { role: "cell" }));
  head.children[0].append(group.pattern === null ? "Not accepted by sns.topics" : shown(group.pattern));
  const body = make("tbody", { role: "rowgroup" }, head);
  body.more = button("", `More topics of ${group.pattern === null ? "other patterns" : shown(group.pattern)}`, () => {
    shownPatterns.add(group.pattern);
    renderSubscriptions();
    body.children[topicsAtFirst]?.querySelector("th")?.scrollIntoView({ block: "nearest" });
    body.children[topicsAtFirst]?.focus();
  });
  return body;
}

function updatePattern(body, { pattern, topics }, known) {
  const head = body.firstChild;
  const silent = topics.filter(isSilent).length;
  fill(head.children[1], [topics.length, known], () => (topics.length ? counted(topics.length, "topic", "topics") : make("span", { class: known ? "warn" : "dim" }, known ? "no subscription known" : unknown)));
  fill(head.children[2], [silent, topics.length], () => (silent > 0 ? tag(`${number(silent)} without a message`, "warn") : []));
  const visible = shownPatterns.has(pattern) ? topics : topics.slice(0, topicsAtFirst);
  reconcile(body, visible, (it) => String(it.topic), topicRow, updateTopic, "tr.topic");
  const rest = topics.length - visible.length;
  fill(head.children[0], [pattern, rest > 0, topics.length], () => [make("span", {}, pattern === null ? "Not accepted by sns.topics" : shown(pattern)), rest > 0 ? body.more : null]);
  write(body.more, `Show all ${number(topics.length)}`);
}

function topicRow(it) {
  const row = make("tr", { role: "row", class: "topic", tabindex: "-1" }, cell(undefined, { tag: "th" }), cell("State"), cell("Last message"));
  inside(row, 0).append(shown(it.topic));
  return row;
}

function updateTopic(row, it) {
  const [word, tone] = subscriptionWords[it.state] ?? [shown(it.state), "warn"];
  fill(inside(row, 1), [word, it.changedAt], () => [make("span", { class: tone }, word), ...(it.changedAt ? [" for ", since(it.changedAt, "")] : [])]);
  fill(inside(row, 2), it.lastDeliveryAt ?? null, () => (isSilent(it) ? tag("no message yet", "warn") : since(it.lastDeliveryAt)));
}
