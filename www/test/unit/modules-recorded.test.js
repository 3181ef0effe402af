// The modules on what servers have answered: they send the words that were recorded, and read the same value of both
// protocols.

import assert from "node:assert/strict";
import { test } from "node:test";

import "../../src/modules/json.js";
import { CLIENT } from "../modules/recordings.mjs";
import { replay } from "../modules/replay.mjs";

const RAW = { raw: true };
const ours = (path) => path === undefined || String(path)[0] === "$";
/** For commands of a key and a path, and then arguments that are sent as they are. */
const at = (method, count = 0) => ([key, path, ...rest]) => (path !== undefined && ours(path) && rest.length === count ? CLIENT[method](key, path, ...rest) : undefined);

const JSON_CALLS = {
  "JSON.ARRAPPEND": ([key, path, ...values]) => (ours(path) && values.length > 0 ? CLIENT.jsonArrAppend(key, path, values, RAW) : undefined),
  "JSON.ARRINDEX": ([key, path, ...rest]) => (ours(path) && rest.length > 0 ? CLIENT.jsonArrIndex(key, path, ...rest, RAW) : undefined),
  "JSON.ARRINSERT": ([key, path, index, ...values]) => (ours(path) && values.length > 0 ? CLIENT.jsonArrInsert(key, path, index, values, RAW) : undefined),
  "JSON.ARRLEN": at("jsonArrLen"),
  "JSON.ARRPOP": ([key, path, ...rest]) => (path !== undefined && ours(path) && !String(rest).includes("FORMAT") && rest.length < 2 ? CLIENT.jsonArrPop(key, path, ...rest) : undefined),
  "JSON.ARRTRIM": ([key, path, ...rest]) => (ours(path) && rest.length === 2 ? CLIENT.jsonArrTrim(key, path, ...rest) : undefined),
  "JSON.CLEAR": at("jsonClear"),
  "JSON.DEBUG": ([what, key, path, ...rest]) => (what === "MEMORY" && path && ours(path) && !rest.length ? CLIENT.jsonDebugMemory(key, path) : undefined),
  "JSON.DEL": at("jsonDel"),
  "JSON.GET": ([key, ...rest]) => {
    const options = {};
    while (["INDENT", "NEWLINE", "SPACE"].includes(rest[0])) options[rest.shift()] = rest.shift();
    if (!rest.every(ours) || key === undefined) return undefined;
    return rest.length < 2 ? CLIENT.jsonGet(key, ...rest, options) : CLIENT.jsonGet(key, rest, options);
  },
  "JSON.MERGE": ([key, path, value, ...rest]) => (ours(path) && value && !rest.length && !path.includes("\\") ? CLIENT.jsonMerge(key, path, value, RAW) : undefined),
  "JSON.MGET": (args) => {
    const [keys, path] = [args.slice(0, -1), args.at(-1)];
    if (keys.length === 0 || !(path === "." || ours(path))) return undefined;
    return path === "." ? CLIENT.jsonMGet(keys) : CLIENT.jsonMGet(keys, path);
  },
  "JSON.MSET": (args) => {
    const items = [];
    for (let at = 0; at + 2 < args.length; at += 3) items.push({ key: args[at], path: args[at + 1], value: args[at + 2] });
    return items.length * 3 === args.length && items.every(({ path }) => ours(path)) ? CLIENT.jsonMSet(items, RAW) : undefined;
  },
  "JSON.NUMINCRBY": at("jsonNumIncrBy", 1),
  "JSON.NUMMULTBY": at("jsonNumMultBy", 1),
  "JSON.OBJKEYS": at("jsonObjKeys"),
  "JSON.OBJLEN": at("jsonObjLen"),
  "JSON.SET": ([key, path, value, ...rest]) => {
    if (!ours(path) || path?.includes("\\") || rest.length > 2 || value === undefined) return undefined;
    const options = rest.length === 2 ? { FPHA: rest[1] } : rest.length === 1 ? { [rest[0]]: true } : {};
    return Object.keys(options).every((name) => ["NX", "XX", "FPHA"].includes(name)) && (rest.length < 2 || rest[0] === "FPHA") ? CLIENT.jsonSet(key, path, value, { ...options, ...RAW }) : undefined;
  },
  "JSON.STRAPPEND": ([key, path, text]) => (ours(path) && text !== undefined ? CLIENT.jsonStrAppend(key, path, text, RAW) : undefined),
  "JSON.STRLEN": at("jsonStrLen"),
  "JSON.TOGGLE": at("jsonToggle"),
  "JSON.TYPE": at("jsonType"),
};

for (const [name, least] of [["json", 200], ["json.redis8", 200], ["json.valkey", 200], ["json-new.redis8", 20]]) {
  test(`JSON is the same value over both protocols: ${name}`, async () => {
    const count = await replay(name, JSON_CALLS);
    assert.ok(count >= least, `only ${count} replies were read`);
  });
}
