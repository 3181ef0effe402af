// Search: the indexes of the server, their fields and figures, and queries.

import { button, byId, make } from "./dom.js";
import { show } from "./lib/bytes.js";
import { byName, numberOf, pairsOf, textOf } from "./lib/pairs.js";
import { count, plural } from "./lib/units.js";
import { fieldName, vectorBytes } from "./lib/vectors.js";
import { describe } from "./session.js";
import { fact } from "./keys/parts.js";
import { value } from "./keys/table.js";

const PAGE = 20;
/** How many documents are looked for that are like one. */
const NEAREST = 10;

/** What `FT.INFO` tells, as far as this panel shows it. */
const FIGURES = [
  ["num_docs", "Documents"],
  ["num_terms", "Terms"],
  ["hash_indexing_failures", "Not indexed"],
  ["percent_indexed", "Indexed"],
  ["indexing", "Indexing now"],
];

/** Fires `open` with a key. */
export class Search extends EventTarget {
  #session;
  #index = null;
  #info = null;
  #query = { text: "*", params: [], sort: [] };
  #shown = 0;
  #turn = 0;

  constructor(session) {
    super();
    this.#session = session;
    byId("search-reload").addEventListener("click", () => {
      session.forgetRefusals();
      this.load();
    });
    byId("search-index").addEventListener("change", ({ target }) => this.#choose(target.value));
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask(byId("search-query").value.trim() || "*");
    });
    byId("search-more").addEventListener("click", () => this.#page());
    session.addEventListener("opened", () => this.#clear());
  }

  /** Loads the names of the indexes again. */
  async load() {
    const select = byId("search-index");
    try {
      const names = [...(await this.#session.quietly({}, "FT._LIST"))].sort();
      this.#note(names.length === 0 ? "The server has no index." : plural(names.length, "index", "indexes"));
      select.replaceChildren(...names.map((name) => make("option", { value: name, selected: name === this.#index }, name)));
      byId("search-body").hidden = names.length === 0;
      if (names.length > 0) await this.#choose(names.includes(this.#index) ? this.#index : names[0]);
    } catch (error) {
      byId("search-body").hidden = true;
      const missing = /unknown command/i.test(error.serverText ?? "");
      this.#note(missing ? "The server has no search: it comes with Redis 8 and with Redis Stack." : describe(error), !missing);
    }
  }

  #clear() {
    this.#index = null;
    byId("search-index").replaceChildren();
    byId("search-rows").replaceChildren();
    byId("search-body").hidden = true;
    this.#note("");
  }

  async #choose(index) {
    this.#index = index;
    const turn = ++this.#turn;
    byId("search-rows").replaceChildren();
    byId("search-table").hidden = true;
    byId("search-total").textContent = "";
    byId("search-more").hidden = true;
    try {
      const info = byName(await this.#session.quietly({ bytes: true }, "FT.INFO", index));
      if (turn !== this.#turn) return;
      this.#info = info;
      this.#describe(info);
      this.#fault("");
    } catch (error) {
      if (turn === this.#turn) this.#fault(describe(error));
    }
  }

  #describe(info) {
    const definition = byName(info.get("index_definition"));
    const known = FIGURES.filter(([name]) => info.has(name)).map(([name, label]) => {
      const number = numberOf(info.get(name));
      if (name === "indexing") return fact(label, number === 0 ? "no" : "yes");
      return fact(label, name === "percent_indexed" ? `${Math.round(number * 100)} %` : count(number));
    });
    byId("search-facts").replaceChildren(fact("Over", textOf(definition.get("key_type"))), fact("Prefixes", textOf(definition.get("prefixes")) || "all keys"), ...known);
    const rows = this.#fields().map((field) => {
      const more = [...field].filter(([name]) => !["identifier", "attribute", "type"].includes(name)).map(([name, part]) => (name === "flags" ? textOf(part) : `${name} ${textOf(part)}`)).filter((text) => text !== "");
      return make("tr", {}, make("td", {}, make("code", {}, textOf(field.get("attribute")))), make("td", {}, make("code", {}, textOf(field.get("identifier")))), make("td", {}, textOf(field.get("type"))), make("td", {}, more.join(", ")));
    });
    byId("search-fields").replaceChildren(...rows);
  }

  #fields() {
    return (this.#info?.get("attributes") ?? []).map(byName);
  }

  /** The first field of vectors whose numbers this page can write. */
  #vector() {
    return this.#fields().find((field) => textOf(field.get("type")) === "VECTOR" && vectorBytes(textOf(field.get("data_type")), []) !== null);
  }

  async #ask(text, params = [], sort = []) {
    this.#query = { text, params, sort };
    this.#shown = 0;
    byId("search-rows").replaceChildren();
    await this.#page();
  }

  async #page() {
    const turn = ++this.#turn;
    const { text, params, sort } = this.#query;
    const words = params.length > 0 ? ["PARAMS", params.length, ...params] : [];
    try {
      const reply = await this.#session.quietly({ bytes: true }, "FT.SEARCH", this.#index, text, ...sort, "LIMIT", this.#shown, PAGE, ...words, "DIALECT", 2);
      if (turn !== this.#turn) return;
      const { total, documents } = read(reply);
      this.#shown += documents.length;
      byId("search-rows").append(...documents.map((document) => this.#row(document)));
      byId("search-table").hidden = this.#shown === 0;
      byId("search-total").textContent = total === 0 ? "Nothing was found." : `${count(this.#shown)} of ${count(total)}`;
      byId("search-more").hidden = documents.length < PAGE || this.#shown >= total;
      this.#fault("");
    } catch (error) {
      if (turn === this.#turn) this.#fault(describe(error));
    }
  }

  #row({ id, fields }) {
    const open = button(show(id), () => this.dispatchEvent(new CustomEvent("open", { detail: id })), { data: { testid: "search-document" } });
    const parts = fields === null ? "It has expired, or was deleted meanwhile." : make("dl.pairs", {}, ...fields.map(([name, part]) => make("div", {}, make("dt", {}, textOf(name)), make("dd", {}, part instanceof Uint8Array ? value(part) : textOf(part)))));
    const like = this.#vector() ? button("Similar", () => this.#similar(id), { "aria-label": `Similar to ${show(id)}`, data: { testid: "search-similar" } }) : null;
    return make("tr", { data: { testid: "search-row" } }, make("td", {}, open), make("td", {}, parts), make("td", {}, like));
  }

  /** Looks for the documents whose vectors are nearest to that of this one. */
  async #similar(id) {
    const field = this.#vector();
    const type = textOf(field.get("data_type"));
    try {
      const vector = await this.#vectorOf(id, textOf(field.get("identifier")), type);
      if (vector === null) throw new Error("This document has no vector.");
      const text = `*=>[KNN ${NEAREST} @${fieldName(textOf(field.get("attribute")))} $v AS distance]`;
      await this.#ask(text, ["v", vector], ["SORTBY", "distance"]);
      byId("search-total").textContent += `, the nearest to ${show(id)}`;
    } catch (error) {
      this.#fault(describe(error));
    }
  }

  async #vectorOf(id, path, type) {
    const isJson = textOf(byName(this.#info.get("index_definition")).get("key_type")) === "JSON";
    if (!isJson) return this.#session.quietly({ bytes: true }, "HGET", id, path);
    const found = JSON.parse((await this.#session.quietly({}, "JSON.GET", id, path)) ?? "[]")[0];
    return Array.isArray(found) ? vectorBytes(type, found) : null;
  }

  #fault(text) {
    byId("search-fault").textContent = text;
    byId("search-fault").hidden = text === "";
  }

  #note(text, isFault = false) {
    byId("search-note").textContent = text;
    byId("search-note").dataset.tone = isFault ? "bad" : "";
  }
}

/** The documents of a reply of either protocol. */
function read(reply) {
  if (Array.isArray(reply)) {
    const documents = pairsOf(reply.slice(1)).map(([id, fields]) => ({ id, fields: fields === null ? null : pairsOf(fields) }));
    return { total: Number(reply[0]), documents };
  }
  const found = byName(reply);
  const documents = (found.get("results") ?? []).map((result) => {
    const of = byName(result);
    const fields = of.get("extra_attributes") ?? null;
    return { id: of.get("id"), fields: fields instanceof Map ? [...fields] : fields && pairsOf(fields) };
  });
  return { total: Number(found.get("total_results") ?? 0), documents };
}
