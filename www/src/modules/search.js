// `import "redmux/search"`: indexes, queries and aggregations of RediSearch. Types and documentation are in search.d.ts.

/** @import { Unknown } from "../internal.js" */

import { REPLIES } from "../replies.js";
import { call, Client, extend, mistake } from "./extend.js";
import { rows } from "./rows.js";
import { expression, query } from "./search-query.js";
import { hybrid, list, page, profiled, rows as results, said, spelling, suggestions } from "./search-replies.js";
import { hybridWords, nameOf, one, optionsFor, put, queryWords, schemaWords } from "./search-words.js";

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
  ["ftDictAdd", "2*"],
  ["ftDictDel", "2*"],
  ["ftDictDump", "1", list],
  ["ftDropIndex", "1 {DD}"],
  ["ftInfo", "1", said],
  ["ftList", "FT._LIST", list],
  ["ftSugAdd", "3 {INCR PAYLOAD}"],
  ["ftSugDel", "2", boolean],
  ["ftSugGet", "2 {FUZZY MAX}", suggestions()],
  ["ftSugGetWithPayloads", "FT.SUGGET 2 {FUZZY} WITHPAYLOADS {MAX}", suggestions(false, true)],
  ["ftSugGetWithScores", "FT.SUGGET 2 {FUZZY} WITHSCORES {MAX}", suggestions(true)],
  ["ftSugGetWithScoresWithPayloads", "FT.SUGGET 2 {FUZZY} WITHSCORES WITHPAYLOADS {MAX}", suggestions(true, true)],
  ["ftSugLen", "1"],
  ["ftSynDump", "1", object],
  ["ftSynUpdate", "$ $ {SKIPINITIALSCAN} $*"],
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
 * Methods of an index and a query or a schema, each with what makes the words behind the index and what reads the reply. The name
 * of the method says the command.
 * @type {[method: string, words: (method: string, query: Unknown, options: Unknown) => Unknown, shape?: (options: Unknown) => Unknown][]}
 */
const QUERIES = [
  ["ftAggregate", queryWords, () => results],
  ["ftAlter", (method, schema, options) => [put([], options), "SCHEMA", "ADD", schemaWords(method, schema)]],
  ["ftCreate", (method, schema, options) => [put([], options), "SCHEMA", schemaWords(method, schema)]],
  ["ftExplain", queryWords],
  ["ftHybrid", hybridWords, hybrid],
  ["ftProfileAggregate", queryWords, () => profiled(results)],
  ["ftProfileHybrid", hybridWords, (options) => profiled(hybrid(options))],
  ["ftProfileSearch", queryWords, (options) => profiled(page(options))],
  ["ftSearch", queryWords, page],
  ["ftSearchNoContent", queryWords, page],
  ["ftSpellCheck", spellWords, () => spelling],
];
extend(
  Object.fromEntries(
    QUERIES.map(([method, words, shape]) => [
      method,
      /** @this {Unknown} @param {Unknown} index @param {...Unknown} args */
      function (index, ...args) {
        // Options of a hybrid query hold the query.
        const query = words === hybridWords ? Object(args[0]) : args.shift();
        const given = optionsFor(method, args);
        const [, profile, command, noContent] = /** @type {RegExpExecArray} */ (/^FT(PROFILE)?(\w+?)(NOCONTENT)?$/.exec(method.toUpperCase()));
        // In this order.
        const options = { NOCONTENT: noContent !== undefined, WITHSCORES: given.EXPLAINSCORE, ...given };
        const asked = words(method, query, options).flat();
        // Redis Stack 7.2 writes tags into profiles as they are, and a line end would break the reply.
        if (profile && asked.some((/** @type {Unknown} */ word) => /[\r\n]/.test(word))) throw mistake(`${method}: the query has a line end`);
        const all = ["FT." + (profile ?? command), nameOf(index), ...(profile ? [command, ...(options.LIMITED ? ["LIMITED"] : []), "QUERY"] : []), ...asked];
        return call(this, method, all, options, shape?.(options));
      },
    ]),
  ),
);

/** @param {string} method @param {Unknown} query @param {Unknown} options */
function spellWords(method, query, { PARAMS, TERMS = [], ...options }) {
  const words = queryWords(method, query, options);
  // Redis Stack crashes on a parameter, also on one without value.
  if (PARAMS || /^(?:[^\\$]|\\[^])*\$/.test(words[0])) throw mistake(`${method}: the query has a parameter`);
  words.splice(1, 0, ...[TERMS].flat().flatMap(({ mode, dictionary }) => ["TERMS", one("mode", mode), one("dictionary", dictionary)]));
  return words;
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
    if (!(Number.isInteger(value) && value > 0 && value <= 1e6)) throw mistake(`${method}: COUNT or MAXIDLE is no integer from 1 to 1000000`);
  }
  const words = ["FT.AGGREGATE", nameOf(index), ...queryWords(method, query, options), "WITHCURSOR", "COUNT", COUNT, "MAXIDLE", MAXIDLE];
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
