// `import "redmux/bloom"`: Bloom and cuckoo filters, count-min sketches, top-k lists and t-digests. Types and documentation are
// in bloom.d.ts.

/** @import { Shape, Unknown } from "../internal.js" */

import { REPLIES } from "../replies.js";
import { toWords } from "../shape.js";
import { extend, mistake } from "./extend.js";
import { rows } from "./rows.js";

const { boolean, number, numbers } = REPLIES;

/** A full filter has an error in the place of an item. @type {Shape} */
const flags = (reply) => reply.map((one) => (one instanceof Error ? one : boolean(one)));
/** Numbers by name, in camel case. @type {Shape} */
const info = (reply) => {
  const flat = /** @type {Unknown} */ (reply instanceof Map ? [...reply].flat() : reply);
  const object = Object.create(null);
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [name] = REPLIES.ids([flat[at]]);
    const value = flat[at + 1];
    object[name.replace(/^./, (/** @type {string} */ a) => a.toLowerCase()).replace(/[ _-]+(\w)/g, (/** @type {string} */ _, /** @type {string} */ a) => a.toUpperCase())] =
      value === null ? null : number(value);
  }
  return object;
};
/** @type {Shape} */
const chunk = ([iterator, data]) => ({ iterator, chunk: data?.length > 0 ? data : null });
/** @type {Shape} */
const counts = (reply) => reply.flatMap((item, at) => (at % 2 > 0 ? [] : [{ item, count: reply[at + 1] }]));

const INSERT = "{CAPACITY ERROR EXPANSION NOCREATE NONSCALING} ITEMS $*";
const INSERT_CUCKOO = "{CAPACITY NOCREATE} ITEMS $*";

/** @type {[method: string, words: string, shape?: Unknown][]} The words are explained in commands.js; the command is the method with a dot. */
const TABLE = [
  ["bfAdd", "2", boolean],
  ["bfCard", "1"],
  ["bfExists", "2", boolean],
  ["bfInfo", "1", info],
  ["bfInsert", `$ ${INSERT}`, flags],
  ["bfLoadChunk", "3"],
  ["bfMAdd", "2*", flags],
  ["bfMExists", "2*", flags],
  ["bfReserve", "3 {EXPANSION NONSCALING}"],
  ["bfScanDump", "2", chunk],

  ["cfAdd", "2", boolean],
  ["cfAddNX", "2", boolean],
  ["cfCount", "2"],
  ["cfDel", "2", boolean],
  ["cfExists", "2", boolean],
  ["cfInfo", "1", info],
  ["cfInsert", `$ ${INSERT_CUCKOO}`, flags],
  ["cfInsertNX", `$ ${INSERT_CUCKOO}`],
  ["cfLoadChunk", "3"],
  ["cfMExists", "2*", flags],
  ["cfReserve", "2 {BUCKETSIZE MAXITERATIONS EXPANSION}"],
  ["cfScanDump", "2", chunk],

  ["cmsIncrBy", "$ %"],
  ["cmsInfo", "1", info],
  ["cmsInitByDim", "3"],
  ["cmsInitByProb", "3"],
  ["cmsMerge", "$ # {WEIGHTS}"],
  ["cmsQuery", "2*"],

  ["topkAdd", "2*"],
  ["topkCount", "2*"],
  ["topkIncrBy", "$ %"],
  ["topkInfo", "1", info],
  ["topkList", "1"],
  ["topkListWithCount", "TOPK.LIST 1 WITHCOUNT", counts],
  ["topkQuery", "2*", flags],
  ["topkReserve", "2"],

  ["tdigestAdd", "2*"],
  ["tdigestByRank", "2*", numbers],
  ["tdigestByRevRank", "2*", numbers],
  ["tdigestCdf", "2*", numbers],
  ["tdigestCreate", "1 {COMPRESSION}"],
  ["tdigestInfo", "1", info],
  ["tdigestMax", "1", number],
  ["tdigestMerge", "$ # {COMPRESSION OVERRIDE}"],
  ["tdigestMin", "1", number],
  ["tdigestQuantile", "2*", numbers],
  ["tdigestRank", "2*"],
  ["tdigestReset", "1"],
  ["tdigestRevRank", "2*"],
  ["tdigestTrimmedMean", "TDIGEST.TRIMMED_MEAN 3", number],
];

extend(
  rows(TABLE, (spec, args) => {
    if (!spec.method.endsWith("IncrBy")) return spec.shape === chunk ? { ...spec, binary: true, plain: false } : spec;
    const [, ...pairs] = toWords(spec, args).words;
    if (pairs.length === 0) throw mistake(`${spec.method}: there are no items`);
    // All versions of RedisBloom answer other increments with a reply that has fewer elements than it says.
    for (let at = 1; at <= pairs.length; at += 2) {
      if (spec.method === "topkIncrBy" && !(/^(0|[1-9]\d{0,5})$/.test(String(pairs[at])) && Number(pairs[at]) <= 100_000)) {
        throw mistake("topkIncrBy: an increment is no integer from 0 to 100000");
      }
    }
    return spec;
  }),
);
