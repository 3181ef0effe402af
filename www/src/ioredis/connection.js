// The connection of a `Redis` object: opens it, opens the next one when it is lost, and keeps what waits meanwhile. The states
// and their order are those of ioredis.

/** @import { Unknown } from "../internal.js" */
/** @import { Callback } from "./promises.js" */
/** @import { Transaction as Batch } from "./pipeline.js" */
/** @import { Options } from "./options.js" */
/** @typedef {"wait" | "connecting" | "connect" | "ready" | "close" | "reconnecting" | "end" | "monitoring"} Status */
/** @typedef {Command | Batch} Item What waits for a connection, and is sent again. */

import { EventEmitter } from "node:events";

import { Command } from "./command.js";
import { AbortError, caused, CLOSED, closed, connectError, MaxRetriesPerRequestError, ReplyError, translated } from "./errors.js";
import { Link } from "./link.js";
import { shown } from "./monitor.js";
import { parseOptions, toConnect } from "./options.js";
import { noop, withCallback } from "./promises.js";

export class Connection extends EventEmitter {
  /** @type {string} */
  status = "wait";
  /** Number of failed attempts to connect since the last connection. */
  retryAttempts = 0;
  /** @type {Link | null} */
  #link = null;
  /** Number of the attempt: what belongs to an earlier one is ignored. */
  #epoch = 0;
  /** @type {AbortController | null} */
  #attempt = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** The connection is being closed: what is called now waits for the next. */
  #closing = false;
  /** There is no next connection. */
  #final = false;
  /** @type {Item[]} What waits for a connection. */
  #waiting = [];
  /** @type {{ resolve: () => void, reject: (error: unknown) => void } | null} The call of `connect`. */
  #connecting = null;

  /** @param {unknown[]} args Those of `new Redis`. */
  constructor(args) {
    super();
    /** @type {Options} */
    this.options = this._parse(args);
  }

  /** @internal @param {unknown[]} args @returns {Options} */
  _parse(args) {
    return parseOptions(args);
  }

  /** @internal @param {Options} options @param {AbortSignal} signal */
  _dial(options, signal) {
    return toConnect(options, signal);
  }

  /** @internal Why connecting failed. @param {Unknown} error @returns {Unknown} */
  _why(error) {
    return connectError(error);
  }

  /** @internal The connection, while there is one. */
  get _link() {
    return this.#link;
  }

  /** @internal Sends what was submitted. @param {Item} _item */
  _issue(_item) {}

  /** @internal Subscribes again. @param {Link} _link @param {(error: Unknown) => void} _failed */
  async _restore(_link, _failed) {}

  /** @internal The connection is gone. */
  _lose() {}

  /** @param {Callback} [callback] */
  connect(callback) {
    const promise = new Promise((/** @type {(done?: Unknown) => void} */ resolve, reject) => {
      if (["connecting", "connect", "ready"].includes(this.status)) throw new Error("Redis is already connecting/connected");
      clearTimeout(this.#timer);
      this.#connecting = { resolve, reject };
      this.#open().catch(noop);
    });
    return withCallback(promise, callback);
  }

  async #open() {
    const epoch = ++this.#epoch;
    const current = () => epoch === this.#epoch;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#setStatus("connecting");
    let link;
    try {
      link = await Link.open(
        this.options,
        (options) => this._dial(options, attempt.signal),
        (error) => {
          if (current()) this.#lost(error);
        },
      );
    } catch (error) {
      if (!current()) return;
      const why = this._why(error);
      if (why instanceof ReplyError) this.#flush(why);
      this._silentEmit("error", why);
      this.#closed(why);
      return;
    }
    if (!current()) return link.disconnect();
    this.#link = link;
    this.#setStatus("connect");
    const { connectionName } = this.options;
    // Not for all connections of the client: ioredis has one with this name.
    if (connectionName) link.execute(new Command("client", ["SETNAME", connectionName]), undefined).catch(noop);
    // Who sets this uses commands that block: their connection is there when the first is called.
    const ahead = this.options.maxRetriesPerRequest === null ? link.prepare() : null;
    if (this.options.enableReadyCheck) await this.#loaded(link, current);
    await ahead;
    await this._restore(link, (error) => {
      if (current()) this._silentEmit("error", translated(error));
    });
    if (!current()) return;
    if (this.options.monitor) await this.#watchServer(link, attempt.signal, current);
    else this.#ready(link);
  }

  /** Shows what the server executes, and nothing else. @param {Link} link @param {AbortSignal} signal @param {() => boolean} current */
  async #watchServer(link, signal, current) {
    this.#ready(link);
    try {
      await shown(link, signal, {
        begin: () => {
          if (current()) this.#setStatus("monitoring");
        },
        show: (line) => this.emit("monitor", line.time.toFixed(6), line.args, line.client, String(line.database)),
      });
    } catch (error) {
      if (!current()) return;
      this._silentEmit("error", translated(error));
      this.disconnect();
    }
  }

  /** Waits until the server has read its data. @param {Link} link @param {() => boolean} current */
  async #loaded(link, current) {
    while (current()) {
      let info = "";
      try {
        info = await link.execute(new Command("info", ["persistence"], { replyEncoding: "utf8" }), undefined);
      } catch {
        // Who may not ask cannot wait.
        return;
      }
      if (!/^loading:1/m.test(info)) return;
      const wait = Number(/^loading_eta_seconds:(\d+)/m.exec(info)?.[1] ?? 1) * 1000 || 1000;
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, this.options.maxLoadingRetryTime || wait)));
    }
  }

  /** @param {Link} link */
  #ready(link) {
    this.retryAttempts = 0;
    this.#setStatus("ready");
    this.#connecting?.resolve();
    this.#connecting = null;
    const waiting = this.#waiting.sort((one, other) => one.order - other.order);
    this.#waiting = [];
    for (const item of waiting) this._issue(item);
  }

  /** The connection was lost. @param {Unknown} error */
  #lost(error) {
    const why = connectError(error);
    if (why?.code && why !== error && !this.#final) this._silentEmit("error", why);
    this.#closed(why);
  }

  /** What follows the end of a connection, or of an attempt. @param {unknown} [error] */
  #closed(error) {
    this.#epoch += 1;
    this.#attempt?.abort(closed(error));
    this.#attempt = null;
    this.#link?.disconnect();
    this.#link = null;
    this._lose();
    clearTimeout(this.#timer);
    this.#setStatus("close");
    this.#connecting?.reject(closed(error));
    this.#connecting = null;
    const { retryStrategy, maxRetriesPerRequest } = this.options;
    const delay = this.#final || typeof retryStrategy !== "function" ? null : retryStrategy(++this.retryAttempts);
    this.#closing = false;
    this.#final = false;
    if (typeof delay !== "number") {
      this.#setStatus("end");
      this.#flush(closed(error));
      return;
    }
    this.#setStatus("reconnecting", delay);
    this.#timer = setTimeout(() => this.connect().catch(noop), delay);
    if (typeof maxRetriesPerRequest === "number" && maxRetriesPerRequest >= 0 && this.retryAttempts % (maxRetriesPerRequest + 1) === 0) {
      this.#flush(caused(new MaxRetriesPerRequestError(maxRetriesPerRequest), error));
    }
  }

  /** The connection, as far as programs ask for it: to break it. */
  get stream() {
    const destroy = () => {
      if (this.#link) this.#closed();
    };
    return { writable: this.status === "ready", destroyed: this.#link === null, destroy, end: destroy };
  }

  /**
   * Closes the connection at once; what was sent and has no reply fails.
   * @param {boolean} [reconnect]
   */
  disconnect(reconnect = false) {
    if (this.status === "end") return;
    // A timer is running: it stays.
    if (reconnect && this.status === "reconnecting") return;
    this.#final = !reconnect;
    const link = this.#link;
    if (!link) return this.#closed();
    if (this.#closing) return;
    this.#closing = true;
    link.disconnect(this.options.disconnectTimeout).finally(() => {
      if (this.#link === link) this.#closed();
    });
  }

  end() {
    this.disconnect();
  }

  /** @param {Item} item */
  _submit(item) {
    if (this.status === "wait") this.connect().catch(noop);
    if (this.status === "end") return item.reject(closed());
    if (this.options.monitor) return item.reject(new Error("Connection is in monitoring mode, can't process commands."));
    if (this.status === "ready" && !this.#closing) return this._issue(item);
    if (!this.options.enableOfflineQueue) {
      return item.reject(new Error("Stream isn't writeable and enableOfflineQueue options is false"));
    }
    if (item instanceof Command && item.wireName === "QUIT" && this.#waiting.length === 0) {
      this.disconnect();
      return item.resolve(Buffer.from("OK"));
    }
    this.#waiting.push(item);
  }

  /** The connection ended before the reply. @param {Item} item @param {Unknown} error */
  _again(item, error) {
    if (this.status === "end" || this.#final) return item.reject(closed(error));
    if (error.delivery !== "not-sent" && !this.options.autoResendUnfulfilledCommands) {
      return item.reject(caused(new AbortError("Command aborted due to connection close"), error));
    }
    if (this.status !== "ready" || this.#closing) return void this.#waiting.push(item);
    // Only where the client connects again by itself, which counts no attempts.
    const most = this.options.maxRetriesPerRequest;
    item.resent += 1;
    if (typeof most === "number" && most >= 0 && item.resent > most) return item.reject(caused(new MaxRetriesPerRequestError(most), error));
    this._issue(item);
  }

  /** @internal Closes for good, when what was sent has its replies. @param {Link} link */
  async _leave(link) {
    this.#closing = true;
    this.#final = true;
    await link.close();
    if (this.#link === link) this.#closed();
  }

  /** @internal It is sent when there is a connection. @param {Item} item */
  _wait(item) {
    this.#waiting.push(item);
  }

  /** Rejects what waits for a connection. @param {Error} error */
  #flush(error) {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) {
      if (!(item instanceof Command)) for (const command of item.commands) command.reject(error);
      item.reject(error);
    }
  }

  /** @param {Status} status @param {unknown} [detail] */
  #setStatus(status, detail) {
    this.status = status;
    process.nextTick(() => this.emit(status, detail));
  }

  /** Emits an error only to who listens: without a listener, that would end the process. @param {string} event @param {Unknown} error */
  _silentEmit(event, error) {
    if (this.status === "end") return;
    if (this.#final && (error?.message === CLOSED || error?.syscall === "connect" || error?.syscall === "read")) return;
    if (this.listenerCount(event) > 0) this.emit(event, error);
    else console.error("[redmux/ioredis] Unhandled error event:", error?.stack ?? error);
  }
}
