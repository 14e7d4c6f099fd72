// MARK: Payload of a dead letter

async function togglePayload(letter, opener, detail) {
  const opened = opener.getAttribute("aria-expanded") === "true";
  opener.setAttribute("aria-expanded", String(!opened));
  show(detail, !opened);
  detail.previousSibling.classList.toggle("shut", opened);
  if (opened) return;
  const box = detail.firstChild;
  box.replaceChildren(make("p", { role: "status" }, "Loading the payload…"));
  try {
    box.replaceChildren(...payloadOf(await load(`dead-letters/${encodeURIComponent(letter.id)}`, "It no longer exists: it was replayed or dropped.")));
  } catch (error) {
    box.replaceChildren(make("p", { role: "status", class: "bad" }, `The payload cannot be shown. ${error.message}`));
  }
}

function payloadOf(letter) {
  const isText = typeof letter.payload === "string";
  const text = isText ? indented(letter.payload) : letter.payloadBase64;
  const term = (name, value) => [make("dt", {}, name), make("dd", {}, value)];
  return [
    make("dl", {}, ...term("Reason", shown(letter.reason)), ...missingValues(letter, text), ...term("First failed", since(letter.firstFailedAt)),
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

/** The paths that the reason of a mapping error names, with their values in the payload. */
function missingValues(letter, text) {
  const paths = String(letter.reason ?? "").match(/\$(?:\.[\w-]+|\[\d+\]|\['[^']*'\])+/g) ?? [];
  let payload;
  try {
    payload = JSON.parse(text);
  } catch {
    return [];
  }
  return [...new Set(paths)].slice(0, 5).flatMap((path) => [
    make("dt", {}, "At ", make("code", {}, shown(path))),
    make("dd", {}, ...valueAt(payload, path)),
  ]);
}

/** The value of a simple path, or the longest part of the path that has a value. */
function valueAt(payload, path) {
  let [value, found] = [payload, "$"];
  for (const step of path.match(/\.[\w-]+|\[\d+\]|\['[^']*'\]/g)) {
    const name = step.startsWith(".") ? step.slice(1) : step.slice(1, -1).replaceAll("'", "");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
      return ["no value. ", make("code", {}, shown(found)), ` ${names.length ? `has ${shortened(names.join(", "), 200)}` : `is ${shortened(JSON.stringify(value), 200)}`}`];
    }
    value = value[name];
    found += step;
  }
  return [make("code", {}, shortened(JSON.stringify(value), 300))];
}
