// The replies of search: the same values over both protocols.

/** @import { Shape, Unknown } from "../internal.js" */

import { REPLIES } from "../replies.js";

const { number, object, record } = REPLIES;

/** `#12.5` or `$text`. @param {Unknown} key */
function sortKey(key) {
  if (!key) return null;
  return key[0] === "#" || key[0] === 35 ? number(key.slice(1)) : key.slice(1);
}

/** @param {Unknown} options What was asked for. @param {Unknown[]} parts */
function documentOf(options, [id, score, payload, key, content]) {
  /** @type {Unknown} */
  const found = { id, value: null };
  if (options.WITHSCORES) {
    const [value, explanation] = [score].flat(1);
    found.score = number(value);
    if (options.EXPLAINSCORE) found.explanation = explanation;
  }
  if (options.WITHPAYLOADS) found.payload = payload ?? null;
  if (options.WITHSORTKEYS) found.sortKey = sortKey(key);
  const fields = content && object(content);
  // No hash is empty: it is gone, or has none of the fields.
  if (!fields || Object.keys(fields).length === 0) return found;
  found.value = fields;
  const { $, ...others } = fields;
  if (options.RETURN === undefined && typeof $ === "string") {
    try {
      const value = JSON.parse($);
      found.value = options.DIALECT > 2 && Array.isArray(value) ? value[0] : value;
      if (Object.keys(others).length > 0) found.extra = others;
    } catch {}
  }
  return found;
}

/** @param {Unknown} reply */
const warnings = (reply) => reply.get("warning") ?? [];

/** A page of a search. @param {Unknown} options @returns {(reply: Unknown) => Unknown} */
export const page = (options) => (reply) => {
  /** @type {Unknown[]} */
  const documents = [];
  const add = (/** @type {Unknown[]} */ parts) => documents.push(options.NOCONTENT ? parts[0] : documentOf(options, parts));
  if (!(reply instanceof Map)) {
    const hasContent = !(options.NOCONTENT || options.RETURN?.length === 0);
    let at = 1;
    while (at < reply.length) {
      add([true, options.WITHSCORES, options.WITHPAYLOADS, options.WITHSORTKEYS, hasContent].map((has) => (has ? reply[at++] : undefined)));
    }
    return { total: reply[0], documents, warnings: [] };
  }
  const total = reply.get("total_results");
  for (const row of reply.get("results")) add(["id", "score", "payload", "sortkey", "extra_attributes"].map((name) => row.get(name)));
  const { LIMIT = [0, 10] } = options;
  const [from, size] = (Array.isArray(LIMIT) ? LIMIT : [LIMIT.from, LIMIT.size]).map(Number);
  // A cluster of Redis 8.4 to 8.8 answers with the rows before those that were asked for, too.
  if (documents.length > Math.min(size, Math.max(Number(total) - from, 0))) documents.splice(0, from);
  return { total, documents: documents.slice(0, size), warnings: warnings(reply) };
};

/** Rows of an aggregation; those of documents that are gone are left out. @param {Unknown} reply */
export function rows(reply) {
  const isMap = reply instanceof Map;
  const all = isMap ? reply.get("results").map((/** @type {Unknown} */ row) => row.get("extra_attributes")) : reply.slice(1);
  const results = all.filter(Boolean).map((/** @type {Unknown} */ row) => object(row));
  return { total: isMap ? reply.get("total_results") : reply[0], results, warnings: isMap ? warnings(reply) : [] };
}

/** Rows of a hybrid query. Where a document is gone, there is a null, in a list or not. @param {Unknown} options @returns {(reply: Unknown) => Unknown} */
export const hybrid = (options) => (reply) => {
  const { total_results: total, results, warnings, execution_time } = object(reply);
  const found = results.filter((/** @type {Unknown} */ row) => row && row[0] !== null).map((/** @type {Unknown} */ row) => object(row));
  if (options.EXPLAINSCORE) for (const { score } of found) score[0] = number(score[0]);
  return { total, results: found, warnings, executionTime: number(execution_time) };
};

/** @param {(reply: Unknown) => Unknown} read @returns {(reply: Unknown) => Unknown} */
export const profiled = (read) => (reply) =>
  reply instanceof Map
    ? { ...read(reply.get("Results") ?? reply), profile: reply.get("Profile") ?? reply.get("profile") }
    : { ...read(reply[0]), profile: reply[1] };

/** Texts of an index, which may look like numbers. */
const TEXTS = /^(ident|attr|type|SEP|PHON|filt|state|lastInd)|[a-z](Name|Type|Field|Language)$/;
/** Flags among pairs of RESP2 are in capitals, without a number behind them. */
const FLAG = /^(?!WEIGHT|SEPARATOR|PHONETIC)[A-Z_]+$/;

/** What is said by name, with numbers for texts that are numbers over RESP3. @param {Unknown} reply @returns {Unknown} */
export function said(reply) {
  const all = record(reply);
  for (const [name, value] of Object.entries(all)) {
    if (/Def|tats$|Errors$/.test(name)) all[name] = said(value);
    else if (/attributes|Statistics/.test(name)) all[name] = value.map(attribute);
    else if (typeof value === "string" && !TEXTS.test(name) && /^(-?[\d.]+(e.\d+)?|-?inf|-?nan)$/.test(value)) all[name] = number(/** @type {Unknown} */ (value));
  }
  return all;
}

/** A field; flags have no values in RESP2. @param {Unknown} reply */
function attribute(reply) {
  if (reply instanceof Map) return said(reply);
  const flags = [];
  const pairs = [];
  for (let at = 0; at < reply.length; at++) {
    if (FLAG.test(reply[at]) && !/^\d/.test(reply[at + 1])) flags.push(reply[at]);
    else pairs.push(reply[at], reply[++at]);
  }
  return said(pairs.includes("type") ? [...pairs, "flags", flags] : pairs);
}

/** @type {Shape} */
export const list = (reply) => [...reply];
/** @type {(reply: Unknown) => Unknown} */
export const spelling = (reply) => {
  const terms = reply instanceof Map ? [...reply.get("results")] : reply.map((/** @type {Unknown[]} */ one) => one.slice(1));
  return terms.map((/** @type {Unknown} */ [term, found]) => ({
    term,
    suggestions: found.map((/** @type {Unknown} */ one) => {
      const [score, suggestion] = one instanceof Map ? [...one][0].reverse() : one;
      return { suggestion, score: number(score) };
    }),
  }));
};

/** Suggestions with what was asked for beside each. @param {boolean} [scores] @param {boolean} [payloads] */
export const suggestions = (scores, payloads) => {
  const shape = (/** @type {Unknown} */ reply) => {
    const found = [];
    for (let at = 0; at < (reply?.length ?? 0); ) {
      const suggestion = reply[at++];
      found.push(scores || payloads ? { suggestion, ...(scores && { score: number(reply[at++]) }), ...(payloads && { payload: reply[at++] }) } : suggestion);
    }
    return found;
  };
  // There is no such key.
  shape.nulls = true;
  return shape;
};
