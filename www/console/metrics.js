// Charts of the connection and of the server.

import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { fieldsOf, parseInfo } from "./lib/info.js";
import { binaryCeiling, ceiling, Derivative, percentile } from "./lib/stats.js";
import { duration, short, size } from "./lib/units.js";
import { describe } from "./session.js";

/** Milliseconds between samples. */
const EVERY = 1000;
/** Number of PINGs in the window that the percentiles are of. */
const WINDOW = 60;

export class Metrics {
  #session;
  #latency;
  #throughput;
  #memory;
  #clients;
  #pings = [];
  #own = new Derivative();
  #busy = false;

  constructor(session) {
    this.#session = session;
    const number = { format: short, top: (values) => Math.max(5, ceiling(values)) };
    this.#latency = new Chart("Round trip", [{ name: "last", color: 1 }, { name: "p50", color: 2 }, { name: "p99", color: 3 }], { format: duration, testid: "chart-latency" });
    this.#throughput = new Chart("Commands per second", [{ name: "server", color: 1 }, { name: "this page", color: 2 }], { ...number, testid: "chart-throughput" });
    this.#memory = new Chart("Memory", [{ name: "used", color: 1 }, { name: "resident", color: 2 }], { format: size, top: binaryCeiling, testid: "chart-memory" });
    this.#clients = new Chart("Clients", [{ name: "connected", color: 1 }, { name: "blocked", color: 3 }], { ...number, testid: "chart-clients" });
    byId("charts").append(this.#latency.element, this.#throughput.element, this.#memory.element, this.#clients.element);
    session.addEventListener("opened", () => this.#reset());
    setInterval(() => this.#sample(), EVERY);
  }

  #reset() {
    this.#pings = [];
    this.#own = new Derivative();
    this.#note("");
  }

  async #sample() {
    // Hidden tabs cost the server nothing.
    if (document.hidden || this.#session.state === "closed" || this.#busy) return;
    this.#busy = true;
    try {
      await this.#ping();
      await this.#server();
    } finally {
      this.#busy = false;
    }
  }

  async #ping() {
    const started = performance.now();
    let taken = null;
    try {
      // Waiting for a connection is not a round trip.
      if (this.#session.state === "ready") {
        await this.#session.quietly({ timeout: 3000 }, "PING");
        taken = performance.now() - started;
      }
    } catch {
      // A gap in the chart.
    }
    this.#pings.push(taken);
    if (this.#pings.length > WINDOW) this.#pings.shift();
    const answered = this.#pings.filter((ping) => ping !== null);
    this.#latency.add([taken, percentile(answered, 0.5), percentile(answered, 0.99)], Date.now());
  }

  async #server() {
    const now = performance.now();
    const own = this.#own.next(this.#session.sent, now);
    let fields = new Map();
    try {
      if (this.#session.state === "ready") fields = fieldsOf(parseInfo(await this.#session.quietly({ timeout: 3000 }, "INFO")));
      this.#note("");
    } catch (error) {
      this.#note(describe(error));
    }
    const number = (name) => (fields.has(name) ? Number(fields.get(name)) : null);
    const time = Date.now();
    this.#throughput.add([number("instantaneous_ops_per_sec"), own], time);
    this.#memory.add([number("used_memory"), number("used_memory_rss")], time);
    this.#clients.add([number("connected_clients"), number("blocked_clients")], time);
  }

  #note(text) {
    const note = byId("metrics-note");
    note.hidden = text === "";
    if (note.textContent !== text) note.textContent = text;
  }
}
