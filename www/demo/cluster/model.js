// What the messages of the demo say together: servers with their rates, a history, a log.

/**
 * @typedef {{ endpoint: string, role: "primary" | "replica" | "unknown", of?: string, zone: string | null,
 *   slots: [number, number][], connected: boolean, sent: number, under_way: number }} NodeLine
 * @typedef {{ seconds: number, commands: number, waiting: number, slowest_ms: number,
 *   errors: { not_sent: number, maybe_executed: number, answered: number }, wrong: number, lost: number,
 *   last_error: string | null, map: { age_ms: number | null, refreshes: number, redirects: number },
 *   nodes: NodeLine[], events: { kind: string, text: string }[] }} Watch
 * @typedef {{ at: number, servers: { name: string, endpoint: string, running: boolean }[], doing: string | null,
 *   automatic: boolean, next: { what: string, seconds: number } | null, said: { tone: string, text: string }[],
 *   watch: Watch | null }} Message
 * @typedef {{ name: string, endpoint: string, running: boolean, role: "primary" | "replica" | "down" | "unknown",
 *   of: string | null, zone: string | null, slots: [number, number][], slotCount: number, connected: boolean,
 *   perSecond: number }} Server
 * @typedef {{ number: number, at: number, from: "client" | "demo" | "load", tone: string, text: string }} Entry
 * @typedef {{ at: number, rates: number[] }} Sample
 */

/** At four messages a second, a minute. */
export const SAMPLES = 240;
/** As long is the log. */
export const ENTRIES = 300;
/** Rates are over this many messages: one second for figures, half of one for the chart. */
const FIGURE = 4;
const CHART = 2;

const TONES = new Map([
  ["connectionFailed", "bad"],
  ["internalError", "bad"],
  ["connectionRestored", "good"],
  ["errorMessage", "warn"],
  ["missed", "warn"],
]);

export class Model {
  /** @type {Message | null} */
  last = null;
  /** @type {Server[]} */
  servers = [];
  /** @type {Sample[]} */
  samples = [];
  /** @type {Entry[]} */
  entries = [];
  /** Commands in a second; `null` before there are any.
   * @type {number | null} */
  rate = null;
  /** Milliseconds, in the last second. */
  slowest = 0;
  /** @type {Watch[]} */
  #watches = [];
  #numbers = 0;
  /** The entry of single slots that the next one joins.
   * @type {{ way: string, count: number, entry: Entry } | null} */
  #slots = null;

  /** @param {Message} message */
  add(message) {
    this.last = message;
    const { watch } = message;
    if (watch) {
      this.#watches.push(watch);
      if (this.#watches.length > FIGURE + 1) this.#watches.shift();
      this.rate = this.#rate(FIGURE, ({ commands }) => commands);
      this.slowest = Math.max(...this.#watches.slice(-FIGURE).map(({ slowest_ms }) => slowest_ms));
    }
    this.servers = message.servers.map((server) => this.#server(server));
    if (watch && this.#watches.length > CHART) {
      this.samples.push({ at: message.at, rates: message.servers.map(({ endpoint }) => this.#rate(CHART, (line) => sent(line, endpoint)) ?? 0) });
      if (this.samples.length > SAMPLES) this.samples.shift();
    }
    for (const { tone, text } of message.said) this.#log("demo", tone, text);
    for (const { kind, text } of watch?.events ?? []) this.#logEvent(kind, this.#named(text));
    if (watch?.last_error) this.#log("load", "bad", this.#named(watch.last_error));
  }

  /** The server's part of the slots, by its name. */
  get owners() {
    const found = this.servers.flatMap((server, place) => server.slots.map(([first, last]) => ({ first, last, place, name: server.name })));
    return found.sort((a, b) => a.first - b.first);
  }

  /** The name of an endpoint, if it is one of the servers.
   * @param {string | undefined} endpoint */
  #name(endpoint) {
    return this.last?.servers.find((server) => server.endpoint === endpoint)?.name ?? null;
  }

  /** A text with names in place of endpoints.
   * @param {string} text */
  #named(text) {
    const servers = this.last?.servers ?? [];
    return servers.reduce((text, { endpoint, name }) => text.replaceAll(new RegExp(`${endpoint.replaceAll(".", "\\.")}(?!\\d)`, "g"), name), text);
  }

  /** @param {Message["servers"][number]} server
   * @returns {Server} */
  #server({ name, endpoint, running }) {
    const node = this.last?.watch?.nodes.find((node) => node.endpoint === endpoint);
    const before = this.servers.find((server) => server.endpoint === endpoint);
    // A message without the client's part says nothing new of it.
    if (!this.last?.watch && before) return { ...before, running, role: running ? before.role : "down" };
    const slots = node?.slots ?? [];
    return {
      name,
      endpoint,
      running,
      role: running ? (node?.role ?? "unknown") : "down",
      of: this.#name(node?.of),
      zone: node?.zone ?? null,
      slots,
      slotCount: slots.reduce((sum, [first, last]) => sum + last - first + 1, 0),
      connected: node?.connected ?? false,
      perSecond: this.#rate(FIGURE, (line) => sent(line, endpoint)) ?? 0,
    };
  }

  /** How much a number has grown in a second, over the last messages.
   * @param {number} messages
   * @param {(line: Watch) => number} read */
  #rate(messages, read) {
    const now = this.#watches.at(-1);
    const then = this.#watches.at(-1 - Math.min(messages, this.#watches.length - 1));
    if (!now || !then || now.seconds <= then.seconds) return null;
    // A server that is known anew begins at zero.
    return Math.max(0, (read(now) - read(then)) / (now.seconds - then.seconds));
  }

  /** @param {string} kind
   * @param {string} text */
  #logEvent(kind, text) {
    const [, way] = /^slots \d+ (moved from [A-Z] to [A-Z])$/.exec(text) ?? [];
    const last = this.#slots;
    if (way !== undefined && last?.way === way) {
      // Each is the answer to a redirect: one line for all that follow each other.
      last.count += 1;
      last.entry.text = `${last.count} slots ${way}, each by a redirect`;
      return;
    }
    // A server that has been elected: the connection for reading from a replica ends.
    const isUsual = text.endsWith("it is no replica any more");
    const entry = this.#log("client", isUsual ? "" : (TONES.get(kind) ?? ""), shortened(text));
    this.#slots = way === undefined ? null : { way, count: 1, entry };
  }

  /** @param {Entry["from"]} from
   * @param {string} tone
   * @param {string} text */
  #log(from, tone, text) {
    const entry = { number: this.#numbers++, at: this.last?.at ?? 0, from, tone, text };
    this.entries.push(entry);
    if (this.entries.length > ENTRIES) this.entries.shift();
    return entry;
  }
}

/** A text in which a long list of slots is its number.
 * @param {string} text */
function shortened(text) {
  return text.replace(/^slots ([\d, -]{60,}) moved/, (_, /** @type {string} */ list) => {
    const ranges = list.split(", ").map((range) => range.split("-").map(Number));
    const count = ranges.reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
    return `${count} slots in ${ranges.length} ranges moved`;
  });
}

/** What was sent to a server so far.
 * @param {Watch} line
 * @param {string} endpoint */
function sent(line, endpoint) {
  return line.nodes.find((node) => node.endpoint === endpoint)?.sent ?? 0;
}

/** What an entry of the demo is on the chart: `A ✕`; `null` if it is nothing there.
 * @param {Entry} entry */
export function mark({ from, text }) {
  if (from !== "demo") return null;
  const found = /^([A-Z]) (was killed|was elected|is back|has taken over)/.exec(text);
  const signs = { "was killed": "✕", "was elected": "▲", "has taken over": "▲", "is back": "↩" };
  if (found) return `${found[1]} ${signs[/** @type {keyof typeof signs} */ (found[2])]}`;
  const moved = /slots moved from ([A-Z]) to ([A-Z])$/.exec(text);
  return moved ? `${moved[1]}→${moved[2]}` : null;
}
