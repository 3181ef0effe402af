// Documents of RedisJSON.

import { button, make, segments } from "../dom.js";
import { prettyJson } from "../lib/bytes.js";
import { escapedJson, hasHidden } from "../lib/format.js";
import { size } from "../lib/units.js";
import { describe } from "../session.js";
import { tree } from "./jsontree.js";
import { fact, revealed, save } from "./parts.js";

/** How documents are shown, from one to the next. */
let shownAs = "text";

/** A larger document is loaded only when asked for. */
const AT_ONCE = 512 << 10;

export async function viewJson(context) {
  const { session, key, host, facts } = context;
  const memory = await session.quietly({}, "JSON.DEBUG", "MEMORY", key).catch(() => 0);
  const bytes = Number(Array.isArray(memory) ? memory[0] : memory);
  if (!context.isCurrent()) return;
  if (bytes > AT_ONCE) {
    host.replaceChildren(make("p.note", {}, `This document takes ${size(bytes)}.`), button("Load it", () => load().catch(fail), { kind: "primary" }));
    return;
  }
  await load();

  function fail(error) {
    host.replaceChildren(make("p.fault", { role: "alert" }, describe(error)));
  }

  async function load() {
    const text = await session.text("JSON.GET", key);
    if (!context.isCurrent()) return;
    facts.append(fact("Size", size(text.length)));
    const pretty = prettyJson(text) ?? text;
    const edit = button("Edit", () => editor(pretty, text), { kind: "primary", data: { testid: "json-edit" } });
    const body = make("div.value");
    const choose = (mode) => {
      shownAs = mode;
      body.replaceChildren(mode === "tree" ? tree(context, text) : make("pre.well.value-text", { tabindex: "0", "aria-label": "Value", data: { testid: "json-value" } }, ...revealed(pretty)));
    };
    host.replaceChildren(make("div.bar", {}, segments("Shown as", [["text", "Text"], ["tree", "Tree"]], shownAs, choose), make("span.grow"), edit), body);
    choose(shownAs);
  }

  /** `text` is the document as received. */
  function editor(before, text) {
    const area = make("textarea.editor", { spellcheck: "false", rows: "14", "aria-label": "New value", data: { testid: "json-editor" } });
    area.value = hasHidden(before) ? escapedJson(before) : before;
    const fault = make("p.fault", { role: "alert", hidden: true, data: { testid: "json-fault" } });
    const store = async () => {
      if (prettyJson(area.value) === null) throw new Error("This is not JSON.");
      const now = await session.text("JSON.GET", key);
      if (now !== null && now !== text) throw new Error("The document has changed meanwhile. Reload it.");
      if ((await session.send("JSON.SET", key, "$", area.value, "XX")) === null) throw new Error("The key no longer exists.");
    };
    host.replaceChildren(
      area,
      fault,
      make("div.actions", {}, button("Save", () => save(context, fault, store), { kind: "primary", data: { testid: "json-save" } }), button("Cancel", () => context.reload())),
    );
    area.focus();
  }
}
