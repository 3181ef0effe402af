// When to dial again, and whether at all.

/** @import { Delay } from "./internal.js" */
/** @import { ConnectOptions } from "./index.js" */

import { describe } from "./values.js";

/** Upper bounds in milliseconds: for the wait before the second attempt, and for all waits. */
const BASE = 100;
const CAP = 10_000;
/**
 * Bounds for close codes with which a server ends a connection on purpose. `firm`: it asks clients to stay away for a
 * while.
 * @type {Map<number, { first: number, cap: number, firm?: boolean }>}
 */
const BY_CODE = new Map([
  // Going away, restarting: many clients come back at once.
  [1001, { first: 1000, cap: CAP }],
  [1012, { first: 1000, cap: CAP }],
  // Overloaded: try again later.
  [1013, { first: 5000, cap: 30_000, firm: true }],
  // Refused by policy, which will not change soon.
  [1008, { first: 10_000, cap: 60_000, firm: true }],
]);

/**
 * Milliseconds to wait before attempt number `attempt`, from 1, after a connection that ended with
 * the close code `code`: the first attempt at once, then exponentially longer, with full jitter.
 *
 * A negative number is a wait that a command may cut short. After a `firm` code the wait is at least half of its
 * bound, and nothing cuts it short.
 * @param {number} attempt
 * @param {number | null} code
 * @param {() => number} [random]
 */
export function backOff(attempt, code, random = Math.random) {
  const known = /** @type {number} */ (code);
  // 4000 to 4999 are the gateway's own refusals.
  const refused = known >= 4000 && known < 5000 ? BY_CODE.get(1008) : undefined;
  const { first = 0, cap = CAP, firm = false } = BY_CODE.get(known) ?? refused ?? {};
  const wanted = attempt <= 1 ? first : Math.max(first, BASE * 2 ** Math.min(attempt - 2, 30));
  const bound = Math.min(wanted, cap);
  // `|| 0`: a negative zero would show in tests and logs.
  return firm ? (bound * (1 + random())) / 2 : -bound * random() || 0;
}

/** The end of all attempts, with the reason that `reconnect` gave. */
export class GaveUp {
  /** @param {Error | null} reason */
  constructor(reason) {
    this.reason = reason;
  }
}

/** Least milliseconds between two failed attempts, whatever `reconnect` says: a refusal comes at once. */
export const SHORTEST = 10;
const EXPECTED = "expected milliseconds, 0 or more; undefined for the default; false, null or an Error to give up";

/**
 * The policy of a client: `reconnect` is the program's own, if it has one. Returns milliseconds, as `backOff` does, or a
 * `GaveUp`; anything else that `reconnect` returns goes to `threw`, and the default applies.
 * @param {ConnectOptions["reconnect"]} reconnect
 * @returns {Delay}
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
