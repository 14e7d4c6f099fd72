function render() {
  renderHealth();
  renderContact();
  if (!status || unreachableSince !== null) return;
  for (const part of [renderTrend, renderFacts, renderHour, renderAccountRegions, renderSources, renderDeadLetters, renderEvents, renderSubscriptions]) part();
  refreshDelivery();
  if (isRouteWaiting) route();
}

// MARK: Addresses within the page: #delivery/ID, #account/ACCOUNT/REGION, and the sections

/** Whether the address names something that only a status can show. */
let isRouteWaiting = false;

function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  let parts = [];
  try {
    parts = rest.map(decodeURIComponent);
  } catch {
    // A malformed address shows the overview.
  }
  showDelivery(name === "delivery" && parts.length > 0 ? parts.join("/") : null);
  isRouteWaiting = !status;
  if (status && name === "account" && parts.length === 2) openAccountRegion(parts[0], parts[1]);
  else if (name.endsWith("-heading")) find(name)?.focus();
}

window.addEventListener("hashchange", route);

// MARK: Time

function tick() {
  if (unreachableSince !== null) renderUnreachable();
  renderContact();
  for (const node of document.querySelectorAll("time")) updateAge(node);
  if (contact === "live" && unreachableSince === null && performance.now() - receivedAt > staleAfter) poll();
  if (contact === "live" && unreachableSince !== null) poll();
}

find("more-events").addEventListener("click", () => {
  const last = find("events").lastElementChild;
  allEvents = true;
  renderEvents();
  // The button disappears, so the focus moves to the first new row.
  const next = last?.nextElementSibling?.firstElementChild;
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
});

render();
route();
openStream();
setInterval(tick, 1000);
