function render() {
  renderHealth();
  renderContact();
  if (!status || silentSince !== null) return;
  for (const part of [renderFacts, renderHour, renderOrigins, renderDeadLetters, renderEvents, renderSubscriptions]) part();
}

function tick() {
  if (silentSince !== null) renderSilence();
  for (const node of document.querySelectorAll("time")) tell(node);
  if (contact === "live" && silentSince === null && performance.now() - heardAt > newsWithin) ask();
  if (contact === "live" && silentSince !== null) ask();
}

for (const id of ["filter", "only-problems"]) {
  find(id).addEventListener("input", () => {
    shownOrigins = pageSize;
    if (status) renderOrigins();
  });
}
/** Shows more rows. The button may be gone then: a reader goes on with the first row that is new. */
function more(rows, showMore) {
  const last = rows.lastElementChild;
  showMore();
  const next = last?.nextElementSibling?.firstElementChild;
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

find("more-account-regions").addEventListener("click", () => more(find("account-regions"), () => {
  shownOrigins += pageSize;
  renderOrigins();
}));
find("more-events").addEventListener("click", () => more(find("events"), () => {
  allEvents = true;
  renderEvents();
}));

render();
listen();
setInterval(tick, 1000);
