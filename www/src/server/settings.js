// Options that only the build for servers has. The wasm side reads them by their names in connection strings, as text
// (docs/options.md); it says what is wrong with a value.

/** @import { Unknown } from "../internal.js" */
/** @import { Outbox } from "../outbox.js" */

import { BAD_CONFIG, mistake } from "../errors.js";
import { KIND, NO_NAME } from "../outbox.js";
import { describe, isPlain } from "../values.js";

const WORDS = ["mode", "proxy", "serviceName", "sentinelUsername", "sentinelPassword", "sentinelTls", "readFrom", "zone", "zones", "maxReplicaLag", "tiebreaker"];
const COMMON = ["configChannel", "keyPrefix", "channelPrefix", "commandMap", "highIntegrity", "libraryName", "backlog", "maxLeased", "leaseIdle", "defaults"];
const MAINTENANCE = ["maintenance", "movingEndpoint", "relaxedTimeout", "azureMaintenance"];
const LIMITS = ["maxReplyBytes", "maxValueBytes", "maxLineBytes", "maxReplyElements", "maxReplyDepth"];

/** All of them. */
export const SETTINGS = Object.freeze([...WORDS, ...COMMON, ...MAINTENANCE, ...LIMITS]);

/** Options of a group, and what the wasm side calls them. */
const GROUP = ["probeKey", "probes", "probeGap", "probeTimeout", "probeInterval", "policy", "failbackDelay", "circuitBreaker"];

/** Options that both builds read in another way than by name. */
export const SERVER_ONLY = Object.freeze([...SETTINGS, "family", "lazyConnect"]);

/**
 * Takes the settings out of the options.
 * @param {Record<string, Unknown>} options
 * @returns {{ settings: [string, string][], rest: Record<string, Unknown> }}
 */
export function takeSettings(options) {
  /** @type {[string, string][]} */
  const settings = [];
  /** @type {Record<string, Unknown>} */
  const rest = {};
  for (const [name, value] of Object.entries(options)) {
    if (!SETTINGS.includes(name)) rest[name] = value;
    else if (value !== undefined) settings.push([name, textOf(name, value)]);
  }
  return { settings, rest };
}

/**
 * Settings of a group, checked.
 * @param {Record<string, Unknown>} options
 * @returns {{ settings: [string, string][], rest: Record<string, Unknown> }}
 */
export function takeGroupSettings(options) {
  /** @type {[string, string][]} */
  const settings = [];
  /** @type {Record<string, Unknown>} */
  const rest = {};
  for (const [name, value] of Object.entries(options)) {
    if (!GROUP.includes(name)) rest[name] = value;
    else if (value !== undefined) settings.push([`group.${name}`, groupText(name, value)]);
  }
  return { settings, rest };
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
      return String(value);
    case "number":
      return value === Infinity ? "forever" : String(value);
  }
  if (isPlain(value)) {
    const entries = Object.entries(value);
    // A command that is disabled has no name.
    if (name === "commandMap") return entries.map(([command, to]) => `${command}=${to || ""}`).join(";");
    if (name === "zones") return entries.map(([servers, zone]) => `${servers}@${zone}`).join(";");
    if (name === "backlog") return `queue:${value.commands ?? 100_000}:${value.bytes ?? 64 << 20}`;
  }
  throw fault(`${name}: ${describe(value)} is no value of an option`);
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
