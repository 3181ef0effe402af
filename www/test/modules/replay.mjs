// Replays what servers have answered through the methods of modules.

import assert from "node:assert/strict";

import { CLIENT, decode, recorded, Refused, texts } from "./recordings.mjs";

/**
 * Replays a file. `calls` has a function for each command, which calls a method with what the words say; it returns
 * nothing where no method sends such words. Returns the number of replies that were read.
 */
export async function replay(name, calls) {
  let count = 0;
  for (const { words, resp2, resp3, varies } of recorded(name)) {
    // Inside of a transaction.
    if (String(resp2) === "+QUEUED\r\n") continue;
    const where = `${name}: ${texts(words).join(" ")}`;
    const [command, ...args] = words;
    const call = await calls[command]?.(args, resp2);
    if (call === undefined) continue;
    if (call.words) assert.deepEqual(...[call.words, words].map((list) => (call.anyOrder ? texts(list).sort() : texts(list))), where);
    const [two, three] = [resp2, resp3].map((bytes) => {
      try {
        return decode(bytes, call);
      } catch (error) {
        throw new Error(`${where}: ${error.message}`, { cause: error });
      }
    });
    if (two instanceof Refused) assert.ok(three instanceof Refused, where);
    else if (!varies) assert.deepStrictEqual(three, two, where);
    else assert.deepStrictEqual(kinds(three), kinds(two), where);
    count += 1;
  }
  return count;
}

/** The same value with the kinds of its numbers, texts and lists in their place: times and memory differ from run to run. */
function kinds(value) {
  if (Array.isArray(value)) return value.length === 0 ? [] : [kinds(value[0])];
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, kinds(item)]));
}

/** Calls a method with these arguments; nothing where it refuses them, which the tests with servers look at. */
export async function ask(method, ...args) {
  try {
    return { ...(await CLIENT[method](...args)), anyOrder: true };
  } catch (error) {
    if (error.code === "ERR_REDMUX_ARGUMENT") return undefined;
    throw error;
  }
}

/** Splits words into those before the first option, and the options with the words behind each. */
export function split(words, names) {
  const from = words.findIndex((word) => names.includes(word));
  const given = from < 0 ? [] : words.slice(from);
  const options = {};
  let values;
  for (const word of given) {
    if (names.includes(word)) options[word] = values = [];
    else values.push(word);
  }
  for (const [name, list] of Object.entries(options)) options[name] = list.length === 0 ? true : list.length === 1 ? list[0] : list;
  return { before: from < 0 ? words : words.slice(0, from), options };
}
