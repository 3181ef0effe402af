// All events of the client.

import { byId, make } from "./dom.js";
import { Ring } from "./lib/ring.js";
import { plural } from "./lib/units.js";

const KEPT = 500;
const RANK = { info: 0, good: 0, warning: 1, error: 2 };

export class EventLog {
  #events = new Ring(KEPT);
  #list = byId("events-list");

  constructor(session) {
    session.addEventListener("log", ({ detail }) => this.#add({ ...detail, time: new Date() }));
    byId("events-level").addEventListener("change", () => this.#draw());
    byId("events-clear").addEventListener("click", () => {
      this.#events.clear();
      this.#draw();
    });
    this.#draw();
  }

  #add(event) {
    this.#events.push(event);
    if (this.#wanted(event)) this.#list.prepend(row(event));
    while (this.#list.children.length > KEPT) this.#list.lastElementChild.remove();
    this.#tell();
  }

  #wanted({ level }) {
    return RANK[level] >= Number(byId("events-level").value);
  }

  #draw() {
    this.#list.replaceChildren(...[...this.#events].filter((event) => this.#wanted(event)).reverse().map(row));
    this.#tell();
  }

  #tell() {
    const { total, dropped } = this.#events;
    byId("events-count").textContent = dropped > 0 ? `${plural(total, "event")}, the newest ${KEPT} are kept` : plural(total, "event");
  }
}

function row({ name, level, text, time }) {
  const stamp = `${time.toLocaleTimeString("en-GB")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  return make(
    "li.event",
    { data: { testid: "event", event: name, level } },
    make("time", { datetime: time.toISOString() }, stamp),
    make("span.level", {}, level === "good" ? "info" : level),
    make("span.name", {}, name),
    make("span.text", {}, text),
  );
}
