// Search on what servers have answered, as modules-recorded.test.js does for JSON.

import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";

import "../../src/modules/search.js";
import { ask, replay } from "../modules/replay.mjs";

/** Options by the number of words behind each; `#` is a list behind its length. */
const SIZES = {
  ...Object.fromEntries("VERBATIM NOSTOPWORDS WITHSCORES WITHPAYLOADS WITHSORTKEYS INORDER EXPLAINSCORE NOCONTENT ADDSCORES LIMITED".split(" ").map((name) => [name, 0])),
  ...Object.fromEntries("SLOP TIMEOUT LANGUAGE EXPANDER SCORER PAYLOAD DIALECT FRAGS LEN SEPARATOR FORMAT".split(" ").map((name) => [name, 1])),
  ...Object.fromEntries("INKEYS INFIELDS RETURN PARAMS FIELDS LOAD".split(" ").map((name) => [name, "#"])),
  LIMIT: 2,
  TAGS: 2,
};
const INNER = ["FIELDS", "FRAGS", "LEN", "SEPARATOR", "TAGS"];

/** Thrown where no method sends such words. */
class NoMethod extends Error {}

/** Reads words one after the other. */
function reader(words) {
  let at = 0;
  const take = () => {
    if (at >= words.length) throw new NoMethod();
    return words[at++];
  };
  const list = (count) => {
    if (!/^\d+$/.test(count)) throw new NoMethod();
    return Array.from({ length: Number(count) }, take);
  };
  return { peek: () => words[at], take, list, counted: () => list(take()) };
}

/** Reads an option; returns its value. */
function option({ take, list, counted, peek }, name) {
  if (name === "SORTBY") {
    const field = take();
    return /^(ASC|DESC)$/.test(peek()) ? [field, take()] : field;
  }
  if (name === "LOAD" && peek() === "*") return take();
  const size = SIZES[name];
  if (size === undefined) throw new NoMethod();
  if (name === "PARAMS") {
    const words = counted();
    if (words.length % 2 > 0) throw new NoMethod();
    const pairs = words.flatMap((word, place) => (place % 2 > 0 ? [] : [[word, words[place + 1]]]));
    if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new NoMethod();
    return Object.fromEntries(pairs);
  }
  if (size === "#") return counted();
  return size === 0 ? true : size === 1 ? take() : list(size);
}

function searchOptions(words) {
  const from = reader(words);
  const options = {};
  while (from.peek() !== undefined) {
    const name = from.take();
    if (name in options) throw new NoMethod();
    if (name === "SUMMARIZE" || name === "HIGHLIGHT") {
      const inner = {};
      while (INNER.includes(from.peek()) && !(name === "HIGHLIGHT" && /^(FRAGS|LEN)$/.test(from.peek()))) {
        const one = from.take();
        const value = option(from, one);
        inner[one] = one === "TAGS" ? { open: value[0], close: value[1] } : value;
      }
      options[name] = Object.keys(inner).length > 0 ? inner : true;
    } else options[name] = option(from, name);
  }
  return options;
}

function aggregateOptions(words) {
  const from = reader(words);
  const options = { STEPS: [] };
  const sorted = (list) => list.reduce((all, word) => (/^(ASC|DESC)$/.test(word) ? [...all.slice(0, -1), [all.at(-1), word]] : [...all, word]), []);
  while (from.peek() !== undefined) {
    const type = from.take();
    if (type === "GROUPBY") {
      const step = { type, properties: from.counted(), REDUCE: [] };
      while (from.peek() === "REDUCE") {
        from.take();
        const [name, [property, ...rest]] = [from.take(), from.counted()];
        const reduce = { type: name, property };
        if (rest[0] === "BY") reduce.BY = rest.length > 2 ? [rest[1], rest[2]] : rest[1];
        else if (rest.length > 0) [reduce.quantile] = rest;
        if (from.peek() === "AS") reduce.AS = (from.take(), from.take());
        step.REDUCE.push(reduce);
      }
      options.STEPS.push(step);
    } else if (type === "SORTBY") {
      const step = { type, BY: sorted(from.counted()) };
      if (from.peek() === "MAX") step.MAX = (from.take(), from.take());
      options.STEPS.push(step);
    } else if (type === "APPLY") {
      const expression = from.take();
      if (from.take() !== "AS") throw new NoMethod();
      options.STEPS.push({ type, expression, AS: from.take() });
    } else if (type === "FILTER") options.STEPS.push({ type, expression: from.take() });
    else if (type === "LIMIT") options.STEPS.push({ type, from: from.take(), size: from.take() });
    else options[type] = option(from, type);
  }
  return options;
}

/** As `ask`, for an index, a query and options that are read from words; what only one protocol says is left out. */
const queried = (method, read, before = 0) => async ([index, ...words], resp2) => {
  try {
    const limited = words[before] === "LIMITED" ? words.splice(before, 1).length > 0 : false;
    const [query, ...rest] = words.slice(before + (before > 0 ? 1 : 0));
    if (query === undefined) return undefined;
    const options = { ...read(rest), ...(limited && { LIMITED: true }) };
    // The methods ask for both.
    if (options.EXPLAINSCORE && !options.WITHSCORES) return undefined;
    // Only RESP3 has values that are no texts; and rows that came in time differ from run to run.
    if (options.FORMAT === "EXPAND" || options.TIMEOUT === "1") return undefined;
    const name = options.NOCONTENT && method === "ftSearch" ? "ftSearchNoContent" : method;
    if (name !== method) delete options.NOCONTENT;
    const call = await ask(name, index, query, { bytes: !isUtf8(resp2), ...options });
    // Without a dialect, servers take their first one; the methods name the second.
    if (call && !("DIALECT" in options)) call.words.splice(call.words.lastIndexOf("DIALECT"), 2);
    const { shape } = call ?? {};
    if (shape) call.shape = (reply, bytes) => without(shape(reply, bytes));
    return call;
  } catch (error) {
    if (error instanceof NoMethod) return undefined;
    throw error;
  }
};
const without = ({ warnings, profile, ...rest }) => rest;
const plain = (method, most = Infinity) => (args) => (args.length <= most ? ask(method, ...args) : undefined);
const profiled = { SEARCH: queried("ftProfileSearch", searchOptions, 1), AGGREGATE: queried("ftProfileAggregate", aggregateOptions, 1) };

const CALLS = {
  "FT._LIST": plain("ftList"),
  "FT.SEARCH": queried("ftSearch", searchOptions),
  "FT.AGGREGATE": async (words, resp2) => {
    if (!words.includes("WITHCURSOR")) return queried("ftAggregate", aggregateOptions)(words, resp2);
    if (words.includes("TIMEOUT")) return undefined;
    // A cursor is read as the reply of the command that goes on with it.
    const call = await ask("ftCursorRead", "i", "1");
    return call && { ...call, words: undefined, shape: (reply) => rest(call.shape(reply)) };
  },
  "FT.CURSOR": async ([what, index, cursor, ...more]) => {
    if (what === "DEL") return ask("ftCursorDel", index, cursor);
    if (what !== "READ" || cursor === undefined || more.length === 1) return undefined;
    const call = await ask("ftCursorRead", index, cursor, more.length > 0 ? { COUNT: more[1] } : {});
    return { ...call, shape: (reply) => rest(call.shape(reply)) };
  },
  "FT.HYBRID": async ([index, , text, , field, vector, ...words]) => {
    const at = words.indexOf("FILTER");
    const [, FILTER] = at < 0 ? [] : words.splice(at, 2);
    const call = await ask("ftHybrid", index, { SEARCH: { query: text }, VSIM: { field, vector, FILTER }, ...aggregateOptions(words) });
    return { ...call, words: FILTER === undefined ? call.words : undefined };
  },
  "FT.PROFILE": ([index, kind, ...words], resp2) => profiled[kind]?.([index, kind, ...words], resp2),
  "FT.EXPLAIN": queried("ftExplain", searchOptions),
  "FT.INFO": (args) => (args.length === 1 ? ask("ftInfo", ...args) : undefined),
  "FT.DROPINDEX": ([index, ...rest]) => (index && (rest.join() === "" || rest.join() === "DD") ? ask("ftDropIndex", index, rest.length > 0 ? { DD: true } : {}) : undefined),
  "FT.SPELLCHECK": async ([index, query, ...rest]) => {
    const options = { TERMS: [] };
    while (rest.length > 0) {
      const name = rest.shift();
      if (name === "TERMS") options.TERMS.push({ mode: rest.shift(), dictionary: rest.shift() });
      else options[name] = rest.shift();
    }
    const call = await ask("ftSpellCheck", index, query, options);
    if (!("DIALECT" in options)) call.words.splice(-2);
    return call;
  },
  "FT.SYNDUMP": plain("ftSynDump"),
  "FT.SYNUPDATE": ([index, group, ...terms]) => {
    const skip = terms[0] === "SKIPINITIALSCAN";
    return ask("ftSynUpdate", index, group, skip ? terms.slice(1) : terms, skip ? { SKIPINITIALSCAN: true } : {});
  },
  "FT.DICTADD": ([name, ...terms]) => ask("ftDictAdd", name, terms),
  "FT.DICTDEL": ([name, ...terms]) => ask("ftDictDel", name, terms),
  "FT.DICTDUMP": plain("ftDictDump"),
  "FT.TAGVALS": plain("ftTagVals"),
  "FT.ALIASADD": plain("ftAliasAdd"),
  "FT.ALIASDEL": plain("ftAliasDel"),
  "FT.ALIASUPDATE": plain("ftAliasUpdate"),
  "FT.ALIASLIST": plain("ftAliasList"),
  "FT.CONFIG": ([what, ...rest]) => (what === "GET" ? ask("ftConfigGet", ...rest) : what === "SET" ? ask("ftConfigSet", ...rest) : undefined),
  "FT.SUGADD": ([key, text, score, ...rest]) => {
    const options = {};
    while (rest.length > 0) options[rest[0]] = rest.shift() === "INCR" ? true : rest.shift();
    return score === undefined ? undefined : ask("ftSugAdd", key, text, score, options);
  },
  "FT.SUGDEL": plain("ftSugDel"),
  "FT.SUGLEN": plain("ftSugLen"),
  "FT.SUGGET": ([key, prefix, ...rest]) => {
    const has = (name) => rest.includes(name) && rest.splice(rest.indexOf(name), 1).length > 0;
    const [scores, payloads, fuzzy] = ["WITHSCORES", "WITHPAYLOADS", "FUZZY"].map(has);
    const method = `ftSugGet${scores ? "WithScores" : ""}${payloads ? "WithPayloads" : ""}`;
    return prefix === undefined || /NOPE/.test(rest) ? undefined : ask(method, key, prefix, { ...(fuzzy && { FUZZY: true }), ...(rest.length > 0 && { MAX: rest[1] }) });
  },
};
/** Cursors differ from run to run. */
const rest = ({ cursor, results }) => ({ end: cursor === 0, results });

for (const [name, least] of [["search", 350], ["search.stack72", 350], ["search-escaping", 290], ["search-params", 90], ["search-params.stack72", 90], ["search-new.derived", 7]]) {
  test(`${name}: the same values over both protocols`, async () => {
    const count = await replay(name, CALLS);
    assert.ok(count >= least, `only ${count} replies were read`);
  });
}
