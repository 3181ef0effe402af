// The sockets of a client: opens those that the wasm side asks for, and says when to open the next.

import { GaveUp, SHORTEST } from "./reconnect.js";
import { causeOf, openLink } from "./transports/channel.js";

export class Dialer {
  /** What ended a socket or kept it from opening, until the next is dialled. */
  broken = null;
  #instance;
  #dial;
  #threw;
  #links = new Set();
  #lastEnd = null;
  /** How often it was asked when to dial since it was connected. */
  #failures = 0;

  /** `dial` is `{ transport, address, endpoint, delay }`; `threw(origin, error)` is told what code of the program throws. */
  constructor(instance, dial, threw) {
    this.#instance = instance;
    this.#dial = dial;
    this.#threw = threw;
  }

  /** Opens what carries the bytes; `sink` is told what happens to it. */
  open(sink) {
    const guard = (action) => this.#instance.guard(action);
    const told = {
      open: guard(() => sink.open()),
      data: guard((length) => sink.data(length)),
      drain: guard(() => sink.drain()),
      end: guard((kind, message) => {
        sink.end(kind, message);
        // Nothing comes after it: its memory need not wait for the garbage collector.
        sink.free();
      }),
      threw: (error) => this.#threw("transport", error),
    };
    const { transport, address } = this.#dial;
    this.broken = null;
    const link = openLink(transport, address, told, () => this.#instance.memory, (error) => {
      this.#links.delete(link);
      this.#lastEnd = error;
      this.broken = error && causeOf(error, address);
    });
    this.#links.add(link);
    return link;
  }

  /** Milliseconds until the next attempt to connect, as `backOff` gives them, or a `GaveUp`. */
  delay(attempt, outage) {
    const error = this.#lastEnd;
    this.#lastEnd = null;
    this.#failures += 1;
    const asked = { attempt, outage, code: error?.closeCode ?? null, error };
    const wait = this.#dial.delay(asked, (thrown) => this.#threw("reconnect", thrown));
    if (wait instanceof GaveUp || this.#failures === 1) return wait;
    return wait < 0 ? Math.min(wait, -SHORTEST) : Math.max(wait, SHORTEST);
  }

  /** It is connected. */
  connected() {
    this.#failures = 0;
  }

  /** Ends all sockets: the wasm side that used them is gone. */
  destroy() {
    for (const link of [...this.#links]) link.destroy();
  }
}
