// MARK: Open findings

const severityNames = { critical: "Critical", high: "High", medium: "Medium", low: "Low", informational: "Informational" };

const countOf = (counts, severity) => counts?.[severity.toUpperCase()];

/** The sum of all severities; NaN if one is unknown. */
const totalOf = (counts) => severities.reduce((sum, it) => sum + (countOf(counts, it) ?? NaN), 0);

function renderFindings() {
  const open = status.openFindings;
  const total = totalOf(open?.bySeverity);
  fill(find("open-total"), [total, changeText(total, "total")], () => [
    make("strong", { class: isNumber(total) ? "" : "unknown" }, number(total)), " ",
    make("span", { class: "dim" }, isNumber(total) ? changeText(total, "total") : "The store is unavailable."),
  ]);
  fill(find("severity-bar"), [open?.bySeverity, open?.consoleUrls], () => (total > 0 ? severityBar(open, total) : []));
  reconcile(find("severities"), severities, (it) => it, severityRow, (row, severity) => updateSeverity(row, severity, open));
  renderUnsent(open?.unsent);
  const sources = list(open?.bySource).filter((it) => it && typeof it === "object");
  show(find("by-source-part"), sources.length > 0);
  reconcile(find("by-source"), sources, (it) => String(it.source), sourceCountsRow, updateSourceCounts);
}

/** The bar is a picture of the table below it, whose links the keyboard reaches. */
function severityBar({ bySeverity, consoleUrls }, total) {
  return severities.filter((it) => countOf(bySeverity, it) > 0).map((severity) => {
    const address = consoleAddress(countOf(consoleUrls, severity));
    const title = `${severityNames[severity]}: ${number(countOf(bySeverity, severity))}`;
    const part = make(address ? "a" : "span", { class: "part", "data-severity": severity, "aria-hidden": "true", title });
    if (address) for (const [name, value] of [["href", address], ["rel", "noopener noreferrer"], ["target", "_blank"], ["tabindex", "-1"]]) part.setAttribute(name, value);
    part.style.flexGrow = String(countOf(bySeverity, severity) / total);
    part.append(make("span", {}, severityNames[severity].charAt(0)));
    return part;
  });
}

/** The mark of a severity: a letter on its color, so that the color alone never carries the meaning. */
const severityMark = (severity) => make("span", { class: "mark", "data-severity": severity, "aria-hidden": "true" }, severityNames[severity].charAt(0));

function severityRow(severity) {
  const row = make("tr", { role: "row", "data-severity": severity }, cell(undefined, { tag: "th" }), cell("Open", { class: "number" }), cell("Trend", { class: "trend" }), cell("Change", { class: "number" }));
  inside(row, 0).append(severityMark(severity), make("span", { class: "name" }));
  return row;
}

function updateSeverity(row, severity, open) {
  const count = countOf(open?.bySeverity, severity);
  const address = consoleAddress(countOf(open?.consoleUrls, severity));
  fill(inside(row, 0).lastChild, [address], () => (address
    ? make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, severityNames[severity], make("span", { class: "hidden" }, " findings in Security Hub, in a new tab"))
    : severityNames[severity]));
  write(inside(row, 1), number(count));
  inside(row, 1).classList.toggle("dim", !isNumber(count));
  const values = valuesOf(severity, count);
  fill(inside(row, 2), values, () => trendChart(values, severity));
  fill(inside(row, 3), [changeText(count, severity)], () => changeMark(count, severity));
}

function renderUnsent(unsent) {
  fill(find("unsent"), [unsent ?? null], () => [
    make("strong", {}, number(unsent)), " not yet in Security Hub",
    make("small", {}, unsent > 0 ? " Their latest state is queued, and sent when AWS accepts it." : ""),
  ]);
  find("unsent").className = unsent > 0 ? "some" : "dim";
}

const sourceNames = { __proto__: null, audit: "Device Defender audit", summary: "Device Defender audit summaries", detect: "Device Defender detect" };

function sourceCountsRow(it) {
  const row = make("tr", { role: "row" }, cell(undefined, { tag: "th" }), ...severities.map((severity) => cell(severityNames[severity], { class: "number" })), cell("All", { class: "number" }));
  inside(row, 0).append(shown(sourceNames[it.source] ?? it.source));
  return row;
}

function updateSourceCounts(row, it) {
  severities.forEach((severity, index) => {
    const count = countOf(it.bySeverity, severity);
    write(inside(row, index + 1), number(count));
    row.children[index + 1].classList.toggle("zero", !(count > 0));
  });
  write(inside(row, severities.length + 1), number(totalOf(it.bySeverity)));
}

/** A URL of the AWS console, or null: nothing else becomes a link, whatever a message contains. */
function consoleAddress(text) {
  const hosts = /^(?:[a-z0-9-]+\.)?console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)$/;
  const address = typeof text === "string" && URL.canParse(text) ? new URL(text) : null;
  const plain = address?.protocol === "https:" && !address.username && !address.password && !address.port;
  return plain && hosts.test(address.hostname) ? address.href : null;
}
