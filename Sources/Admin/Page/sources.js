// MARK: Mapped sources

/** Problems of a source: [word, tone, explanation]. */
function issuesOfSource(source) {
  const found = [];
  if (source.denied > 0) found.push(["suspended", "bad", `AWS denies access in ${counted(source.denied, "account and Region", "accounts and Regions")}`]);
  if (source.oldestPendingAgeSeconds > lateAfter && !source.paused && !source.denied) found.push(["late", "bad", `oldest in the queue for ${age(source.oldestPendingAgeSeconds)}`]);
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
      const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), cell("State"), cell("Pending", { class: "number" }), cell("Dead letters", { class: "number" }));
      inside(row, 0).append(shown(it.name));
      return row;
    },
    (row, it) => {
      const found = issuesOfSource(it);
      fill(inside(row, 1), [found, it.pending], () => stateOf(it, found));
      write(inside(row, 2), number(it.pending));
      write(inside(row, 3), number(it.dead));
    });
}
