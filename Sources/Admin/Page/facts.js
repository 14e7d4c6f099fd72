// MARK: Facts

function fact(name, value, note = null, time = null) {
  return { name, value: shown(value), note, time };
}

function facts() {
  const { queue, ledger } = status;
  const accepts = status.ready === true ? "yes" : status.ready === false ? "no" : unknown;
  return [
    fact("Accepts deliveries", accepts, status.ready === false ? "see the problems above" : null),
    fact("Pending", number(queue?.pending), queue?.oldestReceivedAt ? "oldest for" : null, queue?.oldestReceivedAt),
    fact("In progress", number(queue?.leased)),
    fact("Dead letters", number(queue?.dead ?? status.deadLetters?.total)),
    fact("Completed", number(queue?.completed)),
    fact("Findings in Security Hub", number(ledger?.active), isNumber(ledger?.archived) ? `active; ${number(ledger.archived)} archived` : null),
  ];
}

function renderFacts() {
  reconcile(find("facts"), facts(), (it) => it.name,
    (it) => make("div", {}, make("dt", {}, it.name), make("dd")),
    (node, it) => {
      const value = node.lastChild;
      value.className = it.value === unknown ? "unknown" : "";
      fill(value, it, () => [it.value, it.note ? make("small", {}, it.note, ...(it.time ? [" ", since(it.time, "")] : [])) : null]);
    });
}

// MARK: Last hour

function draw(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function numbersOfHour() {
  const numbers = (values) => (Array.isArray(values) && values.length > 0 && values.every((it) => isNumber(it) && it >= 0) ? values : null);
  const [deliveries, imports, from] = [numbers(status.lastHour?.deliveries), numbers(status.lastHour?.imports), parsed(status.lastHour?.from)];
  return deliveries && imports && isNumber(from) ? { deliveries, imports, from } : null;
}

function summaryOfHour(hour) {
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const busiest = (values, one, many) => {
    const most = Math.max(...values);
    if (most === 0) return `no ${many}`;
    const at = clock(hour.from + values.indexOf(most) * 60_000).slice(-8, -3);
    return `${counted(sum(values), one, many)} (peak ${number(most)} a minute, at ${at})`;
  };
  return `${busiest(hour.deliveries, "delivery", "deliveries")}, ${busiest(hour.imports, "finding imported", "findings imported")}.`;
}

function renderHour() {
  const hour = numbersOfHour();
  show(find("hour-details"), hour !== null);
  const summary = hour ? summaryOfHour(hour) : "Deliveries and imports are unknown.";
  write(find("hour-summary"), summary.charAt(0).toUpperCase() + summary.slice(1));
  fill(find("hour-chart"), hour, () => (hour ? chart(hour) : []));
  fill(find("hour-rows"), hour, () => (hour ? rowsOfHour(hour) : []));
}

/** A row of bars for deliveries and one for imports, each with its own scale: there may be a hundred imports per delivery. */
function chart(hour) {
  const end = hour.from + hour.deliveries.length * 60_000;
  const minutes = [hour.from, (hour.from + end) / 2, end].map((it) => make("span", {}, clock(it).slice(-8, -3)));
  return [...bars(hour.deliveries, "deliveries"), ...bars(hour.imports, "imports"), make("p", { class: "axis", "aria-hidden": "true" }, ...minutes)];
}

function bars(values, name) {
  const [height, most] = [32, Math.max(...values)];
  const drawn = values.map((value, index) => {
    const size = value === 0 ? 0 : Math.max((value / most) * (height - 1), 2);
    return draw("rect", { x: index, y: height - 1 - size, width: 0.8, height: size });
  });
  const line = draw("rect", { class: "ground", x: 0, y: height - 1, width: values.length, height: 1 });
  const label = `${name === "imports" ? "Findings imported" : "Deliveries"}: ${most === 0 ? "none" : `peak ${number(most)} a minute`}`;
  return [
    make("p", { class: "scale", "aria-hidden": "true" }, label),
    draw("svg", { class: name, viewBox: `0 0 ${values.length} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `Chart of the last hour, ${label}` }, line, ...drawn),
  ];
}

function rowsOfHour(hour) {
  const rows = [];
  for (let index = 0; index < hour.deliveries.length; index += 5) {
    const part = (values) => number(values.slice(index, index + 5).reduce((a, b) => a + b, 0));
    rows.push(make("tr", { role: "row" },
      make("th", { role: "rowheader", scope: "row" }, clock(hour.from + index * 60_000).slice(-8, -3)),
      make("td", { role: "cell", class: "number" }, part(hour.deliveries)), make("td", { role: "cell", class: "number" }, part(hour.imports))));
  }
  return rows;
}
