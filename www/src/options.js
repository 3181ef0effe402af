// Checks the options of a client and packs them for the wasm side, which reads them in the same order
// (www/wasm/src/options.rs).

/** @import { EngineOptions, Unknown } from "./internal.js" */
/** @typedef {[expected: string, accepts: (value: unknown) => boolean]} Rule */
/** @typedef {Record<string, Unknown>} Given Options by name: `checked` looks at their values. */

import { toError } from "./errors.js";
import { KIND, NO_NAME, Outbox } from "./outbox.js";
import { isPlain } from "./values.js";

/** @type {Rule} */
const text = ["a string", (value) => typeof value === "string" && value.isWellFormed?.() !== false];
/** @type {Rule} */
const flag = ["true or false", (value) => typeof value === "boolean"];
/** @type {Rule} */
const whole = ["a whole number, 0 or more", (/** @type {Unknown} */ value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff];
/** @type {Rule} */
const time = ["milliseconds greater than 0, or Infinity", (value) => typeof value === "number" && value > 0];
/** @type {Rule} */
const version = ["2 or 3", (value) => value === 2 || value === 3];

/** @type {Rule} */
const label = ["printable ASCII without spaces, as Redis takes it", (value) => typeof value === "string" && /^[!-~]*$/.test(value)];

/** @type {Record<string, Rule>} */
const TEXTS = { username: text, password: text, clientName: label };
/** @type {Record<string, Rule>} */
const NUMBERS = {
  database: whole,
  connectRetry: whole,
  sendQueueBytes: whole,
  connectTimeout: time,
  commandTimeout: time,
  keepAlive: time,
  probeAfter: time,
  probeTimeout: time,
  abortOnConnectFail: flag,
  libraryInfo: flag,
  protocol: version,
  redialOnReadonly: flag,
};
/**
 * Options that the wasm side does not know.
 * @type {Record<string, Rule>}
 */
const LOCAL = { subscriptionCapacity: whole, subscriptionBytes: whole };
/** All options of `connect`, in the order of the documentation. */
const KNOWN = [...Object.keys(TEXTS), ...Object.keys(NUMBERS), ...Object.keys(LOCAL), "bigint", "clientCache", "reconnect", "signal", "tls", "transport", "wasm"];
/** @type {Record<string, Rule>} */
const CACHE = { maxBytes: whole, maxReplyBytes: whole, maxAge: time };
const CACHE_EXPECTED = "true, or an object of maxBytes, maxReplyBytes, maxAge and prefixes";

/**
 * Calls `open(numbers, heads, bytes)` with the options; `endpoint` among them is how errors name the server.
 *
 * Throws a `RedmuxError` (`ERR_REDMUX_CONFIG`) that names the option and what is accepted, never the value.
 * @template T
 * @param {EngineOptions & { endpoint: string }} options
 * @param {(numbers: Float64Array, heads: Uint32Array, bytes: Uint8Array) => T} open
 * @param {{ names?: string[], add?: (outbox: Outbox) => void }} [extras] Other options that there are, and what is packed behind these.
 * @returns {T}
 */
export function packOptions({ endpoint, clientCache, ...options }, open, { names: more = [], add } = {}) {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && ![TEXTS, NUMBERS, LOCAL].some((known) => Object.hasOwn(known, name))) {
      // The Rust client and connection strings call these options `ssl…`.
      const hint = name.startsWith("ssl") ? "TLS is set by rediss: and tls: { ca, cert, key, servername }" : `expected one of ${[...KNOWN, ...more].join(", ")}`;
      throw fault(`${name} is not an option (${hint})`);
    }
  }
  const cache = cacheOf(clientCache);
  const names = Object.keys(TEXTS);
  for (const [name, rule] of Object.entries({ ...TEXTS, ...LOCAL })) checked(options, name, rule);
  const texts = credentials(options);
  const given = names.map((name) => texts[name]);
  const numbers = [
    ...Object.keys(NUMBERS).map((name) => checked(options, name, NUMBERS[name])),
    ...given.map(mark),
    mark(cache),
    ...Object.keys(CACHE).map((name) => cache?.[name]),
    mark(cache?.prefixes),
  ];
  const words = [...given.map((value) => value ?? ""), ...(cache?.prefixes ?? [])];
  const outbox = new Outbox();
  outbox.add(0, () => NO_NAME, endpoint, undefined, KIND.command, words);
  add?.(outbox);
  // An option that is not given is NaN.
  return outbox.flush((heads, bytes) => open(Float64Array.from(numbers), heads, bytes));
}

/**
 * An empty text counts as not given: it is the value of an environment variable that is not set. Every connection
 * begins as the user `default` without a password, which is therefore no login.
 * @param {Given} options
 * @returns {Given}
 */
function credentials({ username, password, ...options }) {
  const user = username === "" || (username === "default" && !password) ? undefined : username;
  const secret = password === "" && user === undefined ? undefined : password;
  if (user !== undefined && secret === undefined) throw fault("username: it needs a password");
  return { ...options, username: user, password: secret };
}

/** @param {unknown} value */
function mark(value) {
  return value === undefined ? NaN : 1;
}

/**
 * @param {unknown} [given]
 * @returns {Given | undefined}
 */
function cacheOf(given = false) {
  if (given === false) return undefined;
  if (given === true) return {};
  if (!isPlain(given) || Object.keys(given).some((name) => name !== "prefixes" && !Object.hasOwn(CACHE, name))) {
    throw fault(`clientCache: expected ${CACHE_EXPECTED}`);
  }
  if (given.prefixes !== undefined && !isTexts(given.prefixes)) throw fault(`clientCache: expected ${CACHE_EXPECTED}`);
  for (const name of Object.keys(CACHE)) checked(given, name, CACHE[name], `clientCache.${name}`);
  return given;
}

/** @param {unknown} value */
function isTexts(value) {
  return Array.isArray(value) && value.every((item) => text[1](item));
}

/**
 * @param {Given} options
 * @param {string} name
 * @param {Rule} rule
 * @param {string} [shown]
 */
function checked(options, name, [expected, accepts], shown = name) {
  const value = options[name];
  if (value !== undefined && !accepts(value)) throw fault(`${shown}: expected ${expected}`);
  return value;
}

/** @param {string} message */
function fault(message) {
  return toError({ kind: "config", delivery: "not-sent", message });
}
