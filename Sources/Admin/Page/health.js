const headlines = {
  loading: "Loading the status…",
  working: "Findings reach Security Hub",
  waiting: "Ready. No message received yet",
  attention: "Findings reach Security Hub, but there are problems",
  failing: "Some findings do not reach Security Hub",
  unknown: "Unknown whether findings reach Security Hub",
  unreachable: "The bridge is not responding",
};
const titles = {
  loading: "Loading…", working: "Working", waiting: "Waiting", attention: "Attention", failing: "FAILING", unknown: "Unknown", unreachable: "NOT RESPONDING",
};

/** The state: that of the bridge, unless it is unreachable, or has not processed anything yet. */
function state() {
  if (unreachableSince !== null) return "unreachable";
  if (!status) return "loading";
  const reported = status.health?.state;
  const nothingYet = Array.isArray(status.accountRegions) && status.accountRegions.length === 0 && status.queue?.completed === 0;
  if (reported === "working") return nothingYet ? "waiting" : "working";
  return reported === "attention" || reported === "failing" ? reported : "unknown";
}

function renderHealth() {
  const now = state();
  const problems = list(status?.health?.problems).filter((it) => it && typeof it === "object");
  document.body.dataset.state = now;
  write(find("headline"), headlines[now]);
  const tally = {
    loading: "", unreachable: "It is unknown whether findings reach Security Hub.",
    waiting: list(status?.subscriptions).some((it) => it?.state === "confirmed") ? "The bridge works. Nothing has been published yet."
      : "What to do: subscribe the bridge to its topics (see below). It confirms the subscriptions automatically.",
    working: "No problems.", unknown: "The status has no health information.",
  }[now];
  write(find("tally"), problems.length && now !== "unreachable" ? `${counted(problems.length, "problem", "problems")}. See below what to do.` : tally ?? "");
  const count = problems.length && now !== "unreachable" ? ` (${problems.length})` : "";
  if (document.title !== `${titles[now]}${count} · Defender Bridge`) document.title = `${titles[now]}${count} · Defender Bridge`;
  renderIcon(now);
  renderUnreachable();
  show(find("problems-then"), problems.length > 0 && now === "unreachable");
  renderProblems(problems);
}

function renderUnreachable() {
  const node = find("unreachable");
  show(node, unreachableSince !== null);
  if (unreachableSince === null) return;
  const data = status ? `The data below is outdated, as of ${clock(parsed(status.at))} ${zone()}.` : "No status has been received yet.";
  const duration = age((Date.now() - unreachableSince) / 1000);
  write(node, `No response since ${clock(unreachableSince, Date.now())} ${zone()}, for ${duration}. ${unreachableReason ?? ""} ${data} `
    + "What to do: check whether the process runs, and its log (with systemd: systemctl status defender-bridge). "
    + "This page reconnects automatically.");
}

/** Each state has its own shape: color alone is not accessible. */
function renderIcon(now) {
  const shapes = {
    working: ["%2317653a", "M4 8.5l3 3 5-6"], attention: ["%237d4a00", "M8 3.5v6M8 11.5v1.5"], failing: ["%23a81c14", "M4.5 4.5l7 7M11.5 4.5l-7 7"],
    unreachable: ["%23a81c14", "M3.5 8h9"],
  };
  const [color, path] = shapes[now] ?? ["%234a5360", "M5.5 6a2.5 2.5 0 1 1 2.5 2.5v1M8 11.5v1.5"];
  const icon = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='3' fill='${color}'/>`
    + `<path d='${path}' fill='none' stroke='white' stroke-width='2'/></svg>`;
  if (find("icon").getAttribute("href") !== icon) find("icon").setAttribute("href", icon);
}

function renderContact() {
  const now = unreachableSince !== null ? "unreachable" : contact;
  document.body.dataset.contact = now;
  const words = {
    connecting: "Connecting", live: "Live", polling: `Polling every 5 s: ${pollingBecause}`, unreachable: "Not responding; retrying every 5 s",
  };
  write(find("contact-text"), words[now]);
  for (const node of document.querySelectorAll(".zone")) write(node, `${node.dataset.word ??= node.textContent}, ${zone()}`);
  write(find("time-zone"), zone() === "UTC" ? "Times are in UTC." : `Times are in the time zone of this browser (${zone()}); point at one for UTC.`);
  const old = unreachableSince !== null && status ? `outdated, as of ${clock(parsed(status.at))}` : "";
  for (const node of document.querySelectorAll(".as-of")) write(node, old);
  const parts = status ? [`version ${shown(status.version)}`, `up ${age((bridgeNow() - startedAt) / 1000)}`, `bridge time ${clock(bridgeNow())} ${zone()}`] : [];
  write(find("about-bridge"), parts.join(" · "));
}
