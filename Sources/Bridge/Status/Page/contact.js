// MARK: What the bridge said

let status = null;
/** When that was, by this page's own clock, which does not jump. */
let heardAt = 0;

/** The bridge's time now, in milliseconds since 1970; goes on while nothing is heard. */
function bridgeNow() {
  return status ? parsed(status.at) + (performance.now() - heardAt) : NaN;
}

function hear(said, whole) {
  if (typeof said !== "object" || said === null || (whole && typeof said.health !== "object")) throw new TypeError("no status");
  status = whole ? said : Object.assign({}, status, said);
  heardAt = performance.now();
  silentSince = null;
  silence = null;
  render();
}

// MARK: Contact

const pollEvery = 5_000;
const answerWithin = 5_000;
/** The bridge sends a comment each 15 s, which a script does not see: after this long without news it is asked. */
const newsWithin = 20_000;
const streamAgainAfter = 60_000;

/** "connecting", "live", "polling". */
let contact = "connecting";
/** Why the page polls, in words. */
let pollingBecause = "";
/** When the bridge was first seen not to answer, and how. */
let silentSince = null;
let silence = null;
let stream = null;
let listeningAgain = null;
let polling = null;

function listen() {
  clearTimeout(listeningAgain);
  stream?.close();
  stream = null;
  // A browser makes six connections to a server, and each page that listens has one for itself: those in sight go first.
  if (document.hidden) return fallBack("the page is out of sight");
  stream = new EventSource("/status/events");
  const current = stream;
  const receive = (event, whole) => {
    if (current !== stream || (!whole && !status)) return;
    try {
      contact = "live";
      stopPolling();
      hear(JSON.parse(event.data), whole);
    } catch {
      current.close();
      fallBack("what the bridge sends live is not understood");
      listenAgainLater();
    }
  };
  current.addEventListener("status", (event) => receive(event, true));
  current.addEventListener("change", (event) => receive(event, false));
  current.addEventListener("error", () => {
    if (current !== stream) return;
    const refused = current.readyState === EventSource.CLOSED;
    fallBack(refused ? "the bridge refused a live connection" : "the live connection broke");
    // A connection that broke is tried again by the browser itself; one that was refused is not.
    if (refused) listenAgainLater();
  });
}

function listenAgainLater() {
  clearTimeout(listeningAgain);
  listeningAgain = setTimeout(listen, streamAgainAfter);
}

document.addEventListener("visibilitychange", listen);

function fallBack(reason) {
  contact = "polling";
  pollingBecause = reason;
  if (polling === null) {
    polling = setInterval(ask, pollEvery);
    ask();
  }
  renderContact();
}

function stopPolling() {
  clearInterval(polling);
  polling = null;
}

let asking = false;

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("/status.json", { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(answerWithin) });
    const said = await answer.json().catch(() => null);
    if (said?.health) hear(said, true);
    else fallSilent(`It answers ${answer.status} where its state is asked for.`);
  } catch {
    fallSilent(null);
  } finally {
    asking = false;
  }
}

function fallSilent(how) {
  silentSince ??= Date.now();
  silence = how;
  render();
}
