// MARK: Dead letters

/** In memory only: never in storage, a URL or a form. */
let token = "";

const actionsAllowed = () => status.actions?.allowed === true;

function renderDeadLetters() {
  const letters = list(status.deadLetters?.newest).filter((it) => it && typeof it === "object");
  const total = status.deadLetters?.total;
  write(find("dead-note"), !isNumber(total) ? "Unknown: the store is unavailable." : total === 0 ? "No dead letters."
    : `${counted(total, "dead letter", "dead letters")}${total > letters.length ? `; the ${letters.length} newest are shown` : ""}.`
      + (actionsAllowed() ? "" : " To replay or drop them here, set admin.allowActions, or use the command defender-bridge dead-letters."));
  show(find("token-tools"), actionsAllowed() && letters.length > 0);
  show(find("dead-table"), letters.length > 0);
  reconcile(find("dead-table"), letters, (it) => String(it.id), deadLetterBody, updateDeadLetter, "tbody");
}

function button(text, name, press, attributes = {}) {
  const node = make("button", { type: "button", "aria-label": name, ...attributes }, text);
  node.addEventListener("click", () => node.getAttribute("aria-disabled") !== "true" && press(node));
  return node;
}

let made = 0;

function deadLetterBody(letter) {
  const [id, detailID] = [shown(letter.id), `payload-${(made += 1)}`];
  const row = make("tr", { role: "row", class: "shut" }, cell(undefined, { tag: "th", class: "where" }), cell("Reason"), cell("Channel"), cell("Received"), cell("Last failed"),
    cell("Attempts", { class: "number" }), cell("Actions"));
  const detail = make("tr", { role: "row", hidden: "" }, make("td", { role: "cell", colspan: "7", id: detailID, class: "payload" }));
  inside(row, 0).append(place(letter), make("small", { class: "id" }, id));
  inside(row, 6).append(make("div", { class: "buttons" },
    button("Payload", `Payload of ${id}`, (node) => togglePayload(letter, node, detail), { "aria-expanded": "false", "aria-controls": detailID }),
    button("Replay", `Replay ${id}`, (node) => act(letter, "replay", node), { "data-action": "" }),
    button("Drop", `Drop ${id}`, (node) => confirmDrop(letter, node), { "data-action": "", class: "danger" })));
  return make("tbody", { role: "rowgroup" }, row, detail);
}

function updateDeadLetter(body, letter) {
  const row = body.firstChild;
  write(inside(row, 1), shortened(letter.reason, 300));
  write(inside(row, 2), shown(letter.channel));
  fill(inside(row, 3), letter.receivedAt, () => since(letter.receivedAt));
  fill(inside(row, 4), letter.lastFailedAt, () => since(letter.lastFailedAt));
  write(inside(row, 5), number(letter.attempts));
  for (const node of row.querySelectorAll("[data-action]")) show(node, actionsAllowed());
}

async function togglePayload(letter, opener, detail) {
  const opened = opener.getAttribute("aria-expanded") === "true";
  opener.setAttribute("aria-expanded", String(!opened));
  show(detail, !opened);
  detail.previousSibling.classList.toggle("shut", opened);
  if (opened) return;
  const box = detail.firstChild;
  box.replaceChildren(make("p", { role: "status" }, "Loading the payload…"));
  try {
    const response = await fetch(`/dead-letters/${encodeURIComponent(letter.id)}`, { cache: "no-store", credentials: "omit" });
    if (!response.ok) throw new Error(response.status === 404 ? "It no longer exists: it was replayed or dropped." : `The bridge responded with HTTP ${response.status}.`);
    box.replaceChildren(...payloadOf(await response.json()));
  } catch (error) {
    const reason = error instanceof TypeError ? "The bridge is not responding." : error.message;
    box.replaceChildren(make("p", { role: "status", class: "bad" }, `The payload cannot be shown. ${reason}`));
  }
}

function payloadOf(letter) {
  const isText = typeof letter.payload === "string";
  const text = isText ? indented(letter.payload) : letter.payloadBase64;
  const term = (name, value) => [make("dt", {}, name), make("dd", {}, value)];
  return [
    make("dl", {}, ...term("Reason", shown(letter.reason)), ...term("First failed", since(letter.firstFailedAt)),
      ...term("Payload", `${counted(letter.payloadBytes, "byte", "bytes")}${isText ? "" : ", in Base64 because it is not UTF-8"}`)),
    // A scrollable element must be reachable by keyboard.
    make("pre", { tabindex: "0", role: "group", "aria-label": `Payload of ${shown(letter.id)}` }, text === undefined ? unknown : shown(text)),
  ];
}

/** Indents JSON without changing strings and numbers; other text is returned unchanged. */
function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  return text.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (part) => {
    if (/^\s/.test(part)) return "";
    if (part === "{" || part === "[") return (depth += 1, part + line());
    if (part === "}" || part === "]") return (depth -= 1, line() + part);
    if (part === ",") return part + line();
    return part === ":" ? ": " : part;
  });
}

// MARK: Actions

function showResult(text, tone) {
  const node = find("action-result");
  node.dataset.tone = tone;
  write(node, text);
}

function hasToken() {
  token = find("token").value.trim();
  if (token) return true;
  showResult("Enter the admin token first (admin.token in the bridge's configuration).", "bad");
  find("token").focus();
  return false;
}

const rejections = {
  401: "The token is wrong.",
  403: "The bridge rejects cross-origin requests. Open this page at the bridge's own address.",
  429: "Too many wrong tokens. Wait a minute.",
};

async function act(letter, action, opener) {
  if (!hasToken()) return;
  const id = shown(letter.id);
  opener.setAttribute("aria-disabled", "true");
  showResult(`${action === "replay" ? "Replaying" : "Dropping"} ${id}…`, "quiet");
  try {
    const response = await fetch(`/dead-letters/${encodeURIComponent(letter.id)}/${action}`,
      { method: "POST", cache: "no-store", credentials: "omit", headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(30_000) });
    const body = await response.json().catch(() => ({}));
    if (response.ok) showResult(action === "replay" ? `${id} is in the queue again.` : `${id} was dropped.`, "good");
    else showResult(`${id} was not ${action === "replay" ? "replayed" : "dropped"}. ${rejectionText(response.status, body)}`, "bad");
    if (response.status === 401) find("token").focus();
  } catch {
    showResult(`It is unknown whether ${id} was ${action === "replay" ? "replayed" : "dropped"}: the bridge is not responding.`, "bad");
  } finally {
    opener.removeAttribute("aria-disabled");
  }
  // The live connection shows the change within 2 s; when polling, poll now.
  if (polling !== null) poll();
}

function rejectionText(code, body) {
  if (code === 404) return JSON.stringify(body).includes("actions_off") ? "Actions are disabled (admin.allowActions)." : "It no longer exists: it was replayed or dropped.";
  return rejections[code] ?? `The bridge responded with HTTP ${code}.`;
}

function confirmDrop(letter, opener) {
  if (!hasToken()) return;
  const dialog = find("drop-dialog");
  write(find("drop-what"), `${place(letter)}, ${shown(letter.id)}: ${shortened(letter.reason, 200)}`);
  find("drop-confirm").onclick = () => {
    dialog.close();
    act(letter, "drop", opener);
  };
  find("drop-cancel").onclick = () => dialog.close();
  dialog.showModal();
}
