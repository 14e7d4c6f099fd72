// MARK: Dead letters

const letterWords = (count) => counted(count, "dead letter", "dead letters");

function renderDeadLetters() {
  const letters = list(status.deadLetters?.newest).filter((it) => it && typeof it === "object");
  const groups = numbered(list(status.deadLetters?.groups).filter((it) => it && typeof it === "object"), (it) => String(it.reason));
  const areGroupsKnown = Array.isArray(status.deadLetters?.groups);
  const total = status.deadLetters?.total;
  write(find("dead-count"), total > 0 ? ` (${number(total)})` : "");
  write(find("dead-note"), !isNumber(total) ? "Unknown: the store is unavailable." : total === 0 ? "No dead letters."
    : `${letterWords(total)}${groups.length ? ` by ${counted(groups.length, "reason", "reasons")}` : ""}: ${total === 1 ? "its event is" : "their events are"} missing in Security Hub. Fix the cause, then replay.`
      + (actionsAllowed() ? "" : " To replay or drop them here, set admin.allowActions, or use the command defender-bridge dead-letters."));
  const omitted = status.deadLetters?.groupsOmitted;
  write(find("dead-omitted"), total > 0 && !areGroupsKnown ? "The reasons are unknown: the store is too slow to group the dead letters." : omitted > 0 ? `${counted(omitted, "more reason is", "more reasons are")} not listed.` : "");
  show(find("dead-groups"), groups.length > 0);
  reconcile(find("dead-groups"), groups, (it) => it.key, deadGroupBody, updateDeadGroup, "tbody");
  show(find("dead-details"), letters.length > 0);
  reconcile(find("dead-table"), letters, (it) => String(it.id), deadLetterBody, updateDeadLetter, "tbody");
}

/** A row with a row below it that opens. */
function openingBody(cells, columnCount, detailID) {
  const row = make("tr", { role: "row", class: "shut" }, ...cells);
  const detail = make("tr", { role: "row", hidden: "" }, make("td", { role: "cell", colspan: String(columnCount), id: detailID, class: "payload" }));
  return make("tbody", { role: "rowgroup" }, row, detail);
}

// MARK: Groups by reason

function deadGroupBody(group) {
  const detailID = nextID("example");
  const body = openingBody([cell(undefined, { tag: "th" }), cell("Count", { class: "number" }), cell("Where", { class: "after" }), cell("Oldest"), cell("Newest"), cell("Actions")], 6, detailID);
  const [row, detail] = body.children;
  const reason = shortened(group.reason, 120);
  inside(row, 0).append(shortened(group.reason, 400));
  inside(row, 5).append(make("div", { class: "buttons" },
    button("Example", `Example of ${reason}`, (node) => togglePayload(body.group.example, node, detail), { "aria-expanded": "false", "aria-controls": detailID }),
    button("Replay all", `Replay all of ${reason}`, () => askForGroup(body.group, "replay"), { "data-action": "" }),
    button("Drop all", `Drop all of ${reason}`, () => askForGroup(body.group, "drop"), { "data-action": "", class: "danger" })));
  return body;
}

function updateDeadGroup(body, group) {
  const row = body.firstChild;
  body.group = group;
  write(inside(row, 1), number(group.count));
  fill(inside(row, 2), [group.accounts, group.sources, group.example], () => [
    group.accounts === 1 && group.example ? shown(group.example.account) : counted(group.accounts, "account", "accounts"),
    list(group.sources).length ? make("small", {}, shortened(list(group.sources).join(", "), 100)) : null,
  ]);
  fill(inside(row, 3), group.oldestAt, () => since(group.oldestAt));
  fill(inside(row, 4), group.newestAt, () => since(group.newestAt));
  for (const node of row.querySelectorAll("[data-action]")) show(node, actionsAllowed());
  show(row.querySelector("[aria-controls]"), Boolean(group.example));
}

/** The bridge accepts no more at once; the rest stays in the group. */
const mostPerRequest = 10_000;

const actionTexts = {
  replay: { title: "Replay", text: "Replayed deliveries are processed again. Fix the cause first: otherwise they become dead letters again.", confirm: "Replay", did: "in the queue again", failed: "not replayed" },
  drop: { title: "Drop", text: "Dropped deliveries are deleted permanently, and their events do not reach Security Hub.", confirm: "Drop", did: "dropped", failed: "not dropped" },
};

function askForGroup(group, action) {
  const texts = actionTexts[action];
  const count = Math.min(group.count, mostPerRequest);
  const text = letterWords(count);
  ask({
    title: `${texts.title} ${text}?`, text: texts.text, what: `Reason: ${shortened(group.reason, 300)}`, confirm: `${texts.confirm} ${text}`, isDangerous: action === "drop",
    path: `dead-letters/${action}`, body: { reason: group.reason, count },
    done: (it) => `${letterWords(it.done)} ${it.done === 1 ? "is" : "are"} ${texts.did}${it.remaining > 0 ? `; ${number(it.remaining)} with this reason remain` : ""}.`,
    failed: `The dead letters were ${texts.failed}.`,
  });
}

// MARK: One by one

function deadLetterBody(letter) {
  const [id, detailID] = [shown(letter.id), nextID("payload")];
  const body = openingBody([cell(undefined, { tag: "th", class: "where" }), cell("Reason"), cell("Channel"), cell("Received"), cell("Last failed"),
    cell("Attempts", { class: "number" }), cell("Actions", { class: "after" })], 7, detailID);
  const [row, detail] = body.children;
  inside(row, 0).append(place(letter), deliveryID(letter.id));
  inside(row, 6).append(make("div", { class: "buttons" },
    button("Payload", `Payload of ${id}`, (node) => togglePayload(letter, node, detail), { "aria-expanded": "false", "aria-controls": detailID }),
    button("Replay", `Replay ${id}`, () => askForLetter(letter, "replay"), { "data-action": "" }),
    button("Drop", `Drop ${id}`, () => askForLetter(letter, "drop"), { "data-action": "", class: "danger" })));
  return body;
}

function updateDeadLetter(body, letter) {
  const row = body.firstChild;
  fill(inside(row, 1), [letter.reason, letter.source], () => [shortened(letter.reason, 300), letter.source ? make("small", {}, shown(letter.source)) : null]);
  write(inside(row, 2), shown(letter.channel));
  fill(inside(row, 3), letter.receivedAt, () => since(letter.receivedAt));
  fill(inside(row, 4), letter.lastFailedAt, () => since(letter.lastFailedAt));
  write(inside(row, 5), number(letter.attempts));
  for (const node of row.querySelectorAll("[data-action]")) show(node, actionsAllowed());
}

function askForLetter(letter, action) {
  const texts = actionTexts[action];
  const id = shown(letter.id);
  ask({
    title: `${texts.title} this dead letter?`, text: texts.text, what: `${place(letter)}, ${id}: ${shortened(letter.reason, 200)}`, confirm: texts.confirm, isDangerous: action === "drop",
    path: `dead-letters/${encodeURIComponent(letter.id)}/${action}`, done: () => `${id} is ${texts.did}.`, failed: `${id} was ${texts.failed}.`,
  });
}
