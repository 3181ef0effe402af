// From the arguments of a method to the words of its command: commands.js has the parts, and says
// what they mean.

import { CALL_OPTIONS, checkOptions } from "./calls.js";
import { describe, isPlain } from "./outbox.js";

/** Where an object is data. */
const TAKES_OBJECT = /[%^@>]/;

/**
 * The words of a command behind its name, and the options of the call.
 *
 * The last argument is the options if it is an object literal that does not stand where data is
 * expected.
 */
export function toWords(spec, args) {
  const given = [...args];
  const { takers } = spec;
  let options = {};
  if (isPlain(given.at(-1)) && !TAKES_OBJECT.test(takers[given.length - 1])) {
    options = given.pop();
    checkOptions(spec.method, options, [...spec.options, ...CALL_OPTIONS]);
  }
  const words = [];
  let next = 0;
  const rest = () => {
    while (next < given.length) append(words, given[next++]);
  };
  for (const part of spec.parts) {
    if (part === "...") rest();
    else if (Array.isArray(part)) modify(words, part, options);
    else if (!takers.includes(part)) words.push(part);
    else {
      const taken = given[next++];
      const flat = (one, ...names) => {
        flatten(spec, words, taken, one, names);
        rest();
      };
      if (part === "$") append(words, taken);
      else if (part === "&") vector(words, taken);
      else if (part === "#") {
        const list = taken === undefined ? [] : Array.isArray(taken) ? taken : [taken];
        words.push(list.length);
        append(words, list);
      } else if (part === "%" || part === "#%") {
        const from = words.length;
        for (const pair of pairs(taken)) append(words, pair);
        rest();
        if (part === "#%") words.splice(from, 0, (words.length - from) / 2);
      } else if (part === ">") {
        const streams = pairs(taken);
        for (const side of [0, 1]) for (const pair of streams) words.push(pair[side]);
      } else if (part === "^") flat("a member", "score", "value");
      else flat("a place", "longitude", "latitude", "member");
    }
  }
  return { words, options: spec.binary ? { ...options, bytes: true } : options };
}

/** `push(...list)` without its limit on the length of the list. */
function append(words, value) {
  if (Array.isArray(value)) for (const word of value) words.push(word);
  else words.push(value);
}

function modify(words, names, options) {
  for (const entry of names) {
    const name = entry.replace("*", "");
    const value = options[name];
    if (value === undefined || value === false) continue;
    const each = name !== entry && Array.isArray(value) ? value : [value];
    for (const one of each) {
      words.push(name);
      if (one !== true) append(words, one);
    }
  }
}

/** Pairs of an object, a Map or an array; anything else is the first of a flat list. */
function pairs(value) {
  if (value instanceof Map) return [...value];
  if (isPlain(value)) return Object.entries(value);
  return Array.isArray(value) ? value : [[value]];
}

/** Objects with these properties, or the first value of a flat list. */
function flatten({ method }, words, value, one, names) {
  for (const item of Array.isArray(value) ? value : [value]) {
    if (!isPlain(item)) words.push(item);
    else if (names.every((name) => name in item)) for (const name of names) words.push(item[name]);
    else throw new TypeError(`${method}: ${one} is { ${names.join(", ")} }`);
  }
}

/** Numbers as text, or 32-bit numbers in bytes as they are. */
function vector(words, value) {
  if (value === undefined) return;
  if (Array.isArray(value) || value instanceof Float64Array) {
    words.push("VALUES", value.length);
    append(words, [...value]);
  } else if (ArrayBuffer.isView(value)) words.push("FP32", value);
  else throw new TypeError(`the vector is ${describe(value)} (expected numbers)`);
}
