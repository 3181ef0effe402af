// A table that is loaded page by page, and never holds more than it can show.

import { button, make } from "../dom.js";
import { brief, show } from "../lib/bytes.js";
import { tell } from "../dialogs.js";
import { describe } from "../session.js";

/** The most rows: beyond it, rows at the top go when others come at the bottom. */
const MOST_ROWS = 1000;

export class PagedTable {
  #load;
  #body = make("tbody");
  #note = make("p.note", { data: { testid: "table-note" } });
  #more;
  #dropped = 0;
  #row;
  #turn = 0;
  #next = null;
  element;

  /**
   * `load(next)` returns `{ rows, next, total }`, with `next` null at the end and for the first page;
   * `row(item)` returns the cells, as elements or bytes.
   */
  constructor(caption, columns, { load, row }) {
    this.#load = load;
    this.#row = row;
    this.#more = button("More", () => this.#page(), { data: { testid: "table-more" } });
    const heads = columns.map((name) => make("th", { scope: "col" }, name));
    const table = make("table", { data: { testid: "value-table" } }, make("caption.hidden", {}, caption), make("thead", {}, make("tr", {}, ...heads)), this.#body);
    const scroller = make("div.table", { tabindex: "0", role: "region", "aria-label": caption }, table);
    this.element = make("div.paged", {}, scroller, make("div.bar", {}, this.#note, this.#more));
  }

  /** Loads from the beginning. */
  async restart() {
    this.#turn += 1;
    this.#next = null;
    this.#dropped = 0;
    this.#body.replaceChildren();
    await this.#page();
  }

  async #page() {
    const turn = this.#turn;
    this.#more.disabled = true;
    try {
      const { rows, next, total } = await this.#load(this.#next);
      if (turn !== this.#turn) return;
      this.#next = next;
      for (const item of rows) this.#body.append(make("tr", {}, ...this.#row(item).map(cell)));
      while (this.#body.children.length > MOST_ROWS) {
        this.#body.firstElementChild.remove();
        this.#dropped += 1;
      }
      this.#tell(total);
    } catch (error) {
      this.#note.textContent = describe(error);
    } finally {
      this.#more.disabled = false;
    }
  }

  #tell(total) {
    const shown = this.#body.children.length;
    const before = this.#dropped > 0 ? `, ${this.#dropped} before them left out` : "";
    this.#note.textContent = `${shown} of ${total}${before}`;
    this.#more.hidden = this.#next === null;
  }
}

function cell(content) {
  return make("td", {}, content instanceof Uint8Array ? value(content) : content);
}

/** A value in a cell: a short one in full, a long one to open. */
export function value(bytes) {
  const shown = brief(bytes, 300);
  if (!shown.endsWith("…") || shown === show(bytes)) return make("code", {}, shown);
  const open = button("all", () => tell("Value", make("pre.well", { tabindex: "0" }, show(bytes.subarray(0, 1 << 20)))));
  return make("span", {}, make("code", {}, shown), " ", open);
}
