// Filters and sketches: their figures, and a question to them.

import { make } from "../dom.js";
import { fromTyped } from "../lib/bytes.js";
import { byName, numberOf, pairsOf, textOf } from "../lib/pairs.js";
import { count } from "../lib/units.js";
import { describe } from "../session.js";
import { fact } from "./parts.js";

const QUANTILES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999];

const BLOOM = {
  info: "BF.INFO",
  label: "Is this item in it?",
  ask: async (send, key, item) => (Number(await send("BF.EXISTS", key, item)) === 1 ? "It may be in the filter." : "It is not in the filter."),
};

/** By the name of the type: which command has the figures, a question, and a list. */
const KINDS = {
  "MBbloom--": BLOOM,
  bloomfltr: BLOOM,
  MBbloomCF: {
    info: "CF.INFO",
    label: "How often may this item be in it?",
    ask: async (send, key, item) => {
      const times = Number(await send("CF.COUNT", key, item));
      return times === 0 ? "It is not in the filter." : `At most ${count(times)} times.`;
    },
  },
  "CMSk-TYPE": {
    info: "CMS.INFO",
    label: "How often was this item counted?",
    ask: async (send, key, item) => `At most ${count(Number((await send("CMS.QUERY", key, item))[0]))} times.`,
  },
  "TopK-TYPE": {
    info: "TOPK.INFO",
    label: "Is this item among the most frequent?",
    ask: async (send, key, item) => (Number((await send("TOPK.QUERY", key, item))[0]) === 1 ? "It is on the list." : "It is not on the list."),
    list: async (send, key) => ({
      heads: ["Item", "Count"],
      rows: pairsOf(await send("TOPK.LIST", key, "WITHCOUNT")).map(([item, times]) => [textOf(item), count(Number(times))]),
    }),
  },
  "TDIS-TYPE": {
    info: "TDIGEST.INFO",
    label: "Which share of the values is below this one?",
    ask: async (send, key, item) => {
      const value = Number(item);
      if (item.length === 0 || Number.isNaN(value)) throw new Error("This must be a number.");
      const share = numberOf((await send("TDIGEST.CDF", key, value))[0]);
      return Number.isNaN(share) ? "There are no values." : `${(share * 100).toFixed(2)} %`;
    },
    isNumber: true,
    list: async (send, key) => {
      const [least, most, between] = await Promise.all([send("TDIGEST.MIN", key), send("TDIGEST.MAX", key), send("TDIGEST.QUANTILE", key, ...QUANTILES)]);
      const rows = QUANTILES.map((share, at) => [`${share * 100} %`, textOf(between[at])]);
      return { heads: ["Quantile", "Value"], rows: [["least", textOf(least)], ...rows, ["most", textOf(most)]] };
    },
  },
};

export const SKETCHES = Object.keys(KINDS);

export async function viewSketch(context) {
  const { session, key, host, facts } = context;
  const kind = KINDS[host.dataset.type];
  const send = (...words) => session.quietly({ bytes: true }, ...words);
  const info = byName(await send(kind.info, key));
  if (!context.isCurrent()) return;
  const figures = [...info].map(([name, value]) => {
    const number = numberOf(value);
    return fact(name, Number.isInteger(number) ? count(number) : textOf(value));
  });
  facts.append(...figures);
  const field = make("input", { "aria-label": kind.label, placeholder: kind.label, spellcheck: "false", autocapitalize: "off", data: { testid: "sketch-item" } });
  const answer = make("p.note", { role: "status", data: { testid: "sketch-answer" } });
  const form = make("form.bar", {}, field, make("button.primary", { type: "submit", data: { testid: "sketch-ask" } }, "Ask"), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      answer.textContent = await kind.ask(send, key, kind.isNumber ? field.value.trim() : fromTyped(field.value));
    } catch (error) {
      answer.textContent = describe(error);
    }
  });
  host.replaceChildren(form);
  if (!kind.list) return;
  const { heads, rows } = await kind.list(send, key);
  if (!context.isCurrent()) return;
  const table = make("table", { data: { testid: "value-table" } }, make("thead", {}, make("tr", {}, ...heads.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))))));
  host.append(make("div.table", { tabindex: "0", role: "region", "aria-label": heads.join(" and ") }, table));
}
