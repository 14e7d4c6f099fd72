// MARK: Trend of the open findings

const historyInterval = 5 * 60_000;
const ranges = { "24h": "24 hours", "30d": "30 days" };
const rangeLengths = { "24h": 24 * 3_600_000, "30d": 30 * 24 * 3_600_000 };
let range = "24h";
/** The history of the range; null until it was loaded. */
let trendHistory = null;
let historyProblem = "";
/** When to load the history again, by the monotonic clock of this page. */
let historyDue = 0;

function refreshHistory() {
  if (!status.openFindings) {
    [trendHistory, historyProblem, historyDue] = [null, "The store is unavailable.", 0];
  } else if (performance.now() >= historyDue) {
    historyDue = performance.now() + historyInterval;
    loadHistory();
  }
}

async function loadHistory() {
  const wanted = range;
  try {
    const loaded = await load(`history.json?range=${wanted}`);
    if (wanted !== range) return;
    const points = list(loaded.points).map((it) => ({ ...it, time: parsed(it?.at) })).filter((it) => isNumber(it.time));
    [trendHistory, historyProblem] = [{ step: loaded.stepSeconds * 1000, points }, ""];
  } catch (error) {
    if (wanted !== range) return;
    [trendHistory, historyProblem] = [null, error.message];
  }
  if (status && unreachableSince === null) renderTrend();
}

function chooseRange(chosen) {
  range = chosen;
  [trendHistory, historyProblem, historyDue] = [null, "", 0];
  for (const it of Object.keys(ranges)) find(`range-${it}`).setAttribute("aria-pressed", String(it === range));
  if (status && unreachableSince === null) renderTrend();
}

function renderTrend() {
  refreshHistory();
  const points = trendHistory?.points ?? [];
  write(find("trend-head"), `Last ${ranges[range]}`);
  write(find("trend-note"), historyProblem ? `The trend is unknown. ${historyProblem}` : !trendHistory ? "Loading the trend…"
    : points.length < 2 ? "The trend begins when the bridge has run for some time." : "");
  show(find("trend-details"), points.length > 0);
  renderFindings();
  if (find("trend-details").open) renderTrendRows();
}

function renderTrendRows() {
  const points = trendHistory?.points ?? [];
  fill(find("trend-rows"), points, () => points.map((it) => make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, moment(it.at)),
    ...severities.map((severity) => make("td", { role: "cell", class: "number" }, number(countOf(it.open, severity)))),
    make("td", { role: "cell", class: "number" }, number(it.unsent)))));
}

/** The values of a severity or of the total, oldest first, with the present one at the end: [time, value]. */
function valuesOf(severity, present) {
  const points = (trendHistory?.points ?? []).map((it) => [it.time, severity === "total" ? totalOf(it.open) : countOf(it.open, severity)]).filter((it) => isNumber(it[1]));
  if (points.length === 0) return [];
  const last = points.at(-1)[0];
  return isNumber(present) && isNumber(trendHistory.step) ? [...points, [last + trendHistory.step / 2, present]] : points;
}

/** The change since the beginning of the history, at most one range ago; NaN if unknown. */
function changeOf(present, severity) {
  const values = valuesOf(severity, present);
  return values.length > 2 && isNumber(present) ? present - values[0][1] : NaN;
}

function changeText(present, severity) {
  const change = changeOf(present, severity);
  if (!isNumber(change)) return "";
  const start = valuesOf(severity, present)[0][0];
  const period = age((bridgeNow() - start) / 1000).split(" ")[0];
  return change === 0 ? `Unchanged in ${period}.` : `${number(Math.abs(change))} ${change > 0 ? "more" : "fewer"} than ${period} ago.`;
}

function changeMark(present, severity) {
  const change = changeOf(present, severity);
  if (!isNumber(change)) return make("span", { class: "dim" }, "–", make("span", { class: "hidden" }, " unknown"));
  if (change === 0) return make("span", { class: "dim" }, "0");
  // More informational findings are no worse: they are of passed checks.
  const tone = severity === "informational" ? "" : change > 0 ? "bad" : "good";
  return make("span", { class: tone }, `${change > 0 ? "▲ +" : "▼ −"}${number(Math.abs(change))}`);
}

/** An area chart with its own scale from zero. Steps that are missing are gaps. */
function trendChart(values, severity) {
  if (values.length < 2) return make("span", { class: "dim" }, "–", make("span", { class: "hidden" }, " no trend yet"));
  const [width, height] = [240, 26];
  const [end, most] = [values.at(-1)[0], Math.max(...values.map((it) => it[1]), 1)];
  // The whole range, even if the history is younger.
  const start = Math.min(values[0][0], end - rangeLengths[range]);
  const x = (time) => ((time - start) / (end - start)) * width;
  const y = (value) => height - 1 - (value / most) * (height - 3);
  const label = `${severityNames[severity]}, last ${ranges[range]}: from ${number(values[0][1])} to ${number(values.at(-1)[1])}, at most ${number(most)}`;
  const areas = runs(values, trendHistory.step * 1.5).map((run) => {
    const top = run.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
    return draw("polygon", { points: [`${x(run[0][0]).toFixed(1)},${height}`, ...top, `${x(run.at(-1)[0]).toFixed(1)},${height}`].join(" ") });
  });
  const ground = draw("rect", { class: "ground", x: 0, y: height - 1, width, height: 1 });
  return draw("svg", { class: "trend", "data-severity": severity, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ground, ...areas);
}

/** Splits values where the time between two of them is longer than a gap. */
function runs(values, gap) {
  const parts = [[values[0]]];
  for (const it of values.slice(1)) {
    if (it[0] - parts.at(-1).at(-1)[0] > gap) parts.push([it]);
    else parts.at(-1).push(it);
  }
  return parts;
}

for (const it of Object.keys(ranges)) find(`range-${it}`).addEventListener("click", () => chooseRange(it));
find("trend-details").addEventListener("toggle", renderTrendRows);
