// Streams: entries and consumer groups.

import { button, make, segments, toast } from "../dom.js";
import { ask, confirm } from "../dialogs.js";
import { show } from "../lib/bytes.js";
import { byName, textOf } from "../lib/pairs.js";
import { parseWords } from "../lib/words.js";
import { count } from "../lib/units.js";
import { describe } from "../session.js";
import { fact } from "./parts.js";
import { PagedTable, value } from "./table.js";

const PAGE = 50;
const ascii = (bytes) => String.fromCharCode(...bytes);

/** The time when an entry was added, if its ID has one. */
function time(id) {
  const milliseconds = Number(id.split("-")[0]);
  if (!(milliseconds > 1e11 && milliseconds < 1e14)) return "";
  return new Date(milliseconds).toISOString().replace("T", " ").replace("Z", "");
}

function fieldsOf(words) {
  const list = make("dl.pairs");
  for (let at = 0; at + 1 < words.length; at += 2) {
    list.append(make("div", {}, make("dt", {}, show(words[at])), make("dd", {}, value(words[at + 1]))));
  }
  return list;
}

export async function viewStream(context) {
  const { session, key, host, facts } = context;
  const length = await session.send("XLEN", key);
  if (!context.isCurrent()) return;
  facts.append(fact("Entries", make("span", { data: { testid: "collection-size" } }, count(length))));
  let order = "new";

  const remove = async (id) => {
    if (!(await confirm("Delete this entry?", "This cannot be undone.", "Delete", { detail: id }))) return;
    try {
      await session.send("XDEL", key, id);
    } catch (error) {
      return toast(describe(error), "bad");
    }
    context.changed();
    context.reload();
  };
  const add = async () => {
    const note = 'Fields and values as on the command line: user ada text "hello world".';
    const done = await ask("Add an entry", [{ name: "fields", label: "Fields", note, multiline: true }], "Add", async ({ fields }) => {
      const words = parseWords(fields);
      if (words.length === 0 || words.length % 2 !== 0) throw new Error("Every field needs a value.");
      await session.send("XADD", key, "*", ...words);
    });
    if (done) context.reload();
  };
  const entries = new PagedTable(`Entries of ${show(key)}`, ["ID", "Fields", "Actions"], {
    load: async (next) => {
      const range = order === "new" ? ["XREVRANGE", key, next ?? "+", "-"] : ["XRANGE", key, next ?? "-", "+"];
      const rows = await session.send(...range, "COUNT", PAGE);
      const last = rows.length === PAGE ? `(${ascii(rows.at(-1)[0])}` : null;
      return { rows, next: last, total: count(length) };
    },
    row: ([id, words]) => [
      make("span.stamp", {}, make("code", {}, ascii(id)), make("small", {}, time(ascii(id)))),
      fieldsOf(words ?? []),
      button("Delete", () => remove(ascii(id)), { "aria-label": `Delete ${ascii(id)}`, data: { testid: "row-delete" } }),
    ],
  });
  const orders = segments("Order", [["new", "Newest first"], ["old", "Oldest first"]], order, (chosen) => {
    order = chosen;
    entries.restart();
  });
  const groups = make("div.groups");
  host.replaceChildren(make("div.bar", {}, orders, make("span.grow"), button("Add…", add, { kind: "primary", data: { testid: "value-add" } })), entries.element, groups);
  await entries.restart();
  await showGroups(session, key, groups);
}

async function showGroups(session, key, host) {
  let groups;
  try {
    groups = await session.quietly({ bytes: true }, "XINFO", "GROUPS", key);
  } catch {
    return;
  }
  if (groups.length === 0) return;
  const rows = groups.map((group) => {
    const of = byName(group);
    return make("tr", {}, ...["name", "consumers", "pending", "lag", "last-delivered-id"].map((name) => make("td", {}, textOf(of.get(name)))));
  });
  const heads = ["Group", "Consumers", "Pending", "Lag", "Last delivered"].map((name) => make("th", { scope: "col" }, name));
  host.append(
    make("h3", {}, "Consumer groups"),
    make("div.table", { tabindex: "0", role: "region", "aria-label": "Consumer groups" }, make("table", { data: { testid: "stream-groups" } }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows))),
  );
}

