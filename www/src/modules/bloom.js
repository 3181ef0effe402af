// `import "redmux/bloom"`: Bloom and cuckoo filters, count-min sketches, top-k lists and t-digests. Types and documentation are
// in bloom.d.ts.

/** @import { Shape, Unknown } from "../internal.js" */

import { mistake } from "../errors.js";
import { REPLIES } from "../replies.js";
import { toWords } from "../shape.js";
import { extend } from "./extend.js";
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

const INSERT = "{CAPACITY ERROR EXPANSION NOCREATE NONSCALING} ITEMS $";
const INSERT_CUCKOO = "{CAPACITY NOCREATE} ITEMS $";

/** @type {[method: string, words: string, shape?: Unknown][]} The words are explained in commands.js. */
const TABLE = [
  ["bfAdd", "BF.ADD 2", boolean],
  ["bfCard", "BF.CARD 1"],
  ["bfExists", "BF.EXISTS 2", boolean],
  ["bfInfo", "BF.INFO 1", info],
  ["bfInsert", `BF.INSERT $ ${INSERT}`, flags],
  ["bfLoadChunk", "BF.LOADCHUNK 3"],
  ["bfMAdd", "BF.MADD 2", flags],
  ["bfMExists", "BF.MEXISTS 2", flags],
  ["bfReserve", "BF.RESERVE 3 {EXPANSION NONSCALING}"],
  ["bfScanDump", "BF.SCANDUMP 2", chunk],

  ["cfAdd", "CF.ADD 2", boolean],
  ["cfAddNX", "CF.ADDNX 2", boolean],
  ["cfCount", "CF.COUNT 2"],
  ["cfDel", "CF.DEL 2", boolean],
  ["cfExists", "CF.EXISTS 2", boolean],
  ["cfInfo", "CF.INFO 1", info],
  ["cfInsert", `CF.INSERT $ ${INSERT_CUCKOO}`, flags],
  ["cfInsertNX", `CF.INSERTNX $ ${INSERT_CUCKOO}`],
  ["cfLoadChunk", "CF.LOADCHUNK 3"],
  ["cfMExists", "CF.MEXISTS 2", flags],
  ["cfReserve", "CF.RESERVE 2 {BUCKETSIZE MAXITERATIONS EXPANSION}"],
  ["cfScanDump", "CF.SCANDUMP 2", chunk],

  ["cmsIncrBy", "CMS.INCRBY $ %"],
  ["cmsInfo", "CMS.INFO 1", info],
  ["cmsInitByDim", "CMS.INITBYDIM 3"],
  ["cmsInitByProb", "CMS.INITBYPROB 3"],
  ["cmsMerge", "CMS.MERGE $ # {WEIGHTS}"],
  ["cmsQuery", "CMS.QUERY 2"],

  ["topkAdd", "TOPK.ADD 2"],
  ["topkCount", "TOPK.COUNT 2"],
  ["topkIncrBy", "TOPK.INCRBY $ %"],
  ["topkInfo", "TOPK.INFO 1", info],
  ["topkList", "TOPK.LIST 1"],
  ["topkListWithCount", "TOPK.LIST 1 WITHCOUNT", counts],
  ["topkQuery", "TOPK.QUERY 2", flags],
  ["topkReserve", "TOPK.RESERVE 2"],

  ["tdigestAdd", "TDIGEST.ADD 2"],
  ["tdigestByRank", "TDIGEST.BYRANK 2", numbers],
  ["tdigestByRevRank", "TDIGEST.BYREVRANK 2", numbers],
  ["tdigestCdf", "TDIGEST.CDF 2", numbers],
  ["tdigestCreate", "TDIGEST.CREATE 1 {COMPRESSION}"],
  ["tdigestInfo", "TDIGEST.INFO 1", info],
  ["tdigestMax", "TDIGEST.MAX 1", number],
  ["tdigestMerge", "TDIGEST.MERGE $ # {COMPRESSION OVERRIDE}"],
  ["tdigestMin", "TDIGEST.MIN 1", number],
  ["tdigestQuantile", "TDIGEST.QUANTILE 2", numbers],
  ["tdigestRank", "TDIGEST.RANK 2"],
  ["tdigestReset", "TDIGEST.RESET 1"],
  ["tdigestRevRank", "TDIGEST.REVRANK 2"],
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
