// From the arguments of a method to the words of a command, and from its reply to the
// value the method promises. Commands name these shapes in commands.js.

import { describe, isPlain } from "./outbox.js";
import { toNumber as readNumber } from "./reply.js";
import { CALL_OPTIONS, checkOptions } from "./calls.js";

/**
 * The words of a command behind its name, and the options of the call.
 *
 * The last argument is the options if it is an object literal; the field-value object of
 * `pairs` is not, because it stands where data is expected.
 */
export function toWords(spec, args) {
  const rest = [...args];
  const data = spec.pairs ?? spec.scores;
  let options = {};
  if (rest.length > 0 && isPlain(rest.at(-1)) && rest.length - 1 !== data) {
    options = rest.pop();
    if (Object.keys(options).length > 0) {
      checkOptions(spec.method, options, [...spec.options, ...CALL_OPTIONS]);
    }
  }
  const words = [];
  const flags = modifiers(spec, options);
  rest.forEach((value, position) => {
    if (position === spec.before) append(words, flags);
    if (position === spec.pairs) flattenPairs(spec, value, words);
    else if (position === spec.scores) flattenScores(spec, value, words);
    else if (Array.isArray(value)) append(words, value);
    else words.push(value);
  });
  if (spec.before === undefined) append(words, flags);
  if (spec.last) words.push(spec.last);
  return { words, options };
}

/** `push(...list)` without its limit on the length of the list. */
function append(words, list) {
  for (const word of list) words.push(word);
}

function modifiers(spec, options) {
  const words = [];
  for (const name of spec.options) {
    const value = options[name];
    if (value === undefined || value === false) continue;
    words.push(name);
    if (value !== true) append(words, Array.isArray(value) ? value : [value]);
  }
  return words;
}

function flattenPairs(spec, value, words) {
  if (value instanceof Map) for (const [field, item] of value) words.push(field, item);
  else if (isPlain(value)) for (const field of Object.keys(value)) words.push(field, value[field]);
  else if (Array.isArray(value)) append(words, value.flat());
  else words.push(value);
}

function flattenScores(spec, value, words) {
  for (const member of Array.isArray(value) ? value : [value]) {
    if (isPlain(member) && "score" in member && "value" in member) words.push(member.score, member.value);
    else if (isPlain(member)) throw new TypeError(`${spec.method}: a member is { score, value }`);
    else words.push(member);
  }
}

/** What `reply` of a command may name. */
export const REPLIES = {
  boolean: (reply) => reply === 1 || reply === 1n || reply === true,
  booleans: (reply) => reply.map((item) => item === 1 || item === 1n || item === true),
  number: (reply) => (typeof reply === "string" || isBytes(reply) ? toNumber(reply) : reply),
  object: toObject,
  // Two byte strings are never the same member to a Set: bytes stay an array.
  set: (reply, bytes) => (bytes ? [...reply] : new Set(reply)),
  scored: toScored,
  scan: ([cursor, items]) => ({ cursor: toText(cursor), items }),
  scanEntries: ([cursor, items]) => ({ cursor: toText(cursor), entries: pairsOf(items) }),
  scanScored: ([cursor, items]) => ({ cursor: toText(cursor), members: toScored(items) }),
  time: ([seconds, micros]) => ({ seconds: toNumber(seconds), microseconds: toNumber(micros) }),
};

/** An object without prototype: a field named `__proto__` is a field like any other. */
function toObject(reply) {
  const object = Object.create(null);
  for (const [field, value] of reply instanceof Map ? reply : pairsOf(reply)) {
    object[toText(field)] = value;
  }
  return object;
}

/** `[[value, score], …]` of RESP3, or the flat list of RESP2. */
function toScored(reply) {
  // ZPOPMIN without a count answers one flat pair.
  return pairsOf(reply).map(([value, score]) => ({ value, score: toNumber(score) }));
}

function pairsOf(reply) {
  if (reply instanceof Map) return [...reply];
  if (Array.isArray(reply[0])) return reply;
  const pairs = [];
  for (let i = 0; i + 1 < reply.length; i += 2) pairs.push([reply[i], reply[i + 1]]);
  return pairs;
}

function toNumber(value) {
  return typeof value === "number" ? value : readNumber(toText(value));
}

const decoder = new TextDecoder();

function toText(value) {
  if (typeof value === "string") return value;
  if (isBytes(value)) return decoder.decode(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TypeError(`unexpected reply: expected text, got ${describe(value)}`);
}

function isBytes(value) {
  return value instanceof Uint8Array;
}
