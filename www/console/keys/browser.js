// The list of keys.

import { byId, debounce, make } from "../dom.js";
import { fromTyped, show } from "../lib/bytes.js";
import { treeRows } from "../lib/tree.js";
import { count, plural, timeToLive } from "../lib/units.js";
import { describe } from "../session.js";
import { VirtualList } from "../virtuallist.js";
import { badge } from "./parts.js";
import { MOST_KEYS, patternOf, Scan } from "./scan.js";

const PAGE = 500;
const ROW = 30;
export class KeyBrowser {
  #session;
  #detail;
  #scan = null;
  #list;
  #open = new Set();
  #tree = false;
  #rows = [];
  #busy = false;

  constructor(session, detail) {
    this.#session = session;
    this.#detail = detail;
    this.#list = new VirtualList(byId("keys-list"), {
      height: ROW,
      render: (row) => this.#row(row),
      open: (row) => this.#choose(row),
      fold: (row, open) => this.#fold(row, open),
      seen: debounce(80, (rows) => this.#describe(rows)),
    });
    byId("keys-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    byId("keys-type").addEventListener("change", () => this.start());
    byId("keys-more").addEventListener("click", () => this.#more(PAGE, 1500));
    byId("keys-all").addEventListener("click", () => (this.#busy ? this.#scan?.pause() : this.#more(Infinity, Infinity)));
    byId("keys-tree").addEventListener("change", (event) => {
      this.#tree = event.target.checked;
      this.#show();
    });
    byId("keys-separator").addEventListener("input", debounce(200, () => this.#show()));
    byId("keys-go").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#goTo(byId("keys-name").value);
    });
    detail.addEventListener("opened", () => {
      const at = this.#placeOfOpen();
      if (at >= 0) this.#list.activate(at);
    });
    detail.addEventListener("changed", () => this.#forget(detail.key));
    detail.addEventListener("removed", (event) => this.#remove(event.detail));
    detail.addEventListener("renamed", () => this.start());
    session.addEventListener("opened", () => this.start());
  }

  /** Starts again. */
  async start() {
    this.#scan?.stop();
    let match = null;
    try {
      const pattern = patternOf(byId("keys-pattern").value);
      match = pattern === null ? null : pattern.startsWith('"') ? fromTyped(pattern) : pattern;
    } catch (error) {
      return this.#note(error.message, true);
    }
    this.#scan = new Scan(this.#session, { match, type: byId("keys-type").value });
    this.#busy = false;
    this.#note("");
    this.#show();
    this.#count();
    await this.#more(PAGE, 1500);
  }

  async #count() {
    try {
      const size = await this.#session.quietly({}, "DBSIZE");
      byId("keys-total").textContent = `${plural(size, "key")} in database ${this.#session.options?.database ?? 0}`;
    } catch {
      byId("keys-total").textContent = `Database ${this.#session.options?.database ?? 0}`;
    }
  }

  async #more(wanted, milliseconds) {
    const scan = this.#scan;
    if (!scan || this.#busy) return;
    this.#busy = true;
    byId("keys-all").textContent = "Stop";
    const draw = throttle(300, () => scan === this.#scan && this.#show());
    try {
      await scan.more(wanted, milliseconds, draw);
    } catch (error) {
      if (scan === this.#scan) this.#note(describe(error), true);
      return;
    } finally {
      if (scan === this.#scan) {
        this.#busy = false;
        byId("keys-all").textContent = "All";
      }
    }
    if (scan !== this.#scan) return;
    this.#show();
    this.#state();
  }

  #state() {
    const { entries, finished, full, looked } = this.#scan;
    const some = plural(entries.length, "key");
    if (full) this.#note(`${some}: no more than ${count(MOST_KEYS)} are shown. Narrow the pattern.`);
    else if (finished) this.#note(entries.length === 0 ? "No key matches." : `${some}, all there are.`);
    else this.#note(entries.length === 0 ? `No match among the first ${count(looked)} or so.` : `${some} so far.`);
    byId("keys-more").disabled = byId("keys-all").disabled = finished || full;
  }

  #note(text, isFault = false) {
    byId("keys-note").textContent = text;
    byId("keys-note").dataset.tone = isFault ? "bad" : "";
  }

  #show() {
    const entries = this.#scan?.entries ?? [];
    const separator = byId("keys-separator").value || ":";
    const rows = this.#tree
      ? treeRows(entries, separator, this.#open)
      : entries.toSorted(byName).map((entry) => ({ kind: "key", entry, label: entry.name, depth: 0 }));
    this.#rows = rows;
    this.#list.set(rows, { tree: this.#tree, active: this.#placeOfOpen() });
    byId("keys-separator-field").hidden = !this.#tree;
  }

  #placeOfOpen() {
    const { key } = this.#detail;
    const name = key === null ? null : show(key);
    return name === null ? -1 : this.#rows.findIndex(({ entry }) => entry?.name === name);
  }

  #row({ kind, entry, label, depth, count: inside, open }) {
    const pad = make("span.pad");
    pad.style.width = `${depth * 16}px`;
    if (kind === "folder") {
      return [pad, make("span.fold", { "aria-hidden": "true" }, open ? "▾" : "▸"), make("span.name", {}, label), make("span.ttl", {}, count(inside))];
    }
    const ttl = entry.ttl === null || entry.ttl === -1 ? "" : timeToLive(entry.ttl);
    return [pad, entry.type ? badge(entry.type) : make("span.type", {}, "…"), make("span.name", { title: entry.name }, label), make("span.ttl", {}, ttl)];
  }

  /** Types and times of the rows in view, together. */
  async #describe(rows) {
    const asked = rows.map(({ entry }) => entry).filter((entry) => entry && entry.ttl === null && !entry.asked);
    if (asked.length === 0 || !this.#session.client) return;
    await Promise.all(
      asked.map(async (entry) => {
        entry.asked = true;
        try {
          const [type, ttl] = await Promise.all([
            entry.type ?? this.#session.quietly({}, "TYPE", entry.key),
            this.#session.quietly({}, "PTTL", entry.key),
          ]);
          Object.assign(entry, { type, ttl });
        } catch {
          // The key is gone, or the command is not allowed: the row stays empty.
          Object.assign(entry, { type: entry.type ?? "?", ttl: -1 });
        }
      }),
    );
    this.#list.refresh();
  }

  #choose(row) {
    if (row.kind === "folder") return this.#fold(row, !row.open);
    this.#detail.open(row.entry.key);
  }

  #fold(row, open) {
    if (row.kind !== "folder" || row.open === open) return;
    if (open) this.#open.add(row.path);
    else this.#open.delete(row.path);
    const before = this.#list.active;
    this.#show();
    if (before !== null) this.#keep(before);
  }

  /** Keeps the active row after a folder was opened or closed. */
  #keep(before) {
    const at = this.#rows.findIndex((row) => (before.kind === "folder" ? row.path === before.path : row.entry === before.entry));
    if (at >= 0) this.#list.activate(at);
  }

  #goTo(text) {
    if (text === "") return;
    try {
      this.#detail.open(fromTyped(text));
    } catch (error) {
      this.#note(error.message, true);
    }
  }

  #forget(key) {
    const name = show(key);
    const entry = this.#scan?.entries.find((one) => one.name === name);
    if (entry) Object.assign(entry, { ttl: null, asked: false });
    this.#show();
  }

  #remove(key) {
    const name = show(key);
    const entries = this.#scan?.entries ?? [];
    const at = entries.findIndex((entry) => entry.name === name);
    if (at >= 0) entries.splice(at, 1);
    this.#show();
    this.#count();
  }
}

/** Orders by code units: fast and stable. */
function byName(one, other) {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** Calls `action` at once, and then at most once in this time. */
function throttle(milliseconds, action) {
  let last = -Infinity;
  return () => {
    const started = performance.now();
    if (started - last < milliseconds) return;
    action();
    // A slow update is done less often.
    last = performance.now() + 3 * (performance.now() - started);
  };
}
