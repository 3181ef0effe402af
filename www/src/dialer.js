// Opens the sockets that the wasm side asks for, and decides when to open the next.

/** @import { Dial, Ended, GuardedSink } from "./internal.js" */
/** @import { Instance } from "./instance.js" */
/** @import { Link, Sink } from "./raw.js" */

import { GaveUp, SHORTEST } from "./reconnect.js";
import { causeOf, openLink } from "./transports/channel.js";

export class Dialer {
  /**
   * Why the last socket ended or could not open, until the next is dialled.
   * @type {Ended & Error | null}
   */
  broken = null;
  #instance;
  #dial;
  #threw;
  /** @type {Set<Link>} */
  #links = new Set();
  /** @type {any} Whatever a transport threw. */
  #lastEnd = null;
  /** Number of calls of `delay` since the last successful connect. */
  #failures = 0;

  /**
   * `threw(origin, error)` is called with what code of the program throws.
   * @param {Instance} instance
   * @param {Dial} dial
   * @param {(origin: string, error: unknown) => void} threw
   */
  constructor(instance, dial, threw) {
    this.#instance = instance;
    this.#dial = dial;
    this.#threw = threw;
  }

  /** Opens a socket, which reports to `sink`. @param {Sink} sink @param {Pick<Dial, "transport" | "address">} [to] */
  open(sink, { transport, address } = this.#dial) {
    /** @type {Instance["guard"]} */
    const guard = (action) => this.#instance.guard(action);
    /** @type {GuardedSink} */
    const told = {
      open: guard(() => sink.open()),
      data: guard((length) => sink.data(length)),
      drain: guard(() => sink.drain()),
      end: guard((kind, message) => {
        sink.end(kind, message);
        // Nothing follows the end: free the memory now instead of with the next garbage collection.
        sink.free();
      }),
      threw: (error) => this.#threw("transport", error),
    };
    this.broken = null;
    const link = openLink(transport, address, told, () => this.#instance.memory, (error) => {
      this.#links.delete(link);
      this.#lastEnd = error;
      this.broken = error && causeOf(error, address);
    });
    this.#links.add(link);
    return link;
  }

  /**
   * Milliseconds until the next attempt to connect, as `backOff` gives them, or a `GaveUp`.
   * @param {number} attempt
   * @param {number} outage
   */
  delay(attempt, outage) {
    const error = this.#lastEnd;
    this.#lastEnd = null;
    this.#failures += 1;
    const asked = { attempt, outage, code: error?.closeCode ?? null, error };
    const wait = this.#dial.delay(asked, (thrown) => this.#threw("reconnect", thrown));
    if (wait instanceof GaveUp || this.#failures === 1) return wait;
    return wait < 0 ? Math.min(wait, -SHORTEST) : Math.max(wait, SHORTEST);
  }

  /** A connection is there. */
  connected() {
    this.#failures = 0;
  }

  /** Ends all sockets: the wasm instance that used them is gone. */
  destroy() {
    for (const link of [...this.#links]) link.destroy();
  }
}
