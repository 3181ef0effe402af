// Tabs after the ARIA practices: arrows move and choose, Tab enters the panel.

import { byId } from "./dom.js";

/** Fires `chosen` with the name of the tab. */
export class Tabs extends EventTarget {
  #tabs;
  chosen = "";

  constructor(list) {
    super();
    this.#tabs = [...list.querySelectorAll('[role="tab"]')];
    list.addEventListener("click", (event) => {
      const tab = event.target.closest('[role="tab"]');
      if (tab) this.choose(tab.dataset.tab);
    });
    list.addEventListener("keydown", (event) => {
      const at = this.#tabs.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const tab = this.#tabs.at(to % this.#tabs.length);
      this.choose(tab.dataset.tab);
      tab.focus();
    });
  }

  get names() {
    return this.#tabs.map((tab) => tab.dataset.tab);
  }

  choose(name) {
    this.chosen = name;
    for (const tab of this.#tabs) {
      const isChosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !isChosen;
      if (isChosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.dispatchEvent(new CustomEvent("chosen", { detail: name }));
  }
}
