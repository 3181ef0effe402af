// The words of searches, aggregations and schemas; counts are computed.

/** @import { Unknown } from "../internal.js" */

import { checkOptions, describe, isPlain, mistake, optionsOf, some } from "./extend.js";
import { Query, toParam } from "./search-query.js";

/** Options of fields, in the order that servers accept. */
const FIELD = "NOSTEM WEIGHT PHONETIC SEPARATOR CASESENSITIVE WITHSUFFIXTRIE INDEXEMPTY INDEXMISSING SORTABLE NOINDEX".split(" ");
/** Names of fields that the server takes for an option of the field before them. */
const TAKEN = [...FIELD, "FLAT", "SPHERICAL", "UNF"];
/** Options that are lists with their length before them, or several values, or objects with options; and those that are sent elsewhere. */
const COUNTED = /^(INKEYS|INFIELDS|RETURN|FIELDS|PREFIX|STOPWORDS|LOAD)$/;
const SEVERAL = /^(SORTBY|LIMIT|TAGS)$/;
const NESTED = /^(SUMMARIZE|HIGHLIGHT)$/;
const APART = /^(STEPS|PARAMS|DIALECT|LIMITED|TERMS|COUNT|MAXIDLE|[a-z].*)$/;
/** Members of objects that are several values. */
const MEMBERS = ["BY", "DIRECTION", "from", "size", "open", "close"];

/**
 * Options in capitals are those of the server, which refuses what it does not know.
 * @param {string} method
 * @param {Unknown[]} args
 * @returns {Unknown}
 */
export const optionsFor = (method, args) => ({ ...optionsOf(method, args, Object.keys(Object(args.at(-1))).filter((name) => /^[A-Z_]+$/.test(name))) });

/**
 * One word: an array would be sent as several.
 * @param {string} what
 * @param {Unknown} value
 */
export function one(what, value) {
  if (value === undefined || Array.isArray(value)) throw mistake(`${what} is ${describe(value)} (expected one value)`);
  return value;
}

/** Servers read names up to a NUL, and old ones write them into replies that a line end breaks. @param {Unknown} value */
export function nameOf(value) {
  if (one("a name", value) === "" || /[\0\r\n]/.test(value)) throw mistake("a name is empty or has a NUL or a line end");
  return value;
}

/** @param {unknown[]} words @param {Unknown} given */
function counted(words, given) {
  const all = [given].flat(2);
  words.push(all.length);
  for (const word of all) words.push(word);
}

/** The values of an array or an object. @param {string} what @param {Unknown} value @returns {Unknown[]} */
function several(what, value) {
  const words = (isPlain(value) ? MEMBERS.map((name) => value[name]).filter((word) => word !== undefined) : [value].flat()).map((word) => one(what, word));
  if (words.length > 2 || (what === "SORTBY" && !/^(ASC|DESC|undefined)$/.test(words[1]))) throw mistake(`${what}: expected one field, and perhaps ASC or DESC`);
  return words;
}

/** Adds options to words. @param {unknown[]} words @param {Unknown} options */
export function put(words, options) {
  for (const [name, value] of Object.entries(options)) {
    if (APART.test(name) || value === undefined || value === false) continue;
    words.push(name);
    if (value === true) continue;
    if (NESTED.test(name)) put(words, { FIELDS: value.FIELDS, ...value });
    else if (/FILTER$/.test(name) && Array.isArray(value)) words.push(...(Array.isArray(value[0]) ? value : [value]).flatMap((filter) => [name, ...[filter].flat().map((part) => toParam(name, part))]).slice(1));
    else if (COUNTED.test(name) && value !== "*") counted(words, /^(RE|ST)/.test(name) || !Array.isArray(value) ? value : some(name, value));
    else words.push(...(SEVERAL.test(name) ? several(name, value) : [one(name, value)]));
  }
  return words;
}

/**
 * The text of a query, whose values come behind those that are there.
 * @param {string} method
 * @param {Unknown} query
 * @param {Unknown[]} values
 */
function textOf(method, query, values) {
  if (query instanceof Query) {
    const text = query.toString(values.length);
    values.push(...query.values);
    return text;
  }
  if (typeof query !== "string") throw mistake(`${method}: the query is ${describe(query)} (expected a string or query\`…\`)`);
  return query;
}

/** The words behind all options. @param {Unknown} options @param {Unknown[]} values @returns {Unknown[]} */
function tailOf({ PARAMS = {}, DIALECT = 2 }, values) {
  const params = Object.entries(PARAMS).flatMap(([name, value]) => [name, toParam("a value of PARAMS", value)]);
  values.forEach((value, at) => params.push(`p${at}`, value));
  return [...(params.length > 0 ? ["PARAMS", params.length, ...params] : []), ...(DIALECT ? ["DIALECT", one("DIALECT", DIALECT)] : [])];
}

/** A search is an aggregation without steps. @param {string} method @param {Unknown} query @param {Unknown} options */
export function queryWords(method, query, options) {
  /** @type {Unknown[]} */
  const values = [];
  return [...putSteps(method, put([textOf(method, query, values)], options), options), ...tailOf(options, values)];
}

/** @param {string} method @param {unknown[]} words @param {Unknown} options */
function putSteps(method, words, options) {
  for (const step of [options.STEPS ?? []].flat()) {
    const { type, expression, AS, properties = [], REDUCE = [], BY } = step;
    words.push(type);
    if (type === "GROUPBY") {
      counted(words, properties);
      for (const { type, property, quantile, sampleSize, BY, AS } of [REDUCE].flat()) {
        words.push("REDUCE", one("REDUCE", type));
        counted(words, [property, quantile ?? sampleSize, BY && ["BY", ...several("SORTBY", BY)]].flat().filter((word) => word !== undefined));
        put(words, { AS });
      }
    } else if (type === "SORTBY") {
      counted(words, isPlain(BY) || /^(ASC|DESC)$/.test(BY?.[1]) ? several(type, BY) : [BY].flat().map((by) => several(type, by)));
      put(words, { MAX: step.MAX });
    } else if (type === "LIMIT") words.push(...several(type, { ...step, BY: undefined }));
    else if (type === "APPLY") words.push(one(type, expression), "AS", one(type, AS));
    else if (type === "FILTER") words.push(one(type, expression));
    else throw mistake(`${method}: a step is of no known type`);
  }
  return words;
}

/**
 * A query for words, one for vectors, and how what they find becomes one list.
 * @param {string} method
 * @param {Unknown} given
 */
export function hybridWords(method, { SEARCH, VSIM, COMBINE, ...options }) {
  /** @type {Unknown[]} */
  const values = [];
  /** The number of words behind a method is that of all words. @param {Unknown} how */
  const sized = (how) => {
    words.push(one("the type of a method", how.type));
    counted(words, put([], how));
  };
  const { field, vector, FILTER, YIELD_SCORE_AS, ...policy } = Object(VSIM);
  const words = put(["SEARCH", textOf(method, SEARCH?.query, values)], SEARCH);
  words.push("VSIM", nameOf(field));
  if (typeof vector === "string") words.push(vector);
  else words.push(`$p${values.push(toParam("the vector", vector)) - 1}`);
  if (policy.method) sized(policy.method);
  if (FILTER !== undefined) {
    const rest = put([], policy);
    // Alone, a number would be read as how many words follow.
    words.push("FILTER", ...(rest.length > 0 ? [1 + rest.length] : []), `(${textOf(method, FILTER, values)})`, ...rest);
  }
  put(words, { YIELD_SCORE_AS });
  if (COMBINE) {
    words.push("COMBINE");
    sized({ ...COMBINE, ...COMBINE.method });
  }
  return [...putSteps(method, put(words, options), options), ...tailOf({ ...options, DIALECT: false }, values)];
}

/**
 * The fields of an index.
 * @param {string} method
 * @param {Unknown} schema
 */
export function schemaWords(method, schema) {
  const fields = schema instanceof Map ? [...schema] : Object.entries(schema ?? {});
  const first = fields.filter(([name]) => TAKEN.includes(String(name).toUpperCase()));
  if (fields.length === 0 || first.length > 1) throw mistake(`${method}: the schema has ${first.length > 1 ? "several fields with names of options" : "no fields"}`);
  /** @type {unknown[]} */
  const words = [];
  for (const [name, given] of [...first, ...fields.filter((field) => field !== first[0])]) {
    const { type, AS, ALGORITHM, COORD_SYSTEM, ...options } = isPlain(given) ? given : { type: given };
    words.push(nameOf(name), ...(AS === undefined ? [] : ["AS", nameOf(AS)]), one("the type of a field", type));
    if (type === "VECTOR") {
      /** @type {unknown[]} */
      const own = [];
      for (const option of Object.keys(options)) {
        if (FIELD.includes(option)) continue;
        put(own, { [option]: options[option] });
        delete options[option];
      }
      words.push(one("ALGORITHM", ALGORITHM), own.length, ...own);
    }
    if (COORD_SYSTEM) words.push(COORD_SYSTEM);
    checkOptions(method, options, FIELD);
    for (const option of FIELD) put(words, { [option]: options[option] });
  }
  return words;
}
