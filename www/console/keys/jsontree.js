// A JSON document as a tree, each part of which can be changed by its path.

import { button, make, toast } from "../dom.js";
import { ask, confirm } from "../dialogs.js";
import { prettyJson } from "../lib/bytes.js";
import { escapedJson } from "../lib/format.js";
import { Written, parse, pathOf } from "../lib/json.js";
import { plural } from "../lib/units.js";
import { describe } from "../session.js";

/** The most parts of one object or array that are shown. */
const MOST_PARTS = 500;
/** The longest text of a value in the tree. */
const BRIEF = 120;

/** The tree of a document; `context` is that of its viewer. */
export function tree(context, text) {
  const root = make("div.json-tree", { data: { testid: "json-tree" } });
  root.append(part(context, "$", null, parse(text), true));
  return root;
}

function part(context, path, name, value, isOpen) {
  const label = name === null ? null : make("span.json-name", {}, escapedJson(typeof name === "number" ? String(name) : JSON.stringify(name)));
  const isNested = value !== null && typeof value === "object" && !(value instanceof Written);
  const actions = make("span.row-actions", {}, ...buttons(context, path, name));
  if (!isNested) {
    const shown = value instanceof Written ? value.text : JSON.stringify(value);
    return make("div.json-part", {}, label, make("code", {}, escapedJson(shown.length > BRIEF ? `${shown.slice(0, BRIEF)}…` : shown)), actions);
  }
  const names = Array.isArray(value) ? value.map((_, at) => at) : Object.keys(value);
  const what = Array.isArray(value) ? plural(names.length, "element") : plural(names.length, "member");
  const inside = make("div.json-inside");
  const details = make("details", { open: isOpen }, make("summary", {}, label, make("span.note", {}, what)), make("div.bar", {}, actions), inside);
  const fill = () => {
    if (inside.childElementCount > 0) return;
    inside.append(...names.slice(0, MOST_PARTS).map((name) => part(context, pathOf(path, name), name, value[name], false)));
    if (names.length > MOST_PARTS) inside.append(make("p.note", {}, `${names.length - MOST_PARTS} more are in the text.`));
  };
  if (isOpen) fill();
  details.addEventListener("toggle", () => details.open && fill());
  return details;
}

function buttons(context, path, name) {
  // What has no path can be changed in the text.
  if (path === null) return [];
  const where = escapedJson(path);
  const edit = button("Edit", () => change(context, path), { "aria-label": `Edit ${where}`, data: { testid: "json-part-edit", path } });
  if (name === null) return [edit];
  return [edit, button("Delete", () => remove(context, path), { "aria-label": `Delete ${where}`, data: { testid: "json-part-delete", path } })];
}

/** What the server has at this path, exactly as it writes it. */
async function now({ session, key }, path) {
  const found = await session.text("JSON.GET", key, path);
  // A list of what the path finds: here of one.
  return found === null ? null : found.slice(1, -1);
}

async function change(context, path) {
  const { session, key } = context;
  let before;
  try {
    before = await now(context, path);
  } catch (error) {
    return toast(describe(error), "bad");
  }
  const done = await ask(
    "Change a part of the document",
    [{ name: "value", label: path, value: escapedJson(prettyJson(before ?? "") ?? before ?? ""), multiline: true }],
    "Save",
    async ({ value }) => {
      if (prettyJson(value) === null) throw new Error("This is not JSON.");
      if ((await now(context, path)) !== before) throw new Error("This part has changed meanwhile. Reload the document.");
      if ((await session.send("JSON.SET", key, path, value, "XX")) === null) throw new Error("This part no longer exists.");
    },
  );
  if (!done) return;
  toast("Saved");
  context.changed();
  context.reload();
}

async function remove(context, path) {
  if (!(await confirm("Delete this part?", "It cannot be restored.", "Delete", { detail: path }))) return;
  try {
    await context.session.send("JSON.DEL", context.key, path);
  } catch (error) {
    return toast(describe(error), "bad");
  }
  context.changed();
  context.reload();
}
