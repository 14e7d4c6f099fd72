// MARK: Mapped sources

/** A delivery older than this is late, as in the alert rule; in milliseconds. */
const lateAfter = 60_000;

/** Problems of a source: [word, tone, explanation, time at its end]. */
function issuesOfSource(source) {
  const found = [];
  if (source.denied > 0) found.push(["suspended", "bad", `AWS denies access in ${counted(source.denied, "account and Region", "accounts and Regions")}`]);
  if (bridgeNow() - parsed(source.oldestPendingAt) > lateAfter && !source.paused && !source.denied) found.push(["late", "bad", "oldest in the queue for ", source.oldestPendingAt]);
  if (source.paused === true) found.push(["paused", "warn", "sending is paused"]);
  if (source.configured === false) found.push(["not configured", "warn", "its new deliveries become dead letters"]);
  if (source.dead > 0) found.push(["dead letters", "warn", ""]);
  return found;
}

function renderSources() {
  const sources = list(status.sources);
  show(find("sources-section"), sources.length > 0);
  reconcile(find("sources"), sources, (it) => String(it.name),
    (it) => {
      const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"), cell("Pending", { class: "number" }), cell("Dead letters", { class: "number" }), cell("Actions"));
      inside(row, 0).append(shown(it.name));
      return row;
    },
    (row, it) => {
      const found = issuesOfSource(it);
      fill(inside(row, 1), [found, it.pending], () => sourceStates(it, found));
      write(inside(row, 2), number(it.pending));
      write(inside(row, 3), number(it.dead));
      fill(inside(row, 4), [it.paused, actionsAllowed()], () => sourceAction(it));
    });
}

function sourceStates(it, found) {
  if (found.length === 0) return make("span", { class: isNumber(it.pending) ? "good" : "dim" }, isNumber(it.pending) ? "no problem" : unknown);
  return found.map(([word, tone, explanation, time]) => make("span", { class: "state-line" }, tag(word, tone), explanation ? ` ${explanation}` : "", time ? since(time, "") : ""));
}

function sourceAction(it) {
  if (!actionsAllowed()) return make("span", { class: "dim" }, "–");
  const isPaused = list(status.pauses).some((pause) => pause.source === it.name);
  return isPaused ? button("Resume", `Resume sending for source ${shown(it.name)}, in the table`, () => askToResume({ source: it.name }), { "data-action": "" })
    : button("Pause", `Pause sending for source ${shown(it.name)}`, () => askToPause({ source: it.name }), { "data-action": "" });
}
