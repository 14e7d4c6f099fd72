// MARK: Status

let status = null;
/** When it was received, by the monotonic clock of this page. */
let receivedAt = 0;

/** The start of the bridge's process, by its own clock. */
let startedAt = NaN;

/** The bridge's time now, in milliseconds since 1970, extrapolated from the last status. */
function bridgeNow() {
  return status ? parsed(status.at) + (performance.now() - receivedAt) : NaN;
}

function applyStatus(message, whole) {
  if (typeof message !== "object" || message === null || (whole && typeof message.health !== "object")) throw new TypeError("no status");
  status = whole ? message : merged(status, message);
  receivedAt = performance.now();
  if (isNumber(message.uptimeSeconds)) startedAt = parsed(message.at) - message.uptimeSeconds * 1000;
  unreachableSince = null;
  unreachableReason = null;
  render();
}

/** A status with the differences of a message: whole members, and the account-Regions that changed or were removed. */
function merged(before, { accountRegionChanges, ...members }) {
  const after = { ...before, ...members };
  if (!accountRegionChanges) return after;
  const rows = new Map(list(after.accountRegions).map((it) => [place(it), it]));
  for (const it of list(accountRegionChanges.rows)) rows.set(place(it), it);
  for (const it of list(accountRegionChanges.removed)) rows.delete(place(it));
  return { ...after, accountRegions: [...rows.values()] };
}

// MARK: Contact

const pollInterval = 5_000;
const requestTimeout = 5_000;
/** Scripts do not see the keep-alive comments of the stream: after this long without a status, poll. */
const staleAfter = 20_000;
const streamRetryDelay = 60_000;

/** "connecting", "live", "polling". */
let contact = "connecting";
/** Why the page polls. */
let pollingBecause = "";
/** Since when the bridge has not responded, and why. */
let unreachableSince = null;
let unreachableReason = null;
let stream = null;
let streamRetry = null;
let polling = null;

function openStream() {
  clearTimeout(streamRetry);
  stream?.close();
  stream = null;
  // A browser opens at most six connections to a server, and each stream uses one: visible pages go first.
  if (document.hidden) return fallBackToPolling("the page is in the background");
  stream = new EventSource("status/events");
  const current = stream;
  const receive = (event, whole) => {
    if (current !== stream || (!whole && !status)) return;
    try {
      contact = "live";
      stopPolling();
      applyStatus(JSON.parse(event.data), whole);
    } catch {
      current.close();
      fallBackToPolling("the live stream is invalid");
      scheduleStreamRetry();
    }
  };
  current.addEventListener("status", (event) => receive(event, true));
  current.addEventListener("change", (event) => receive(event, false));
  current.addEventListener("error", () => {
    if (current !== stream) return;
    const rejected = current.readyState === EventSource.CLOSED;
    fallBackToPolling(rejected ? "the bridge rejected the live connection" : "the live connection was lost");
    // The browser reconnects a lost connection itself, but not a rejected one.
    if (rejected) scheduleStreamRetry();
  });
}

function scheduleStreamRetry() {
  clearTimeout(streamRetry);
  streamRetry = setTimeout(openStream, streamRetryDelay);
}

document.addEventListener("visibilitychange", openStream);

function fallBackToPolling(reason) {
  contact = "polling";
  pollingBecause = reason;
  if (polling === null) {
    polling = setInterval(poll, pollInterval);
    poll();
  }
  renderContact();
}

function stopPolling() {
  clearInterval(polling);
  polling = null;
}

let isPolling = false;

async function poll() {
  if (isPolling) return;
  isPolling = true;
  try {
    const response = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(requestTimeout) });
    const message = await response.json().catch(() => null);
    if (message?.health) applyStatus(message, true);
    else markUnreachable(`It responds with HTTP ${response.status} to requests for its status.`);
  } catch {
    markUnreachable(null);
  } finally {
    isPolling = false;
  }
}

function markUnreachable(reason) {
  unreachableSince ??= Date.now();
  unreachableReason = reason;
  render();
}
