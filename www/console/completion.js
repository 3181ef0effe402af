// Completion under the command line (an ARIA combobox), and help on the command in it.

import { byId, make } from "./dom.js";
import { complete, hint } from "./lib/complete.js";

const SHOWN = 8;

export class Completion {
  #input;
  #docs;
  #list = byId("cli-options");
  #help = byId("cli-help");
  #options = [];
  #from = 0;
  #active = -1;

  /** `docs` returns the `Map` of commands, which may be empty at first. */
  constructor(input, docs) {
    this.#input = input;
    this.#docs = docs;
    input.addEventListener("input", () => this.update());
    input.addEventListener("click", () => this.#describe());
    input.addEventListener("keyup", (event) => /^(Arrow(Left|Right)|Home|End)$/.test(event.key) && this.#describe());
    input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && this.close(), 150));
    docs.addEventListener("loaded", () => document.activeElement === input && this.update());
    // Before the field loses the focus.
    this.#list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li");
      if (item) this.#take(Number(item.dataset.at));
    });
  }

  update() {
    const { from, options } = complete(this.#input.value, this.#input.selectionStart, this.#docs.commands);
    this.#from = from;
    this.#options = options;
    this.#active = -1;
    this.#draw();
    this.#describe();
  }

  close() {
    this.#options = [];
    this.#active = -1;
    this.#draw();
  }

  /** Returns whether the list handled the key. */
  key(event) {
    if (this.#options.length === 0) return false;
    const { length } = this.#options;
    if (event.key === "ArrowDown") this.#move((this.#active + 1) % length);
    else if (event.key === "ArrowUp") this.#move((this.#active <= 0 ? length : this.#active) - 1);
    else if (event.key === "Tab" && !event.shiftKey) this.#take(Math.max(0, this.#active));
    else if (event.key === "Enter" && this.#active >= 0) this.#take(this.#active);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  #move(at) {
    this.#active = at;
    this.#draw();
  }

  #take(at) {
    const { value, selectionStart } = this.#input;
    const before = value.slice(0, this.#from) + this.#options[at].text;
    const rest = value.slice(selectionStart);
    this.#input.value = `${before}${rest.startsWith(" ") ? "" : " "}${rest}`;
    this.#input.setSelectionRange(before.length + 1, before.length + 1);
    this.update();
  }

  #draw() {
    const open = this.#options.length > 0;
    this.#list.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
    const first = Math.max(0, Math.min(this.#active - SHOWN + 1, this.#options.length - SHOWN));
    const items = this.#options.slice(first, first + SHOWN).map(({ text, note }, place) => {
      const at = first + place;
      return make(
        "li",
        { id: `cli-option-${at}`, role: "option", "aria-selected": String(at === this.#active), data: { at } },
        make("b", {}, text),
        make("span", {}, note),
      );
    });
    this.#list.replaceChildren(...items);
    if (this.#active >= 0) this.#input.setAttribute("aria-activedescendant", `cli-option-${this.#active}`);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #describe() {
    const found = hint(this.#input.value, this.#input.selectionStart, this.#docs.commands);
    this.#help.hidden = !found;
    if (!found) return;
    const { command, parts, at } = found;
    const syntax = make("p.syntax", { data: { testid: "cli-syntax" } }, make("b", {}, command.name));
    parts.forEach((part, place) => syntax.append(" ", make(place === at ? "mark" : "span", {}, part)));
    const facts = [
      command.summary,
      command.group && `Group: ${command.group}`,
      command.since && `Since ${command.since}`,
      command.complexity && `Complexity: ${command.complexity}`,
    ];
    const [summary, ...rest] = facts;
    this.#help.replaceChildren(
      syntax,
      ...(summary ? [make("p", { data: { testid: "cli-summary" } }, summary)] : []),
      make("p.note", {}, rest.filter(Boolean).join(" · ")),
    );
  }
}
