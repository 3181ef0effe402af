// `import "redmux/time-series"`: the commands of RedisTimeSeries. Types and documentation are in time-series.d.ts.

/** @import { Shape, Unknown } from "../internal.js" */

import { REPLIES } from "../replies.js";
import { extend, isPlain, mistake } from "./extend.js";
import { rows } from "./rows.js";

const { ids, number, object } = REPLIES;

/** Several aggregators give several values. @param {Unknown} reply */
const sample = ([timestamp, ...given]) => {
  const values = given.map((/** @type {Unknown} */ value) => number(value));
  return values.length > 1 ? { timestamp, value: values[0], values } : { timestamp, value: values[0] };
};
/** @param {Unknown} reply */
const samples = (reply) => reply.map(sample);
/** An empty series has none. @param {Unknown} reply */
const last = (reply) => (reply.length > 0 ? sample(reply) : null);

/**
 * Several series. What a group was made of is among its labels in RESP2, and beside them in RESP3.
 * @param {string} field
 * @param {(reply: Unknown) => unknown} read
 * @returns {Shape}
 */
const series = (field, read) => (reply) => {
  /** @type {Unknown[][]} */
  const list = reply instanceof Map ? [...reply].map(([key, parts]) => [key, ...parts]) : reply;
  return list.map(([key, given, ...rest]) => {
    const labels = object(given);
    /** @type {Unknown} */
    const one = { key, labels, [field]: read(rest.pop()) };
    for (const note of rest) for (const [name, list] of note) if (name !== "aggregators") one[name] = list;
    for (const [label, name] of [["__reducer__", "reducers"], ["__source__", "sources"]]) {
      if (label in labels) one[name] = String(labels[label]).split(",");
      delete labels[label];
    }
    return one;
  });
};

/** @type {Shape} */
const info = (reply) => {
  const all = object(reply);
  all.labels = object(all.labels);
  const rules = all.rules instanceof Map ? [...all.rules].map(([destination, parts]) => [destination, ...parts]) : all.rules;
  all.rules = rules.map((/** @type {Unknown[]} */ [destination, bucket, aggregator, align = 0]) => ({ destination, bucket, aggregator, align }));
  if ("ignoreMaxValDiff" in all) all.ignoreMaxValDiff = number(all.ignoreMaxValDiff);
  return all;
};

const RULES = "CHUNK_SIZE DUPLICATE_POLICY";
/** Words that the server looks for behind the key. */
const OPTIONS = `RETENTION ENCODING ${RULES} ON_DUPLICATE IGNORE TIMESTAMP UNCOMPRESSED`.split(" ");
const RANGE = "FILTER_BY_TS FILTER_BY_VALUE";
const BUCKETS = "COUNT ALIGN AGGREGATION BUCKETTIMESTAMP EMPTY";
const SEVERAL = `$ $ {LATEST ${RANGE} WITHLABELS SELECTED_LABELS ${BUCKETS} EXCLUDEEMPTY} FILTER $* {GROUPBY}`;
const COUNTER = `2 {TIMESTAMP RETENTION UNCOMPRESSED ${RULES} IGNORE LABELS}`;

/** @type {[method: string, words: string, shape?: Unknown][]} The words are explained in commands.js; the command is the method with a dot. */
const TABLE = [
  ["tsAdd", `3 {RETENTION ENCODING ${RULES} ON_DUPLICATE IGNORE LABELS}`],
  ["tsAlter", `1 {RETENTION ${RULES} IGNORE LABELS}`],
  ["tsCreate", `1 {RETENTION ENCODING ${RULES} IGNORE LABELS}`],
  ["tsCreateRule", "$ $ AGGREGATION 2"],
  ["tsDecrBy", `${COUNTER}`],
  ["tsDel", "3"],
  ["tsDeleteRule", "2"],
  ["tsGet", "1 {LATEST}", last],
  ["tsIncrBy", `${COUNTER}`],
  ["tsInfo", "1", info],
  ["tsMAdd", "1*"],
  ["tsMGet", "{LATEST WITHLABELS SELECTED_LABELS} FILTER $*", series("sample", last)],
  ["tsMRange", `${SEVERAL}`, series("samples", samples)],
  ["tsMRevRange", `${SEVERAL}`, series("samples", samples)],
  ["tsQueryIndex", "1*", (/** @type {Unknown} */ reply) => [...reply]],
  ["tsRange", `3 {LATEST ${RANGE} ${BUCKETS}}`, samples],
  ["tsRevRange", `3 {LATEST ${RANGE} ${BUCKETS}}`, samples],
];

extend(
  rows(TABLE, (spec, args) => {
    const refuse = (/** @type {string} */ why) => {
      throw mistake(`${spec.method}: ${why}`);
    };
    args.forEach((given, place) => {
      if (given instanceof Date) args[place] = given.getTime();
    });
    if (spec.method === "tsMAdd" && Array.isArray(args[0])) {
      args[0] = args[0].flatMap((one) => {
        if (!isPlain(one)) return refuse("expected samples as { key, timestamp, value }");
        return [one.key, one.timestamp instanceof Date ? one.timestamp.getTime() : one.timestamp, one.value];
      });
    }
    if (!isPlain(args.at(-1))) return spec;
    /** @type {Unknown} */
    const options = (args[args.length - 1] = { ...args.at(-1) });
    const { AGGREGATION, GROUPBY, LABELS } = options;
    if (LABELS !== undefined) {
      options.LABELS = (LABELS instanceof Map ? [...LABELS] : Object.entries(LABELS)).flat();
      for (const word of options.LABELS) {
        const name = String(word).toUpperCase();
        // The server takes the first such word for the option, wherever it is.
        if (OPTIONS.includes(name) && options[name] === undefined) refuse("LABELS: the server would take one for an option");
      }
    }
    if (Array.isArray(AGGREGATION)) options.AGGREGATION = [String(AGGREGATION[0]), ...AGGREGATION.slice(1)];
    if (GROUPBY !== undefined) {
      if (!Array.isArray(GROUPBY) || GROUPBY.length !== 2) refuse("GROUPBY: expected [label, reducer]");
      if (options.SELECTED_LABELS) refuse("GROUPBY and SELECTED_LABELS: only WITHLABELS says what a group was made of");
      options.GROUPBY = [GROUPBY[0], "REDUCE", GROUPBY[1]];
      // Over RESP2 only the labels say what a group was made of.
      options.WITHLABELS = true;
    }
    // The server would go through all buckets since 1970.
    if (options.EMPTY && args.slice(0, 3).some((one) => one === "-" || one === "+")) refuse("EMPTY: expected a range with two ends");
    return spec;
  }),
);
