// MARK: Actions: each is confirmed in the dialog, and needs the admin token

/** In memory only: never in storage, a URL or a form. */
let token = "";

const actionsAllowed = () => status?.actions?.allowed === true;

const rejections = {
  403: "The bridge rejects cross-origin requests. Open this page at the bridge's own address.",
  429: "Too many wrong tokens. Wait a minute.",
};

function showResult(text, tone) {
  const node = find("action-result");
  node.dataset.tone = tone;
  write(node, text);
}

function showActionError(text, field) {
  write(find("action-error"), text);
  show(find("token-field"), field === "token" || token === "");
  if (field) find(field).focus();
}

/**
 * Asks for confirmation, then runs an action.
 *
 * - action: `title`, `text`, `what` and `confirm` for the dialog; `isDangerous`; `hasReason` shows the field for a reason;
 *   `path` and `body` of the request; `done` makes the sentence for its response; `failed` begins the sentence for an error.
 */
function ask(action) {
  for (const part of ["title", "text", "what", "confirm"]) write(find(`action-${part}`), action[part]);
  find("action-confirm").classList.toggle("danger", action.isDangerous === true);
  show(find("reason-field"), action.hasReason === true);
  find("action-reason").value = "";
  find("token").value = token;
  showActionError("", null);
  find("action-confirm").onclick = () => confirmAction(action);
  find("action-dialog").showModal();
  find(action.isDangerous ? "action-cancel" : token === "" ? "token" : "action-confirm").focus();
}

async function confirmAction(action) {
  const confirm = find("action-confirm");
  if (confirm.getAttribute("aria-disabled") === "true") return;
  token = find("token").value.trim();
  if (token === "") return showActionError("Enter the admin token (admin.token or one of admin.tokens in the bridge's configuration).", "token");
  confirm.setAttribute("aria-disabled", "true");
  try {
    await send(action, { ...action.body, ...(find("action-reason").value.trim() && action.hasReason ? { reason: find("action-reason").value.trim() } : {}) });
  } finally {
    confirm.removeAttribute("aria-disabled");
  }
  // The live connection shows the change within 2 s; when polling, poll now.
  if (polling !== null) poll();
}

async function send(action, body) {
  let response;
  try {
    response = await fetch(action.path, {
      method: "POST", cache: "no-store", signal: AbortSignal.timeout(30_000),
      headers: { Authorization: `Bearer ${token}`, ...(action.body ? { "Content-Type": "application/json" } : {}) }, body: action.body ? JSON.stringify(body) : undefined,
    });
  } catch {
    return closeWith(`${action.failed} It is unknown whether it took effect: the bridge is not responding.`, "bad");
  }
  const message = await response.json().catch(() => ({}));
  if (response.ok) return closeWith(action.done(message), "good");
  if (response.status === 401) {
    token = "";
    return showActionError("The token is wrong.", "token");
  }
  return closeWith(`${action.failed} ${rejectionText(response.status, message)}`, "bad");
}

function closeWith(text, tone) {
  find("action-dialog").close();
  showResult(text, tone);
  find("action-result").scrollIntoView({ block: "nearest" });
}

function rejectionText(code, message) {
  if (code === 404) return JSON.stringify(message).includes("actions_off") ? "Actions are disabled (admin.allowActions)." : "It no longer exists: it was replayed, dropped or resumed.";
  return rejections[code] ?? `The bridge responded with HTTP ${code}.`;
}

// MARK: Pauses

const scopeText = (it) => (it.source ? `source ${shown(it.source)}` : it.account ? `account ${shown(it.account)}` : "all accounts");

/** The members that name the scope of a pause. */
const scopeOf = (it) => Object.fromEntries(["account", "region", "source"].filter((name) => it[name]).map((name) => [name, it[name]]));

function askToPause(scope) {
  const name = scopeText(scope);
  ask({
    title: `Pause sending for ${name}?`, text: "Incoming messages are still accepted and queued, up to store.maxPending. Nothing is sent to Security Hub until sending is resumed.", what: "",
    confirm: "Pause", hasReason: true, path: "pauses", body: scopeOf(scope), done: () => `Sending is paused for ${name}.`, failed: `Sending was not paused for ${name}.`,
  });
}

function askToResume(scope) {
  const name = scopeText(scope);
  ask({
    title: `Resume sending for ${name}?`, text: "The queued deliveries are processed, oldest first.", what: "",
    confirm: "Resume", path: "pauses/resume", body: scopeOf(scope), done: () => `Sending is resumed for ${name}.`, failed: `Sending was not resumed for ${name}.`,
  });
}

find("action-cancel").addEventListener("click", () => find("action-dialog").close());
find("action-form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) find("action-confirm").click();
});
