// A list of any length, of which only the rows that can be seen are elements.

import { make } from "./dom.js";

const SPARE = 6;

export class VirtualList {
  #host;
  #space = make("div.space", { role: "presentation" });
  #rows = [];
  #height;
  #render;
  #open;
  #fold;
  #seen;
  #active = -1;
  #made = new Map();
  #role;
  #asked = 0;

  /**
   * `render(row)` returns the contents of a row, `open(row)` is called for Enter and clicks,
   * `fold(row, open)` for the left and right arrow of a tree, `seen(rows)` with those in view.
   */
  constructor(host, { height, render, open, fold = () => false, seen = () => {} }) {
    this.#host = host;
    this.#height = height;
    this.#render = render;
    this.#open = open;
    this.#fold = fold;
    this.#seen = seen;
    this.#role = "listbox";
    host.append(this.#space);
    host.tabIndex = 0;
    host.addEventListener("scroll", () => this.#later(), { passive: true });
    host.addEventListener("keydown", (event) => this.#key(event));
    host.addEventListener("click", (event) => this.#click(event));
    host.addEventListener("focus", () => this.#active < 0 && this.#rows.length > 0 && this.activate(0));
    new ResizeObserver(() => this.#later()).observe(host);
  }

  /** Shows these rows; `tree`: announced as a tree. */
  set(rows, { tree = false, active = -1 } = {}) {
    this.#rows = rows;
    this.#role = tree ? "tree" : "listbox";
    this.#host.setAttribute("role", rows.length === 0 ? "group" : this.#role);
    this.#active = active >= 0 ? active : Math.min(this.#active, rows.length - 1);
    this.#space.style.height = `${rows.length * this.#height}px`;
    for (const element of this.#made.values()) element.remove();
    this.#made.clear();
    this.#draw();
    this.#mark();
  }

  /** Redraws the rows in view. */
  refresh() {
    for (const [at, element] of this.#made) element.replaceChildren(...this.#render(this.#rows[at]));
  }

  get active() {
    return this.#rows[this.#active] ?? null;
  }

  activate(at) {
    if (this.#rows.length === 0) return;
    this.#active = Math.max(0, Math.min(this.#rows.length - 1, at));
    const top = this.#active * this.#height;
    const { scrollTop, clientHeight } = this.#host;
    if (top < scrollTop) this.#host.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) this.#host.scrollTop = top + this.#height - clientHeight;
    this.#draw();
    this.#mark();
  }

  #later() {
    if (this.#asked) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#draw();
    });
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.#host.scrollTop / this.#height) - SPARE);
    const shown = Math.ceil(this.#host.clientHeight / this.#height) + 2 * SPARE;
    const last = Math.min(this.#rows.length, first + shown);
    for (const [at, element] of this.#made) {
      if (at >= first && at < last) continue;
      element.remove();
      this.#made.delete(at);
    }
    for (let at = first; at < last; at++) if (!this.#made.has(at)) this.#make(at);
    this.#host.dataset.rows = this.#made.size;
    this.#seen(this.#rows.slice(first, last));
  }

  #make(at) {
    const row = this.#rows[at];
    const isTree = this.#role === "tree";
    const element = make("div.row", {
      id: `${this.#host.id}-${at}`,
      role: isTree ? "treeitem" : "option",
      "aria-level": isTree ? row.depth + 1 : null,
      "aria-expanded": row.kind === "folder" ? String(row.open) : null,
      "aria-setsize": this.#rows.length,
      "aria-posinset": at + 1,
      "aria-selected": String(at === this.#active),
      data: { at, kind: row.kind ?? "key" },
    });
    element.style.transform = `translateY(${at * this.#height}px)`;
    element.style.height = `${this.#height}px`;
    element.append(...this.#render(row));
    this.#made.set(at, element);
    // In the order in which they are read.
    const after = [...this.#space.children].find((other) => Number(other.dataset.at) > at);
    this.#space.insertBefore(element, after ?? null);
  }

  #mark() {
    for (const [at, element] of this.#made) element.setAttribute("aria-selected", String(at === this.#active));
    const active = this.#made.get(this.#active);
    if (active) this.#host.setAttribute("aria-activedescendant", active.id);
    else this.#host.removeAttribute("aria-activedescendant");
  }

  #click(event) {
    const element = event.target.closest(".row");
    if (!element) return;
    this.activate(Number(element.dataset.at));
    this.#open(this.active);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#host.clientHeight / this.#height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.activate(Math.max(0, Math.min(this.#rows.length - 1, this.#active + steps[event.key])));
    else if ((event.key === "Enter" || event.key === " ") && this.active) this.#open(this.active);
    else if (event.key === "ArrowRight" && this.active) this.#fold(this.active, true);
    else if (event.key === "ArrowLeft" && this.active) this.#fold(this.active, false);
    else return;
    event.preventDefault();
  }
}
