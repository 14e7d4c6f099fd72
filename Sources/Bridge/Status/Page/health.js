const headlines = {
  asking: "Asking the bridge…",
  working: "Findings reach Security Hub",
  waiting: "Ready; no delivery has come yet",
  attention: "Findings reach Security Hub, but something needs you",
  failing: "Some findings do not reach Security Hub",
  unknown: "Not known whether findings reach Security Hub",
  silent: "The bridge does not answer",
};
const titles = {
  asking: "Asking…", working: "Working", waiting: "Waiting", attention: "Attention", failing: "FAILING", unknown: "Not known", silent: "NO ANSWER",
};

/** The state in a word: the bridge's own, unless it is silent or there was nothing yet that could fail. */
function state() {
  if (silentSince !== null) return "silent";
  if (!status) return "asking";
  const said = status.health?.state;
  const nothingYet = Array.isArray(status.accountRegions) && status.accountRegions.length === 0 && status.queue?.completed === 0;
  if (said === "working") return nothingYet ? "waiting" : "working";
  return said === "attention" || said === "failing" ? said : "unknown";
}

function renderHealth() {
  const now = state();
  const problems = list(status?.health?.problems);
  document.body.dataset.state = now;
  write(find("headline"), headlines[now]);
  const tally = {
    asking: "", silent: "Whether findings reach Security Hub is not known.",
    waiting: list(status?.subscriptions).some((it) => it?.state === "confirmed") ? "It works; nothing was there to deliver."
      : "What to do: subscribe the bridge to its topics, below; it confirms by itself.",
    working: "No problems.", unknown: "Nothing here says so.",
  }[now];
  write(find("tally"), problems.length && now !== "silent" ? `${counted(problems.length, "problem", "problems")}. What to do is below.` : tally ?? "");
  const count = problems.length && now !== "silent" ? ` (${problems.length})` : "";
  if (document.title !== `${titles[now]}${count} · Defender Bridge`) document.title = `${titles[now]}${count} · Defender Bridge`;
  renderIcon(now);
  renderSilence();
  show(find("problems"), problems.length > 0);
  show(find("problems-then"), problems.length > 0 && now === "silent");
  const rank = (it) => ["critical", "warning"].indexOf(it.severity);
  const sorted = problems.filter((it) => it && typeof it === "object").sort((a, b) => (rank(b) < 0 ? 1 : 0) - (rank(a) < 0 ? 1 : 0) || rank(a) - rank(b));
  keep(find("problems"), sorted.map((it, index) => ({ ...it, index })), (it) => `${it.about}/${it.index}`,
    () => make("li", {}, make("span", { class: "tag" }), make("p", { class: "summary" }), make("p", { class: "remediation" })),
    (node, it) => {
      const [tag, summary, remediation] = node.children;
      write(tag, shown(it.severity));
      tag.className = `tag ${it.severity === "critical" ? "bad" : "warn"}`;
      write(summary, shown(it.summary));
      write(remediation, `What to do: ${shown(it.remediation)}`);
    });
}

function renderSilence() {
  const node = find("silence");
  show(node, silentSince !== null);
  if (silentSince === null) return;
  const heard = status ? `What is shown below is old: the bridge said it at ${clock(parsed(status.at))} UTC.` : "Nothing was heard of it yet.";
  const duration = age((Date.now() - silentSince) / 1000);
  write(node, `It has not answered since ${clock(silentSince, Date.now())} UTC, for ${duration}. ${silence ?? ""} ${heard} `
    + "What to do: see whether its process runs and what its log says (with systemd: systemctl status defender-bridge). "
    + "This page goes on by itself as soon as it answers.");
}

/** A shape of its own for each state: color alone tells not everybody. */
function renderIcon(now) {
  const shapes = {
    working: ["%2317653a", "M4 8.5l3 3 5-6"], attention: ["%237d4a00", "M8 3.5v6M8 11.5v1.5"], failing: ["%23a81c14", "M4.5 4.5l7 7M11.5 4.5l-7 7"],
    silent: ["%23a81c14", "M3.5 8h9"],
  };
  const [color, path] = shapes[now] ?? ["%234a5360", "M5.5 6a2.5 2.5 0 1 1 2.5 2.5v1M8 11.5v1.5"];
  const icon = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='3' fill='${color}'/>`
    + `<path d='${path}' fill='none' stroke='white' stroke-width='2'/></svg>`;
  if (find("icon").getAttribute("href") !== icon) find("icon").setAttribute("href", icon);
}

function renderContact() {
  const now = silentSince !== null ? "silent" : contact;
  document.body.dataset.contact = now;
  const words = {
    connecting: "Connecting", live: "Live", polling: `Asked every 5 s, since ${pollingBecause}`, silent: "No answer; tried every 5 s",
  };
  write(find("contact-text"), words[now]);
  const old = silentSince !== null && status ? `old, as of ${clock(parsed(status.at))}` : "";
  for (const node of document.querySelectorAll(".as-of")) write(node, old);
  const parts = status ? [`version ${shown(status.version)}`, `runs for ${age(status.uptimeSeconds)}`, `its time ${clock(parsed(status.at))} UTC`] : [];
  write(find("about-bridge"), parts.join(" · "));
}
