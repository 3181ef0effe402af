// The connection of the page, and its state.

import { connect } from "./redmux/src/index.js";

/** The gateway or the server refuses a command to this user. */
class Denied extends Error {
  name = "Denied";
}

/** The text of a gateway that refuses a command itself. */
const BY_GATEWAY = /GATEWAY\.DENIED ([^']*)'/;

/** Whether this user may not run the command at all, as far as the error shows. */
function isDenial({ serverCode, serverText = "" }) {
  if (BY_GATEWAY.test(serverText)) return true;
  // Other keys may be allowed.
  return serverCode === "NOPERM" && !/access (a|one of the) (key|channel)/.test(serverText);
}

/** An error in one line, for people. */
export function describe(error) {
  const byGateway = BY_GATEWAY.exec(error.serverText ?? "");
  if (byGateway) return `The gateway does not allow ${byGateway[1]}`;
  if (error.serverText !== undefined) return error.serverText;
  if (error.name === "TimeoutError" || error.name === "ConnectionError") return `${error.message} (${error.code})`;
  return error.message;
}

/**
 * Fires `state` (see `state`), `log` (`detail`: `{ name, level, text }`) and `opened` whenever there
 * is a new client.
 */
export class Session extends EventTarget {
  /** `closed`, `connecting`, `ready` or `lost`. */
  state = "closed";
  client = null;
  /** The text of the last failure, for the top of the page. */
  trouble = "";
  /** Commands sent by this page. */
  sent = 0;
  options = null;
  #refused = new Map();
  /** Commands that were sent once and not answered yet: it is not known whether they are allowed. */
  #trying = new Map();
  #attempt = 0;

  /** Connects; throws what `connect` throws. */
  async open({ url, ...options }) {
    const attempt = ++this.#attempt;
    this.#move("connecting");
    let client;
    try {
      client = await connect(url, { clientName: "redmux-console", connectRetry: 1, ...options });
    } catch (error) {
      if (attempt === this.#attempt) this.#move("closed");
      this.#log("connectFailed", "error", `${error.code}${error.stage ? `, stage ${error.stage}` : ""}: ${error.message}`);
      throw error;
    }
    if (attempt !== this.#attempt) {
      client.close().catch(() => {});
      return;
    }
    this.client = client;
    this.options = { url, username: options.username ?? "", database: options.database ?? 0 };
    this.forgetRefusals();
    this.#listen(client);
    this.#move("ready");
    this.#log("connected", "good", client.status().connections[0]?.endpoint ?? url);
    this.dispatchEvent(new Event("opened"));
  }

  /** Stops connecting, or closes the connection. */
  async close() {
    this.#attempt += 1;
    const client = this.client;
    this.client = null;
    this.#move("closed");
    if (!client) return;
    this.#log("closed", "info", "by this page");
    await client.close().catch(() => {});
  }

  /** Sends a command; texts in the reply are bytes. */
  send(...words) {
    return this.sendWith({ bytes: true }, ...words);
  }

  /** Sends a command whose reply is text. */
  text(...words) {
    return this.sendWith({}, ...words);
  }

  async sendWith(options, ...words) {
    const client = this.client;
    if (!client) throw new Error("not connected");
    this.sent += 1;
    return client.send(...words, options);
  }

  /**
   * Sends a command that a panel needs by itself. A refused command is not sent again: gateways
   * close clients that keep trying.
   */
  async quietly(options, ...words) {
    const name = typeof words[1] === "string" && /^[A-Z]+$/.test(words[1]) ? `${words[0]} ${words[1]}` : words[0];
    // Of several at once, one is sent first.
    const first = this.#trying.get(name);
    if (first) await first.catch(() => {});
    const known = this.#refused.get(name);
    if (known) throw known;
    const reply = this.sendWith(options, ...words);
    if (!first) this.#trying.set(name, reply);
    try {
      return await reply;
    } catch (error) {
      if (!isDenial(error)) throw error;
      const denied = new Denied(`This user may not run ${name}: ${describe(error)}`);
      this.#refused.set(name, denied);
      throw denied;
    }
  }

  /** Lets panels try refused commands again. */
  forgetRefusals() {
    this.#refused.clear();
    this.#trying.clear();
  }

  #move(state, trouble = "") {
    this.state = state;
    this.trouble = trouble;
    this.dispatchEvent(new Event("state"));
  }

  #log(name, level, text) {
    this.dispatchEvent(new CustomEvent("log", { detail: { name, level, text } }));
  }

  #listen(client) {
    const on = (name, level, text) =>
      client.on(name, (event) => {
        if (this.client === client || name === "internalError") this.#log(name, level, text(event));
      });
    on("connectionFailed", "error", ({ failure, error, maybeExecuted }) => {
      const lost = maybeExecuted > 0 ? `; ${maybeExecuted} may have been executed` : "";
      return `${failure}: ${error.message}${lost}`;
    });
    client.on("connectionFailed", ({ error }) => this.client === client && this.#move("lost", error.message));
    client.on("connectionRestored", () => {
      if (this.client !== client) return;
      this.#move("ready");
      this.dispatchEvent(new Event("restored"));
    });
    on("connectionRestored", "good", ({ outage, attempts }) => `after ${Math.round(outage)} ms and ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`);
    on("errorMessage", "warning", ({ message }) => message);
    on("internalError", "error", ({ message }) => message);
    on("missed", "warning", ({ message }) => message);
    on("configurationChanged", "info", ({ message }) => message);
  }
}
