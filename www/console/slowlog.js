// The slow log, and the latencies of LATENCY.

import { byId, make, toast } from "./dom.js";
import { confirm } from "./dialogs.js";
import { brief } from "./lib/bytes.js";
import { isPlain, quote } from "./lib/format.js";
import { microseconds, plural } from "./lib/units.js";
import { describe } from "./session.js";

const ENTRIES = 128;

export class SlowLog {
  #session;

  constructor(session) {
    this.#session = session;
    byId("slowlog-reload").addEventListener("click", () => {
      session.forgetRefusals();
      this.load();
    });
    byId("slowlog-reset").addEventListener("click", () => this.#reset());
  }

  /** Loads the data again. */
  async load() {
    await Promise.all([this.#slow(), this.#latency()]);
  }

  async #slow() {
    try {
      const entries = await this.#session.quietly({ bytes: true }, "SLOWLOG", "GET", ENTRIES);
      byId("slowlog-rows").replaceChildren(...entries.map(row));
      this.#note("slowlog-note", entries.length === 0 ? "The slow log is empty." : plural(entries.length, "entry", "entries"));
      byId("slowlog-table").hidden = entries.length === 0;
    } catch (error) {
      this.#refused("slowlog", error);
    }
  }

  async #latency() {
    try {
      const entries = await this.#session.quietly({ bytes: false }, "LATENCY", "LATEST");
      const rows = entries.map(([event, time, latest, most]) =>
        make("tr", {}, make("td", {}, event), make("td", {}, stamp(time)), make("td.number", {}, `${latest} ms`), make("td.number", {}, `${most} ms`)),
      );
      byId("latency-rows").replaceChildren(...rows);
      byId("latency-table").hidden = rows.length === 0;
      this.#note("latency-note", rows.length === 0 ? "Nothing was slow, or latency-monitor-threshold is 0." : "");
    } catch (error) {
      this.#refused("latency", error);
    }
  }

  async #reset() {
    if (!(await confirm("Empty the slow log?", "Its entries are gone for everybody.", "Empty it"))) return;
    try {
      await this.#session.send("SLOWLOG", "RESET");
      toast("The slow log is empty");
    } catch (error) {
      toast(describe(error), "bad");
    }
    this.load();
  }

  #refused(name, error) {
    byId(`${name}-table`).hidden = true;
    this.#note(`${name}-note`, describe(error), true);
  }

  #note(id, text, isFault = false) {
    byId(id).textContent = text;
    byId(id).dataset.tone = isFault ? "bad" : "";
  }
}

function stamp(seconds) {
  const when = new Date(Number(seconds) * 1000);
  return make("time", { datetime: when.toISOString() }, when.toISOString().slice(0, 19).replace("T", " "));
}

function row([id, time, taken, words, client, name]) {
  const text = words.map((word) => {
    const shown = brief(word, 200);
    return isPlain(shown) && !/\s/.test(shown) ? shown : quote(word.subarray(0, 200));
  });
  const who = [client, name].filter((one) => one?.length > 0).map((one) => brief(one, 60));
  return make(
    "tr",
    { data: { testid: "slowlog-entry" } },
    make("td.number", {}, String(id)),
    make("td", {}, stamp(time)),
    make("td.number", {}, microseconds(Number(taken))),
    make("td", {}, make("code", {}, text.join(" "))),
    make("td", {}, who.join(" ")),
  );
}
