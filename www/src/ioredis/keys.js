// Where the keys of a command are among its arguments: `keyPrefix` is put in front of each.

/** @typedef {(args: readonly unknown[]) => number[]} Places */

/** @param {number} from @param {number} to @param {number} [step] */
function range(from, to, step = 1) {
  const places = [];
  for (let at = from; at < to; at += step) places.push(at);
  return places;
}

/** The place of a word, regardless of case, or -1. @param {readonly unknown[]} args @param {string} word */
function find(args, word) {
  return args.findIndex((arg) => typeof arg === "string" && arg.toUpperCase() === word);
}

/** Keys behind their number. @param {number} at @param {number[]} [before] @returns {Places} */
function counted(at, before = []) {
  return (args) => [...before, ...range(at + 1, Math.min(at + 1 + (Number(args[at]) || 0), args.length))];
}

/** The key that follows STORE or STOREDIST. @type {Places} */
function stored(args) {
  const places = [0];
  for (const word of ["STORE", "STOREDIST"]) {
    const at = find(args, word);
    if (at > 0 && at + 1 < args.length) places.push(at + 1);
  }
  return places;
}

/** The key, the patterns of BY and GET (but `GET #`), and the key that follows STORE. @type {Places} */
function sorted(args) {
  const places = [0];
  for (let at = 1; at + 1 < args.length; at++) {
    const word = String(args[at]).toUpperCase();
    if (word === "LIMIT") at += 2;
    else if (word === "BY" || word === "GET" || word === "STORE") {
      at += 1;
      if (args[at] !== "#") places.push(at);
    }
  }
  return places;
}

/** @type {Places} */
function streams(args) {
  const at = find(args, "STREAMS");
  return at < 0 ? [] : range(at + 1, at + 1 + Math.floor((args.length - at - 1) / 2));
}

/** @type {Places} */
function migrated(args) {
  const at = find(args, "KEYS");
  return at < 0 ? [2] : range(at + 1, args.length);
}

/** @type {Places} */
const none = () => [];
/** @type {Places} */
const second = (args) => (args.length > 1 ? [1] : []);
/** @type {[names: string, places: Places][]} */
const RULES = [
  [
    `acl asking auth bgrewriteaof bgsave client cluster command config dbsize discard echo exec failover flushall flushdb
    function hello hotkeys info keys lastsave latency lolwut module monitor multi ping psubscribe psync publish pubsub punsubscribe
    quit randomkey readonly readwrite replconf replicaof reset role save scan script select sentinel shutdown slaveof slowlog
    subscribe swapdb sync time unsubscribe unwatch wait waitaof pfselftest`,
    none,
  ],
  ["del exists mget pfcount pfmerge sdiff sdiffstore sinter sinterstore ssubscribe sunion sunionstore sunsubscribe touch unlink watch", (args) => range(0, args.length)],
  ["blmove blmovem brpoplpush copy geosearchstore lcs lmove lmovem rename renamenx rpoplpush smove zrangestore", () => [0, 1]],
  ["mset msetnx", (args) => range(0, args.length, 2)],
  ["blpop brpop bzpopmin bzpopmax", (args) => range(0, args.length - 1)],
  ["lmpop sdiffcard sintercard sunioncard zdiff zinter zintercard zmpop zunion", counted(0)],
  ["msetex", (args) => range(1, 1 + 2 * (Number(args[0]) || 0), 2)],
  ["blmpop bzmpop eval eval_ro evalsha evalsha_ro fcall fcall_ro", counted(1)],
  ["zdiffstore zinterstore zunionstore", counted(1, [0])],
  ["bitop", (args) => range(1, args.length)],
  ["memory object xgroup xinfo debug pfdebug", second],
  ["georadius georadiusbymember", stored],
  ["sort sort_ro", sorted],
  ["xread xreadgroup", streams],
  ["migrate", migrated],
];

/** @type {Map<string, Places>} */
const PLACES = new Map(RULES.flatMap(([names, places]) => names.trim().split(/\s+/).map((name) => /** @type {const} */ ([name, places]))));

/**
 * The places of the keys; of a command that is not known, the first argument.
 * @param {string} name In lower case.
 * @param {readonly unknown[]} args
 */
export function keyPlaces(name, args) {
  const places = PLACES.get(name);
  if (places) return places(args).filter((at) => at < args.length);
  return args.length > 0 ? [0] : [];
}

/**
 * Puts the prefix before each key, in place.
 * @param {string} name
 * @param {unknown[]} args
 * @param {string | Buffer} prefix
 */
export function prefixKeys(name, args, prefix) {
  for (const at of keyPlaces(name.toLowerCase(), args)) {
    const key = args[at];
    args[at] = typeof prefix === "string" && !(key instanceof Uint8Array) ? prefix + key : joined(prefix, key);
  }
}

/** @param {string | Buffer} prefix @param {unknown} key */
function joined(prefix, key) {
  return Buffer.concat([Buffer.from(/** @type {string} */ (prefix)), key instanceof Uint8Array ? key : Buffer.from(String(key))]);
}
