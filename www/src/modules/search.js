// `import "redmux/search"`: indexes, queries and aggregations of RediSearch. Types and documentation are in search.d.ts.

/** @import { Unknown } from "../internal.js" */

import { Client } from "../client.js";
import { mistake } from "../errors.js";
import { REPLIES } from "../replies.js";
import { call, extend } from "./extend.js";
import { rows } from "./rows.js";
import { expression, query } from "./search-query.js";
import { info, list, page, profiled, rows as results, spelling, suggestions } from "./search-replies.js";
import { aggregateWords, nameOf, one, optionsFor, put, queryWords, schemaWords, searchWords } from "./search-words.js";

export { expression, query };

const { boolean, object } = REPLIES;

/** @type {[method: string, words: string, shape?: Unknown][]} The words are explained in commands.js; the command is the method with a dot. */
const TABLE = [
  ["ftAliasAdd", "2"],
  ["ftAliasDel", "1"],
  ["ftAliasList", "1", list],
  ["ftAliasUpdate", "2"],
  ["ftConfigGet", "FT.CONFIG GET 1", object],
  ["ftConfigSet", "FT.CONFIG SET 2"],
  ["ftCursorDel", "FT.CURSOR DEL 2"],
  ["ftCursorRead", "FT.CURSOR READ 2 {COUNT}", cursorPage],
  ["ftDictAdd", "2"],
  ["ftDictDel", "2"],
  ["ftDictDump", "1", list],
  ["ftDropIndex", "1 {DD}"],
  ["ftInfo", "1", info],
  ["ftList", "FT._LIST", list],
  ["ftSugAdd", "3 {INCR PAYLOAD}"],
  ["ftSugDel", "2", boolean],
  ["ftSugGet", "2 {FUZZY MAX}", suggestions()],
  ["ftSugGetWithPayloads", "FT.SUGGET 2 {FUZZY} WITHPAYLOADS {MAX}", suggestions(false, true)],
  ["ftSugGetWithScores", "FT.SUGGET 2 {FUZZY} WITHSCORES {MAX}", suggestions(true)],
  ["ftSugGetWithScoresWithPayloads", "FT.SUGGET 2 {FUZZY} WITHSCORES WITHPAYLOADS {MAX}", suggestions(true, true)],
  ["ftSugLen", "1"],
  ["ftSynDump", "1", object],
  ["ftSynUpdate", "$ $ {SKIPINITIALSCAN} $"],
  ["ftTagVals", "2", list],
];
extend(
  rows(TABLE, (spec, args) => {
    if (/Alias[AU]/.test(spec.method)) nameOf(args[0]);
    return spec;
  }),
);

/** Rows, and the cursor, which is 0 at the end. @param {Unknown} reply */
function cursorPage([reply, cursor]) {
  return { ...results(reply), cursor };
}

/**
 * Methods of an index and a query or a schema: the words around the index, and what makes the words behind them and reads the
 * reply.
 * @type {[method: string, command: string, words: (method: string, query: Unknown, options: Unknown) => Unknown, shape?: (options: Unknown) => Unknown][]}
 */
const QUERIES = [
  ["ftAggregate", "FT.AGGREGATE", aggregateWords, () => results],
  ["ftAlter", "FT.ALTER", (method, schema, options) => [put([], options), "SCHEMA", "ADD", schemaWords(method, schema)]],
  ["ftCreate", "FT.CREATE", (method, schema, options) => [put([], options), "SCHEMA", schemaWords(method, schema)]],
  ["ftExplain", "FT.EXPLAIN", queryWords],
  ["ftProfileAggregate", "FT.PROFILE AGGREGATE QUERY", aggregateWords, () => profiled(results)],
  ["ftProfileSearch", "FT.PROFILE SEARCH QUERY", searchWords, (options) => profiled(page(options))],
  ["ftSearch", "FT.SEARCH", searchWords, page],
  ["ftSearchNoContent", "FT.SEARCH", searchWords, page],
  ["ftSpellCheck", "FT.SPELLCHECK", spellWords, () => spelling],
];
extend(
  Object.fromEntries(
    QUERIES.map(([method, command, words, shape]) => [
      method,
      /** @this {Unknown} @param {Unknown} index @param {Unknown} query @param {...Unknown} args */
      function (index, query, ...args) {
        const given = optionsFor(method, args);
        // In this order.
        const options = { NOCONTENT: method.endsWith("NoContent"), WITHSCORES: given.EXPLAINSCORE, ...given };
        const [name, ...more] = command.split(" ");
        if (options.LIMITED) more.splice(1, 0, "LIMITED");
        const asked = words(method, query, options).flat();
        // Redis Stack 7.2 writes tags into profiles as they are, and a line end would break the reply.
        if (more.length > 0 && asked.some((/** @type {Unknown} */ word) => /[\r\n]/.test(word))) throw mistake(`${method}: the query has a line end`);
        return call(this, method, [name, nameOf(index), ...more, ...asked], options, shape?.(options));
      },
    ]),
  ),
);

/** @param {string} method @param {Unknown} query @param {Unknown} options */
function spellWords(method, query, options) {
  const [text, tail] = queryWords(method, query, options);
  // Redis Stack crashes on a parameter, also on one without value.
  if (tail.length > 2 || /^(?:[^\\$]|\\[^])*\$/.test(/** @type {string} */ (text))) throw mistake(`${method}: the query has a parameter`);
  const words = put([text], options);
  for (const { mode, dictionary } of [options.TERMS ?? []].flat()) words.push("TERMS", one("mode", mode), one("dictionary", dictionary));
  return [...words, ...tail];
}

/**
 * The rows of an aggregation, one after the other. The cursor is deleted where the loop ends.
 * @this {Unknown}
 * @param {Unknown} index
 * @param {Unknown} query
 * @param {...Unknown} args
 */
async function* ftAggregateWithCursor(index, query, ...args) {
  const method = "ftAggregateWithCursor";
  // Rows that are read at once, and how long the server keeps the cursor of a client that does not come back.
  const { COUNT = 1000, MAXIDLE = 60_000, ...options } = optionsFor(method, args);
  for (const value of [COUNT, MAXIDLE]) {
    if (!(Number.isInteger(value) && value > 0 && value <= 1e6)) throw mistake(`${method}: COUNT or MAXIDLE is not an integer from 1 to 1000000`);
  }
  const words = ["FT.AGGREGATE", nameOf(index), ...aggregateWords(method, query, options), "WITHCURSOR", "COUNT", COUNT, "MAXIDLE", MAXIDLE];
  let found = await call(this, method, words, options, cursorPage);
  try {
    for (;;) {
      yield* found.results;
      // An empty page is not the end.
      if (!Number(found.cursor)) return;
      found = await call(this, method, ["FT.CURSOR", "READ", index, found.cursor, "COUNT", COUNT], options, cursorPage);
    }
  } finally {
    // The loop was left, or a page did not come: the server would keep the cursor until it has been idle for too long.
    if (Number(found.cursor)) await this.ftCursorDel(index, found.cursor).catch(() => {});
  }
}
Object.defineProperty(Client.prototype, "ftAggregateWithCursor", { value: ftAggregateWithCursor, configurable: true, writable: true });
