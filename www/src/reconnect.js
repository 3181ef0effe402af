// When to dial again, and whether at all.

import { describe } from "./values.js";

/** Upper bounds in milliseconds: of the second attempt's wait, and of all waits. */
const BASE = 100;
const CAP = 10_000;
/** Where the other side closes on purpose, the bounds are its own; `firm`: it wants to be left alone for a while. */
const BY_CODE = new Map([
  // Going away, restarting: many clients come back at once.
  [1001, { first: 1000, cap: CAP }],
  [1012, { first: 1000, cap: CAP }],
  // Overloaded: try again later.
  [1013, { first: 5000, cap: 30_000, firm: true }],
  // Refused by policy: it will not change its mind soon.
  [1008, { first: 10_000, cap: 60_000, firm: true }],
]);

/**
 * Milliseconds to wait before attempt number `attempt`, from 1, after a connection that ended with
 * the close code `code`: the first attempt at once, then exponentially longer, with full jitter.
 *
 * A negative number is a wait that a command may cut short. After a code that asks for peace the wait is at least half
 * of its bound, and nothing cuts it short.
 */
export function backOff(attempt, code, random = Math.random) {
  // 4000 to 4999 are the gateway's own refusals.
  const refused = code >= 4000 && code < 5000 ? BY_CODE.get(1008) : undefined;
  const { first = 0, cap = CAP, firm = false } = BY_CODE.get(code) ?? refused ?? {};
  const wanted = attempt <= 1 ? first : Math.max(first, BASE * 2 ** Math.min(attempt - 2, 30));
  const bound = Math.min(wanted, cap);
  // Zero has no sign here: tests and people would see it.
  return firm ? (bound * (1 + random())) / 2 : -bound * random() || 0;
}

/** The answer of `reconnect` that ends it, with the reason that it gave. */
export class GaveUp {
  constructor(reason) {
    this.reason = reason;
  }
}

/** Milliseconds between two attempts that fail, whatever `reconnect` says: a server that refuses does so at once. */
export const SHORTEST = 10;
const EXPECTED = "expected milliseconds, 0 or more; undefined for the default; false, null or an Error to give up";

/**
 * The policy of a client: `reconnect` is that of the program, if it has one. Gives milliseconds, as `backOff` does, or a
 * `GaveUp`; `threw` gets what is neither, and the default goes on.
 */
export function policy(reconnect) {
  return (outage, threw) => {
    const usual = () => backOff(outage.attempt, outage.code);
    if (!reconnect) return usual();
    let wait;
    try {
      wait = reconnect(outage);
    } catch (error) {
      threw(error);
      return usual();
    }
    if (wait === undefined) return usual();
    if (wait === false || wait === null) return new GaveUp(null);
    if (wait instanceof Error) return new GaveUp(wait);
    if (typeof wait === "number" && wait >= 0) return wait;
    threw(new TypeError(`reconnect returned ${typeof wait === "number" ? wait : describe(wait)} (${EXPECTED})`));
    return usual();
  };
}
