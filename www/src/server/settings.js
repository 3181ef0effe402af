// Options that only the build for servers has. The wasm side reads them by their names in connection strings, as text
// (docs/options.md); it says what is wrong with a value.

/** @import { Unknown } from "../internal.js" */
/** @import { Outbox } from "../outbox.js" */

import { BAD_CONFIG, mistake } from "../errors.js";
import { KIND, NO_NAME } from "../outbox.js";
import { describe, isPlain } from "../values.js";

const WORDS = ["mode", "proxy", "serviceName", "sentinelUsername", "sentinelPassword", "sentinelTls", "readFrom", "zone", "zones", "maxReplicaLag", "tiebreaker"];
const COMMON = ["configChannel", "keyPrefix", "channelPrefix", "commandMap", "highIntegrity", "libraryName", "backlog", "maxLeased", "leaseIdle", "defaults", "endpointMap", "circuitBreaker"];
const MAINTENANCE = ["maintenance", "movingEndpoint", "relaxedTimeout", "azureMaintenance"];
const LIMITS = ["maxReplyBytes", "maxValueBytes", "maxLineBytes", "maxReplyElements", "maxReplyDepth"];

/** All of them. */
export const SETTINGS = Object.freeze([...WORDS, ...COMMON, ...MAINTENANCE, ...LIMITS]);

/** Options of a group, and what the wasm side calls them. */
const GROUP = ["probeKey", "probes", "probeGap", "probeTimeout", "probeInterval", "policy", "failbackDelay", "circuitBreaker"];

/** Options that both builds read in another way than by name. */
export const SERVER_ONLY = Object.freeze([...SETTINGS, "credentials", "family", "lazyConnect", "replies", "retry"]);

/**
 * Takes the settings out of the options.
 * @param {Record<string, Unknown>} options
 */
export function takeSettings(options) {
  const { circuitBreaker, ...others } = options;
  // None is the default.
  return take(circuitBreaker === false ? others : options, SETTINGS, "", textOf);
}

/**
 * Settings of a group, checked.
 * @param {Record<string, Unknown>} options
 */
export function takeGroupSettings(options) {
  return take(options, GROUP, "group.", groupText);
}

/**
 * Parts the options whose names are known, as text, from the rest; an option that is undefined is not given.
 * @param {Record<string, Unknown>} options
 * @param {readonly string[]} known
 * @param {string} before
 * @param {(name: string, value: Unknown) => string} text
 * @returns {{ settings: [string, string][], rest: Record<string, Unknown> }}
 */
function take(options, known, before, text) {
  const given = Object.entries(options);
  const isKnown = (/** @type {[string, Unknown]} */ [name]) => known.includes(name);
  const settings = given.filter((one) => isKnown(one) && one[1] !== undefined);
  return {
    settings: settings.map(([name, value]) => [before + name, text(name, value)]),
    rest: Object.fromEntries(given.filter((one) => !isKnown(one))),
  };
}

/** @param {string} name @param {Unknown} value */
function groupText(name, value) {
  const isText = ["probeKey", "policy"].includes(name);
  if (name === "policy" && !["any", "majority", "all"].includes(value)) throw fault("policy: expected any, majority or all");
  if (name === "circuitBreaker" && typeof value !== "boolean") throw fault("circuitBreaker: expected true or false");
  if (name === "probes" && !(Number.isInteger(value) && value > 0)) throw fault("probes: expected a whole number, 1 or more");
  if (!isText && typeof value !== "boolean" && !(typeof value === "number" && value >= 0)) throw fault(`${name}: expected milliseconds, 0 or more, or Infinity`);
  if (isText && typeof value !== "string") throw fault(`${name}: expected a string`);
  return String(value);
}

/**
 * A value as connection strings have it.
 * @param {string} name
 * @param {Unknown} value
 * @returns {string}
 */
function textOf(name, value) {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      // The defaults of a circuit breaker.
      return name === "circuitBreaker" ? "" : String(value);
    case "number":
      return value === Infinity ? "forever" : String(value);
  }
  if (isPlain(value)) {
    const entries = Object.entries(value);
    // A command that is disabled has no name.
    if (name === "commandMap") return entries.map(([command, to]) => `${command}=${to || ""}`).join(";");
    if (name === "endpointMap") return entries.map(([from, to]) => `${from}=${to}`).join(";");
    if (name === "circuitBreaker") return breaker(value);
    if (name === "zones") return entries.map(([servers, zone]) => `${servers}@${zone}`).join(";");
    if (name === "backlog") return `queue:${value.commands ?? 100_000}:${value.bytes ?? 64 << 20}`;
  }
  throw fault(`${name}: ${describe(value)} is no value of an option`);
}

const EFFECTS = ["readOnly", "writeChecked", "writeLastWins", "writeAccumulating"];

/**
 * When a command that failed is sent again, as the wasm side reads it.
 * @param {Unknown} given
 */
export function retryText(given) {
  if (!isPlain(given)) throw fault(`retry: ${describe(given)} (expected { attempts, base, cap, within, upTo })`);
  const { attempts = 3, base = 50, cap = 1000, within = 0, upTo = EFFECTS[0], ...others } = /** @type {Unknown} */ (given);
  for (const name of Object.keys(others)) throw fault(`retry: ${name} is not an option (expected attempts, base, cap, within or upTo)`);
  if (!(Number.isInteger(attempts) && attempts > 0)) throw fault("retry: attempts: expected a whole number, 1 or more");
  for (const [name, value] of Object.entries({ base, cap, within })) if (!(typeof value === "number" && value >= 0)) throw fault(`retry: ${name}: expected milliseconds, 0 or more`);
  if (!EFFECTS.includes(upTo)) throw fault(`retry: upTo: expected one of ${EFFECTS.join(", ")}`);
  return [attempts, base, cap, within, upTo].join(" ");
}

/** @param {Unknown} given */
function breaker({ failures = 10, pause = 2000, rate, ...others }) {
  for (const name of Object.keys(others)) throw fault(`circuitBreaker: ${name} is not an option (expected failures, pause or rate)`);
  const numbers = [failures, pause];
  if (rate !== undefined) {
    if (!isPlain(rate)) throw fault("circuitBreaker: rate: expected { share, atLeast, window }");
    const { share, atLeast, window } = /** @type {Unknown} */ (rate);
    numbers.push(share, atLeast, window);
  }
  if (!numbers.every((number) => typeof number === "number" && number >= 0)) throw fault("circuitBreaker: expected { failures, pause, rate: { share, atLeast, window } } of numbers, 0 or more");
  return numbers.join(" ");
}

/**
 * Packs names and values, and what members of a group have of their own, behind the options.
 * @param {[string, string][]} settings
 * @param {{ name: string, weight: number, settings: [string, string][] }[]} [members]
 */
export function packer(settings, members = []) {
  return (/** @type {Outbox} */ outbox) => {
    // The wasm side takes the first word for a name.
    const add = (/** @type {string[]} */ words) => outbox.add(0, () => NO_NAME, words[0] ?? "", undefined, KIND.command, words.slice(1));
    add(settings.flat());
    for (const { name, weight, settings: own } of members) add([name, String(weight), ...own.flat()]);
  };
}

/** @param {string} message */
function fault(message) {
  return mistake(message, BAD_CONFIG);
}
