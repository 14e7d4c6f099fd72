function render() {
  renderHealth();
  renderContact();
  if (!status || unreachableSince !== null) return;
  for (const part of [renderFacts, renderHour, renderAccountRegions, renderSources, renderDeadLetters, renderEvents, renderSubscriptions]) part();
}

function tick() {
  if (unreachableSince !== null) renderUnreachable();
  for (const node of document.querySelectorAll("time")) updateAge(node);
  if (contact === "live" && unreachableSince === null && performance.now() - receivedAt > staleAfter) poll();
  if (contact === "live" && unreachableSince !== null) poll();
}

for (const id of ["filter", "only-problems"]) {
  find(id).addEventListener("input", () => {
    shownAccountRegions = pageSize;
    if (status) renderAccountRegions();
  });
}
/** Shows more rows. The button may disappear, so the focus moves to the first new row. */
function more(rows, showMore) {
  const last = rows.lastElementChild;
  showMore();
  const next = last?.nextElementSibling?.firstElementChild;
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

find("more-account-regions").addEventListener("click", () => more(find("account-regions"), () => {
  shownAccountRegions += pageSize;
  renderAccountRegions();
}));
find("more-events").addEventListener("click", () => more(find("events"), () => {
  allEvents = true;
  renderEvents();
}));

render();
openStream();
setInterval(tick, 1000);
