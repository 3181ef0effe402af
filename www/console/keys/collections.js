// Hashes, lists, sets and sorted sets.

import { button, debounce, make, segments, toast } from "../dom.js";
import { ask, confirm } from "../dialogs.js";
import { brief, fromTyped, idOf, show } from "../lib/bytes.js";
import { count } from "../lib/units.js";
import { describe } from "../session.js";
import { setField } from "./fields.js";
import { fact } from "./parts.js";
import { PagedTable } from "./table.js";
import { patternOf } from "./scan.js";

const PAGE = 100;
const ESCAPED = 'A text in double quotes is unescaped: "\\x00".';

const ascii = (bytes) => String.fromCharCode(...bytes);
/** RESP2 has numbers as text, RESP3 as numbers. */
const score = (reply) => (reply instanceof Uint8Array ? ascii(reply) : reply === Infinity ? "inf" : reply === -Infinity ? "-inf" : String(reply));

/** Pairs from a flat array, or from RESP3's pairs. */
function pairsOf(reply) {
  if (Array.isArray(reply[0])) return reply;
  return Array.from({ length: reply.length / 2 }, (_, at) => [reply[2 * at], reply[2 * at + 1]]);
}

/** The parts that they share. */
class Collection {
  constructor(context) {
    Object.assign(this, context);
    this.match = "";
  }

  send(...words) {
    return this.session.send(...words);
  }

  /** The number of elements is shown among the facts. */
  async length(command) {
    this.total = await this.send(command, this.key);
    this.facts.append(fact("Elements", make("span", { data: { testid: "collection-size" } }, count(this.total))));
  }

  /** A page of HSCAN or SSCAN; a small value comes whole, whatever the count. */
  async scan(command, cursor) {
    const pattern = patternOf(this.match);
    const words = [command, this.key, cursor ?? "0", "COUNT", PAGE];
    if (pattern !== null) words.push("MATCH", pattern);
    let next = cursor;
    let items = [];
    // With a pattern, many pages may be empty.
    for (let tries = 0; tries < 50 && items.length < PAGE; tries++) {
      words[2] = next ?? "0";
      const [after, found] = await this.send(...words);
      items = items.concat(found);
      next = ascii(after);
      if (next === "0") break;
    }
    return { items, next: next === "0" ? null : next };
  }

  filter(label) {
    const input = make("input", { type: "search", placeholder: "Filter", "aria-label": label, data: { testid: "value-filter" } });
    input.addEventListener("input", debounce(300, () => {
      this.match = input.value;
      this.table.restart();
    }));
    return input;
  }

  /** Asks, sends the command, and shows the result. */
  async change(title, fields, action, send) {
    const done = await ask(title, fields, action, send);
    if (!done) return;
    toast("Saved");
    this.changed();
    this.reload();
  }

  async remove(title, shown, send) {
    if (!(await confirm(title, "This cannot be undone.", "Delete", { detail: shown }))) return;
    try {
      await send();
    } catch (error) {
      return toast(describe(error), "bad");
    }
    toast("Deleted");
    this.changed();
    this.reload();
  }

  actions(name, ...buttons) {
    return make("div.row-actions", { role: "group", "aria-label": `Actions for ${name}` }, ...buttons);
  }

  async show(table, ...bar) {
    this.table = table;
    this.host.replaceChildren(make("div.bar", {}, ...bar), table.element);
    await table.restart();
  }
}

export async function viewHash(context) {
  const view = new Collection(context);
  const { key } = view;
  await view.length("HLEN");
  if (!view.isCurrent()) return;
  const fields = (field, value) => [
    { name: "field", label: "Field", value: field, note: ESCAPED },
    { name: "value", label: "Value", value, multiline: true },
  ];
  const edit = (field, value) =>
    view.change("Change a field", [fields("", show(value))[1]], "Save", async ({ value: typed }) => {
      const now = await view.send("HGET", key, field);
      if (now === null || idOf(now) !== idOf(value)) throw new Error("The field has changed meanwhile. Reload the key.");
      await setField(view.session, key, field, fromTyped(typed));
    });
  const add = () =>
    view.change("Add a field", fields("", ""), "Add", async ({ field, value }) => {
      if ((await view.send("HSETNX", key, fromTyped(field), fromTyped(value))) !== 1) throw new Error("This field exists already.");
    });
  const table = new PagedTable(`Fields of ${show(key)}`, ["Field", "Value", "Actions"], {
    load: async (cursor) => {
      const { items, next } = await view.scan("HSCAN", cursor);
      return { rows: pairsOf(items), next, total: count(view.total) };
    },
    row: ([field, value]) => [
      field,
      value,
      view.actions(
        brief(field, 60),
        // A text field cannot take a megabyte.
        value.length <= 1 << 20 ? button("Edit", () => edit(field, value), { data: { testid: "row-edit" }, "aria-label": `Edit ${brief(field, 60)}` }) : null,
        button("Delete", () => view.remove("Delete this field?", show(field), () => view.send("HDEL", key, field)), { "aria-label": `Delete ${brief(field, 60)}`, data: { testid: "row-delete" } }),
      ),
    ],
  });
  await view.show(table, view.filter("Filter of fields"), make("span.grow"), button("Add…", add, { kind: "primary", data: { testid: "value-add" } }));
}

export async function viewList(context) {
  const view = new Collection(context);
  const { key } = view;
  await view.length("LLEN");
  if (!view.isCurrent()) return;
  const one = (value) => [{ name: "value", label: "Value", value, multiline: true, note: ESCAPED }];
  const edit = (at, value) =>
    view.change(`Change element ${at}`, one(show(value)), "Save", async ({ value: typed }) => {
      // Other clients may push meanwhile: then another element has this index.
      const [now] = await view.send("LRANGE", key, at, at);
      if (now === undefined || idOf(now) !== idOf(value)) throw new Error("The list has changed meanwhile. Reload it.");
      await view.send("LSET", key, at, fromTyped(typed));
    });
  const push = (command, title) => view.change(title, one(""), "Add", ({ value }) => view.send(command, key, fromTyped(value)));
  const table = new PagedTable(`Elements of ${show(key)}`, ["#", "Value", "Actions"], {
    load: async (next) => {
      const from = next ?? 0;
      const items = await view.send("LRANGE", key, from, from + PAGE - 1);
      const rows = items.map((item, at) => [from + at, item]);
      return { rows, next: items.length === PAGE && from + PAGE < view.total ? from + PAGE : null, total: count(view.total) };
    },
    row: ([at, item]) => [String(at), item, view.actions(at, button("Edit", () => edit(at, item), { "aria-label": `Edit element ${at}`, data: { testid: "row-edit" } }))],
  });
  await view.show(
    table,
    make("span.grow"),
    button("Add first…", () => push("LPUSH", "Add before the first"), {}),
    button("Add last…", () => push("RPUSH", "Add after the last"), { kind: "primary", data: { testid: "value-add" } }),
  );
}

export async function viewSet(context) {
  const view = new Collection(context);
  const { key } = view;
  await view.length("SCARD");
  if (!view.isCurrent()) return;
  const add = () =>
    view.change("Add a member", [{ name: "value", label: "Member", note: ESCAPED }], "Add", async ({ value }) => {
      if ((await view.send("SADD", key, fromTyped(value))) !== 1) throw new Error("This member exists already.");
    });
  const table = new PagedTable(`Members of ${show(key)}`, ["Member", "Actions"], {
    load: async (cursor) => {
      const { items, next } = await view.scan("SSCAN", cursor);
      return { rows: items, next, total: count(view.total) };
    },
    row: (member) => [
      member,
      view.actions(brief(member, 60), button("Remove", () => view.remove("Remove this member?", show(member), () => view.send("SREM", key, member)), { "aria-label": `Remove ${brief(member, 60)}`, data: { testid: "row-delete" } })),
    ],
  });
  await view.show(table, view.filter("Filter of members"), make("span.grow"), button("Add…", add, { kind: "primary", data: { testid: "value-add" } }));
}

export async function viewSortedSet(context) {
  const view = new Collection(context);
  const { key } = view;
  await view.length("ZCARD");
  if (!view.isCurrent()) return;
  let order = "low";
  const change = (member, before) =>
    view.change(`Score of ${brief(member, 60)}`, [{ name: "score", label: "Score", value: before, note: "A number, inf or -inf." }], "Save", ({ score: typed }) =>
      view.send("ZADD", key, "XX", typed, member),
    );
  const add = () =>
    view.change(
      "Add a member",
      [{ name: "score", label: "Score", value: "0" }, { name: "value", label: "Member", note: ESCAPED }],
      "Add",
      async ({ score: typed, value }) => {
        if ((await view.send("ZADD", key, "NX", typed, fromTyped(value))) !== 1) throw new Error("This member exists already.");
      },
    );
  const table = new PagedTable(`Members of ${show(key)}`, ["Score", "Member", "Actions"], {
    load: async (next) => {
      const from = next ?? 0;
      const command = order === "low" ? "ZRANGE" : "ZREVRANGE";
      const rows = pairsOf(await view.send(command, key, from, from + PAGE - 1, "WITHSCORES"));
      return { rows, next: rows.length === PAGE && from + PAGE < view.total ? from + PAGE : null, total: count(view.total) };
    },
    row: ([member, number]) => [
      make("span.number", {}, score(number)),
      member,
      view.actions(
        brief(member, 60),
        button("Score", () => change(member, score(number)), { "aria-label": `Change the score of ${brief(member, 60)}`, data: { testid: "row-edit" } }),
        button("Remove", () => view.remove("Remove this member?", show(member), () => view.send("ZREM", key, member)), { "aria-label": `Remove ${brief(member, 60)}`, data: { testid: "row-delete" } }),
      ),
    ],
  });
  const orders = segments("Order", [["low", "Lowest first"], ["high", "Highest first"]], order, (chosen) => {
    order = chosen;
    table.restart();
  });
  await view.show(table, orders, make("span.grow"), button("Add…", add, { kind: "primary", data: { testid: "value-add" } }));
}
