// Filters, sketches and time series on what servers have answered, as modules-recorded.test.js does for JSON.

import assert from "node:assert/strict";
import { test } from "node:test";

import "../../src/modules/bloom.js";
import "../../src/modules/time-series.js";
import { ask, replay, split } from "../modules/replay.mjs";

/** A command whose words are sent as they are. */
const plain = (method, most = Infinity) => (args) => (args.length <= most ? ask(method, ...args) : undefined);
/** A command whose words behind the first are a list. */
const listed = (method) => ([key, ...list]) => ask(method, key, list);
/** A command with options at its end. */
const optional = (method, names) => (args) => {
  const { before, options } = split(args, names);
  return ask(method, ...before, options);
};
const insert = (method, names) => ([key, ...rest]) => {
  const { before, options: { ITEMS = true, ...others } } = split(rest, [...names, "ITEMS"]);
  return before.length === 0 && ITEMS !== true ? ask(method, key, [ITEMS].flat(), others) : undefined;
};
const merge = (method, names) => (args) => {
  const { before: [key, number, ...keys], options } = split(args, names);
  return number === `${keys.length}` ? ask(method, key, keys, options) : undefined;
};

const FILTERS = {
  "BF.ADD": plain("bfAdd"),
  "BF.CARD": plain("bfCard"),
  "BF.EXISTS": plain("bfExists"),
  "BF.INFO": plain("bfInfo", 1),
  "BF.INSERT": insert("bfInsert", ["CAPACITY", "ERROR", "EXPANSION", "NOCREATE", "NONSCALING"]),
  "BF.LOADCHUNK": plain("bfLoadChunk"),
  "BF.MADD": listed("bfMAdd"),
  "BF.MEXISTS": listed("bfMExists"),
  "BF.RESERVE": optional("bfReserve", ["EXPANSION", "NONSCALING"]),
  "BF.SCANDUMP": plain("bfScanDump"),
  "CF.ADD": plain("cfAdd"),
  "CF.ADDNX": plain("cfAddNX"),
  "CF.COUNT": plain("cfCount"),
  "CF.DEL": plain("cfDel"),
  "CF.EXISTS": plain("cfExists"),
  "CF.INFO": plain("cfInfo"),
  "CF.INSERT": insert("cfInsert", ["CAPACITY", "NOCREATE"]),
  "CF.INSERTNX": insert("cfInsertNX", ["CAPACITY", "NOCREATE"]),
  "CF.LOADCHUNK": plain("cfLoadChunk"),
  "CF.MEXISTS": listed("cfMExists"),
  "CF.RESERVE": optional("cfReserve", ["BUCKETSIZE", "MAXITERATIONS", "EXPANSION"]),
  "CF.SCANDUMP": plain("cfScanDump"),
  "CMS.INCRBY": ([key, ...pairs]) => ask("cmsIncrBy", key, [pairs]),
  "CMS.INFO": plain("cmsInfo"),
  "CMS.INITBYDIM": plain("cmsInitByDim"),
  "CMS.INITBYPROB": plain("cmsInitByProb"),
  "CMS.MERGE": merge("cmsMerge", ["WEIGHTS"]),
  "CMS.QUERY": listed("cmsQuery"),
  "TOPK.ADD": listed("topkAdd"),
  "TOPK.COUNT": listed("topkCount"),
  "TOPK.INCRBY": ([key, ...pairs]) => ask("topkIncrBy", key, [pairs]),
  "TOPK.INFO": plain("topkInfo"),
  "TOPK.LIST": ([key, ...rest]) => (rest[0] === "WITHCOUNT" ? ask("topkListWithCount", key) : ask("topkList", key, ...rest)),
  "TOPK.QUERY": listed("topkQuery"),
  "TOPK.RESERVE": plain("topkReserve"),
  "TDIGEST.ADD": listed("tdigestAdd"),
  "TDIGEST.BYRANK": listed("tdigestByRank"),
  "TDIGEST.BYREVRANK": listed("tdigestByRevRank"),
  "TDIGEST.CDF": listed("tdigestCdf"),
  "TDIGEST.CREATE": optional("tdigestCreate", ["COMPRESSION"]),
  "TDIGEST.INFO": plain("tdigestInfo"),
  "TDIGEST.MAX": plain("tdigestMax"),
  "TDIGEST.MERGE": merge("tdigestMerge", ["COMPRESSION", "OVERRIDE"]),
  "TDIGEST.MIN": plain("tdigestMin"),
  "TDIGEST.QUANTILE": listed("tdigestQuantile"),
  "TDIGEST.RANK": listed("tdigestRank"),
  "TDIGEST.RESET": plain("tdigestReset"),
  "TDIGEST.REVRANK": listed("tdigestRevRank"),
  "TDIGEST.TRIMMED_MEAN": plain("tdigestTrimmedMean"),
};

const RULES = ["RETENTION", "ENCODING", "CHUNK_SIZE", "DUPLICATE_POLICY", "ON_DUPLICATE", "IGNORE", "TIMESTAMP", "UNCOMPRESSED", "LABELS"];
const RANGE = ["LATEST", "FILTER_BY_TS", "FILTER_BY_VALUE", "COUNT", "ALIGN", "AGGREGATION", "BUCKETTIMESTAMP", "EMPTY"];
const LABELS = ["LATEST", "WITHLABELS", "SELECTED_LABELS", "FILTER"];

/** A command whose options may have labels. */
const labelled = (method) => (args) => {
  const { before, options } = split(args, RULES);
  if (options.LABELS !== undefined) {
    const list = [options.LABELS].flat();
    if (options.LABELS === true || list.length % 2 > 0) return undefined;
    options.LABELS = Object.fromEntries(list.flatMap((name, at) => (at % 2 > 0 ? [] : [[name, list[at + 1]]])));
  }
  return ask(method, ...before, options);
};
/** A command for several series, whose `FILTER` is an argument. */
const several = (method, names) => (args) => {
  const { before, options: { FILTER, GROUPBY, ...options } } = split(args, names);
  if (FILTER === undefined || FILTER === true) return undefined;
  if (GROUPBY === undefined) return ask(method, ...before, FILTER, options);
  // The recorded words may lack the labels, without which a group does not say what it was made of.
  const [label, word, reducer] = GROUPBY;
  return word === "REDUCE" && options.WITHLABELS ? ask(method, ...before, FILTER, { ...options, GROUPBY: [label, reducer] }) : undefined;
};
const SERIES = {
  "TS.ADD": labelled("tsAdd"),
  "TS.ALTER": labelled("tsAlter"),
  "TS.CREATE": labelled("tsCreate"),
  "TS.CREATERULE": ([from, to, word, ...rest]) => (word === "AGGREGATION" ? ask("tsCreateRule", from, to, ...rest) : undefined),
  "TS.DECRBY": labelled("tsDecrBy"),
  "TS.DEL": plain("tsDel"),
  "TS.DELETERULE": plain("tsDeleteRule"),
  "TS.GET": optional("tsGet", ["LATEST"]),
  "TS.INCRBY": labelled("tsIncrBy"),
  "TS.INFO": plain("tsInfo", 1),
  "TS.MADD": (args) => {
    const samples = [];
    for (let at = 0; at < args.length; at += 3) samples.push({ key: args[at], timestamp: args[at + 1], value: args[at + 2] });
    return args.length % 3 === 0 ? ask("tsMAdd", samples) : undefined;
  },
  "TS.MGET": several("tsMGet", LABELS),
  "TS.MRANGE": several("tsMRange", [...LABELS, ...RANGE, "EXCLUDEEMPTY", "GROUPBY"]),
  "TS.MREVRANGE": several("tsMRevRange", [...LABELS, ...RANGE, "EXCLUDEEMPTY", "GROUPBY"]),
  "TS.QUERYINDEX": (args) => ask("tsQueryIndex", args),
  "TS.RANGE": optional("tsRange", RANGE),
  "TS.REVRANGE": optional("tsRevRange", RANGE),
};

for (const [calls, files] of [
  [FILTERS, { bloom: 73, "bloom.redis8": 73, "bloom.valkey": 73, cuckoo: 74, "cuckoo.redis8": 74, cms: 50, topk: 39, tdigest: 80 }],
  [SERIES, { timeseries: 180, "timeseries.redis8": 180, "timeseries-new.redis8": 34 }],
]) {
  for (const [name, least] of Object.entries(files)) {
    test(`${name}: the same values over both protocols`, async () => {
      const count = await replay(name, calls);
      assert.ok(count >= least, `only ${count} replies were read`);
    });
  }
}
