// When to dial again.

/** Upper bounds in milliseconds: of the second attempt's wait, and of all waits. */
const BASE = 100;
const CAP = 10_000;
/** Where the other side closes on purpose, the bounds are its own. */
const BY_CODE = new Map([
  // Going away, restarting: many clients come back at once.
  [1001, { first: 1000, cap: CAP }],
  [1012, { first: 1000, cap: CAP }],
  // Overloaded: try again later.
  [1013, { first: 5000, cap: 30_000 }],
  // Refused by policy: it will not change its mind soon.
  [1008, { first: 10_000, cap: 60_000 }],
]);

/**
 * Milliseconds to wait before attempt number `attempt`, from 1, after a connection that ended with
 * the close code `code`: the first attempt at once, then exponentially longer, with full jitter.
 */
export function backOff(attempt, code, random = Math.random) {
  // 4000 to 4999 are the gateway's own refusals.
  const refused = code >= 4000 && code < 5000 ? BY_CODE.get(1008) : undefined;
  const { first = 0, cap = CAP } = BY_CODE.get(code) ?? refused ?? {};
  const bound = attempt <= 1 ? first : Math.max(first, BASE * 2 ** Math.min(attempt - 2, 30));
  return Math.min(bound, cap) * random();
}
