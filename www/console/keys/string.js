// Strings: as text, as JSON, or as bytes.

import { button, make, segments } from "../dom.js";
import { cutAt, fromTyped, hexDump, idOf, prettyJson, show, textOf } from "../lib/bytes.js";
import { size } from "../lib/units.js";
import { hasHidden } from "../lib/format.js";
import { fact, revealed, save } from "./parts.js";

/** Number of bytes that are loaded and shown with each step. */
const PIECE = 128 << 10;
/** Larger values cannot be edited. */
const EDITED = 1 << 20;

export async function viewString(context) {
  const { session, key, host, facts } = context;
  const length = await session.send("STRLEN", key);
  let bytes = await session.send("GETRANGE", key, 0, PIECE - 1);
  if (!context.isCurrent()) return;
  facts.append(fact("Size", make("span", { data: { testid: "string-size" } }, size(length))));

  const whole = () => bytes.length >= length;
  const shown = () => (whole() ? bytes : cutAt(bytes, bytes.length - 4));
  const text = textOf(shown());
  const json = text !== null && whole() && /^\s*[[{]/.test(text) ? prettyJson(text) : null;
  let mode = json !== null ? "json" : text === null ? "hex" : "text";

  const value = make("pre.well.value-text", { tabindex: "0", "aria-label": "Value", data: { testid: "string-value" } });
  const note = make("p.note", { data: { testid: "string-note" } });
  const more = button("Load more", () => load(), { data: { testid: "string-more" } });
  const edit = button("Edit", () => editor(), { kind: "primary", data: { testid: "string-edit" } });

  function draw() {
    const part = shown();
    const readable = mode === "hex" ? null : textOf(part);
    const pretty = mode === "json" && readable !== null ? prettyJson(readable) : null;
    if (mode === "hex") value.textContent = hexDump(part);
    else value.replaceChildren(...(readable === null ? [show(part)] : revealed(pretty ?? readable)));
    more.hidden = whole();
    edit.hidden = !whole() || length > EDITED;
    note.textContent = whole() ? "" : `The first ${size(part.length)} of ${size(length)}.`;
    if (mode === "json" && whole() && readable !== null && pretty === null) note.textContent = "This is not JSON.";
    if (mode === "text" && readable === null) note.textContent = "Not UTF-8: shown escaped, as in redis-cli.";
  }

  async function load() {
    const next = await session.send("GETRANGE", key, bytes.length, bytes.length + PIECE * 8 - 1);
    const joined = new Uint8Array(bytes.length + next.length);
    joined.set(bytes);
    joined.set(next, bytes.length);
    bytes = joined;
    draw();
  }

  function editor() {
    const readable = textOf(bytes);
    // A text area would change line ends and hide invisible characters: such values are edited escaped.
    const escaped = readable === null || /\r/.test(readable) || hasHidden(readable);
    const area = make("textarea.editor", { spellcheck: "false", rows: "12", "aria-label": "New value", data: { testid: "string-editor" } });
    const before = escaped ? (show(bytes).startsWith('"') ? show(bytes) : `"${show(bytes)}"`) : mode === "json" ? (prettyJson(readable) ?? readable) : readable;
    area.value = before;
    const fault = make("p.fault", { role: "alert", hidden: true });
    const accept = button("Save", () => save(context, fault, store), { kind: "primary", data: { testid: "string-save" } });
    const cancel = button("Cancel", () => arrange(), { data: { testid: "string-cancel" } });
    const hint = escaped ? "Bytes that are not text are written as \\xHH, in double quotes." : "Saved exactly as written here. The expiry stays.";
    host.replaceChildren(area, fault, make("p.note", {}, hint), make("div.actions", {}, accept, cancel));
    area.focus();

    async function store() {
      const written = escaped ? fromTyped(area.value) : area.value;
      const now = await session.send("GET", key);
      if (now !== null && idOf(now) !== idOf(bytes)) throw new Error("The value has changed meanwhile. Reload it.");
      // A key that was deleted meanwhile is not created again.
      if ((await session.send("SET", key, written, "XX", "KEEPTTL")) === null) throw new Error("The key no longer exists.");
    }
  }

  function arrange() {
    const choose = (chosen) => {
      mode = chosen;
      draw();
    };
    const modes = segments("Shown as", [["text", "Text"], ["json", "JSON"], ["hex", "Hex"]], mode, choose);
    host.replaceChildren(make("div.bar", {}, modes, make("span.grow"), edit), value, make("div.bar", {}, note, more));
    draw();
  }
  arrange();
}
