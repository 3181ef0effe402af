// The commands that have a method. One line each: the method, the words it sends, and the
// shape of its reply (a name in replies.js), if it is not returned as it is. Types and
// documentation of the methods are in types/methods.mjs, which is not sent to browsers.
//
// The command is the method in capitals, unless the words begin with another. Then:
//
//   $      the next argument, an array among them element by element
//   #      the next argument as a list, preceded by its length
//   %      an object, Map or array of pairs (or all arguments from here on, a flat list);
//          #% is preceded by the number of pairs
//   ^      as %, for `{ score, value }`, which are sent score first
//   @      as %, for `{ longitude, latitude, member }`
//   >      an object, Map or array of pairs; the keys are sent first, then the values
//   &      a vector, or nothing
//   {A B}  the modifiers that an options object may hold, in this order: `true` sends the
//          name, another value the name and the value(s)
//   ...    the remaining arguments; may be left out at the end and before modifiers
//   1 2 …  the same, and at least this number of them
//   +      the same, any number of them; only here `undefined` is never left out

/** @import { ReplyName, Spec, Unknown } from "./internal.js" */
import { CALL_OPTIONS } from "./calls.js";

const EXPIRE = "{NX XX GT LT}";
const ZRANGE = "{BYSCORE BYLEX REV LIMIT}";
const GEO = "{FROMMEMBER FROMLONLAT BYRADIUS BYBOX ASC DESC COUNT";
const WEIGHTS = "# {WEIGHTS AGGREGATE}";
const VSIM = "$ & {ELE COUNT EPSILON EF FILTER FILTER-EF TRUTH NOTHREAD}";

/** @type {[method: string, words?: string, reply?: ReplyName][]} */
const TABLE = [
  // Strings
  ["append", "2"],
  ["bitCount", "1"],
  ["bitField", "+"],
  ["bitFieldRo", "BITFIELD_RO +"],
  ["bitOp", "+"],
  ["bitPos", "2"],
  ["decr", "1"],
  ["decrBy", "2"],
  ["delIfEq", "2", "boolean"],
  ["get", "1"],
  ["getBit", "2"],
  ["getDel", "1"],
  ["getEx", "1 {EX PX EXAT PXAT PERSIST}"],
  ["getRange", "3"],
  ["incr", "1"],
  ["incrBy", "2"],
  ["incrByFloat", "2", "number"],
  ["lcs", "2"],
  ["lcsIdx", "LCS 2 IDX {MINMATCHLEN} WITHMATCHLEN", "matches"],
  ["lcsLen", "LCS 2 LEN"],
  ["mGet", "1"],
  ["mSet", "%"],
  ["mSetEx", "#% {NX XX EX PX EXAT PXAT KEEPTTL}", "boolean"],
  ["mSetNX", "%", "boolean"],
  ["pfAdd", "+", "boolean"],
  ["pfCount", "+"],
  ["pfMerge", "+"],
  ["set", "2 {NX XX IFEQ GET EX PX EXAT PXAT KEEPTTL}"],
  ["setBit", "3"],
  ["setRange", "3"],
  ["strLen", "1"],

  // Keys
  ["copy", "2 {DB REPLACE}", "boolean"],
  ["del", "+"],
  ["dump", "1", "binary"],
  ["exists", "+"],
  ["expire", `2 ${EXPIRE}`, "boolean"],
  ["expireAt", `2 ${EXPIRE}`, "boolean"],
  ["expireTime", "1"],
  ["keys", "1"],
  ["move", "2", "boolean"],
  ["objectEncoding", "OBJECT ENCODING 1"],
  ["objectFreq", "OBJECT FREQ 1"],
  ["objectIdleTime", "OBJECT IDLETIME 1"],
  ["objectRefCount", "OBJECT REFCOUNT 1"],
  ["pExpire", `2 ${EXPIRE}`, "boolean"],
  ["pExpireAt", `2 ${EXPIRE}`, "boolean"],
  ["pExpireTime", "1"],
  ["persist", "1", "boolean"],
  ["pTtl", "1"],
  ["randomKey"],
  ["rename", "2"],
  ["renameNX", "2", "boolean"],
  ["restore", "3 {REPLACE ABSTTL IDLETIME FREQ}"],
  ["scan", "1 {MATCH COUNT TYPE}", "scan"],
  ["sort", "1 {BY LIMIT GET ASC DESC ALPHA}"],
  ["sortRo", "SORT_RO 1 {BY LIMIT GET ASC DESC ALPHA}"],
  ["sortStore", "SORT $ {BY LIMIT GET ASC DESC ALPHA} STORE $"],
  ["touch", "+"],
  ["ttl", "1"],
  ["type", "1"],
  ["unlink", "+"],

  // Hashes
  ["hDel", "+"],
  ["hExists", "2", "boolean"],
  ["hExpire", `$ $ ${EXPIRE} FIELDS #`],
  ["hExpireAt", `$ $ ${EXPIRE} FIELDS #`],
  ["hExpireTime", "$ FIELDS #"],
  ["hGet", "2"],
  ["hGetAll", "1", "object"],
  ["hGetDel", "$ FIELDS #"],
  ["hGetEx", "$ {EX PX EXAT PXAT PERSIST} FIELDS #"],
  ["hIncrBy", "3"],
  ["hIncrByFloat", "3", "number"],
  ["hKeys", "1"],
  ["hLen", "1"],
  ["hMGet", "2"],
  ["hPersist", "$ FIELDS #"],
  ["hpExpire", `$ $ ${EXPIRE} FIELDS #`],
  ["hpExpireAt", `$ $ ${EXPIRE} FIELDS #`],
  ["hpExpireTime", "$ FIELDS #"],
  ["hpTtl", "$ FIELDS #"],
  ["hRandField", "1"],
  ["hRandFieldWithValues", "HRANDFIELD 2 WITHVALUES", "pairs"],
  ["hScan", "2 {MATCH COUNT}", "scanEntries"],
  ["hScanNoValues", "HSCAN 2 {MATCH COUNT} NOVALUES", "scan"],
  ["hSet", "$ %"],
  ["hSetEx", "$ {FNX FXX EX PX EXAT PXAT KEEPTTL} FIELDS #%", "boolean"],
  ["hSetNX", "3", "boolean"],
  ["hStrLen", "2"],
  ["hTtl", "$ FIELDS #"],
  ["hVals", "1"],

  // Lists
  ["lIndex", "2"],
  ["lInsert", "4"],
  ["lLen", "1"],
  ["lMove", "4"],
  ["lmPop", "# $ {COUNT}", "elements"],
  ["lPop", "1"],
  ["lPos", "2 {RANK COUNT MAXLEN}"],
  ["lPush", "+"],
  ["lPushX", "+"],
  ["lRange", "3"],
  ["lRem", "3"],
  ["lSet", "3"],
  ["lTrim", "3"],
  ["rPop", "1"],
  ["rPush", "+"],
  ["rPushX", "+"],

  // Sets
  ["sAdd", "+"],
  ["sCard", "1"],
  ["sDiff", "1", "set"],
  ["sDiffStore", "2"],
  ["sInter", "1", "set"],
  ["sInterCard", "# {LIMIT}"],
  ["sInterStore", "2"],
  ["sIsMember", "2", "boolean"],
  ["sMembers", "1", "set"],
  ["smIsMember", "2", "booleans"],
  ["sMove", "3", "boolean"],
  ["sPop", "1", "set"],
  ["sRandMember", "1"],
  ["sRem", "+"],
  ["sScan", "2 {MATCH COUNT}", "scan"],
  ["sUnion", "1", "set"],
  ["sUnionStore", "2"],

  // Sorted sets
  ["zAdd", "$ {NX XX GT LT CH INCR} ^", "number"],
  ["zCard", "1"],
  ["zCount", "3"],
  ["zDiff", "#"],
  ["zDiffStore", "$ #"],
  ["zDiffWithScores", "ZDIFF # WITHSCORES", "scored"],
  ["zIncrBy", "3", "number"],
  ["zInter", WEIGHTS],
  ["zInterCard", "# {LIMIT}"],
  ["zInterStore", `$ ${WEIGHTS}`],
  ["zInterWithScores", `ZINTER ${WEIGHTS} WITHSCORES`, "scored"],
  ["zLexCount", "3"],
  ["zmPop", "# $ {COUNT}", "members"],
  ["zmScore", "2", "numbers"],
  ["zPopMax", "1", "scored"],
  ["zPopMin", "1", "scored"],
  ["zRandMember", "1"],
  ["zRandMemberWithScores", "ZRANDMEMBER 2 WITHSCORES", "scored"],
  ["zRange", `3 ${ZRANGE}`],
  ["zRangeByLex", "3 {LIMIT}"],
  ["zRangeByScore", "3 {LIMIT}"],
  ["zRangeByScoreWithScores", "ZRANGEBYSCORE 3 {LIMIT} WITHSCORES", "scored"],
  ["zRangeStore", `4 ${ZRANGE}`],
  ["zRangeWithScores", `ZRANGE 3 ${ZRANGE} WITHSCORES`, "scored"],
  ["zRank", "2"],
  ["zRankWithScore", "ZRANK 2 WITHSCORE", "rank"],
  ["zRem", "+"],
  ["zRemRangeByLex", "3"],
  ["zRemRangeByRank", "3"],
  ["zRemRangeByScore", "3"],
  ["zRevRange", "3"],
  ["zRevRangeWithScores", "ZREVRANGE 3 WITHSCORES", "scored"],
  ["zRevRank", "2"],
  ["zRevRankWithScore", "ZREVRANK 2 WITHSCORE", "rank"],
  ["zScan", "2 {MATCH COUNT}", "scanScored"],
  ["zScore", "2", "number"],
  ["zUnion", WEIGHTS],
  ["zUnionStore", `$ ${WEIGHTS}`],
  ["zUnionWithScores", `ZUNION ${WEIGHTS} WITHSCORES`, "scored"],

  // Places
  ["geoAdd", "$ {NX XX CH} @"],
  ["geoDist", "3", "number"],
  ["geoHash", "2"],
  ["geoPos", "2", "positions"],
  ["geoSearch", `1 ${GEO}}`],
  ["geoSearchStore", `2 ${GEO} STOREDIST}`],
  ["geoSearchWith", `GEOSEARCH 1 ${GEO}} WITHCOORD WITHDIST WITHHASH`, "places"],

  // Streams
  ["xAck", "+"],
  ["xAckDel", "$ $ {KEEPREF DELREF ACKED} IDS #"],
  ["xAdd", "$ {NOMKSTREAM KEEPREF DELREF ACKED MAXLEN MINID LIMIT} $ %"],
  ["xAutoClaim", "5 {COUNT}", "claimed"],
  ["xAutoClaimJustId", "XAUTOCLAIM 5 {COUNT} JUSTID", "claimedIds"],
  ["xClaim", "5 {IDLE TIME RETRYCOUNT FORCE LASTID}", "entries"],
  ["xClaimJustId", "XCLAIM 5 {IDLE TIME RETRYCOUNT FORCE LASTID} JUSTID", "ids"],
  ["xDel", "+"],
  ["xDelEx", "$ {KEEPREF DELREF ACKED} IDS #"],
  ["xGroupCreate", "XGROUP CREATE 3 {MKSTREAM ENTRIESREAD}"],
  ["xGroupCreateConsumer", "XGROUP CREATECONSUMER 3", "boolean"],
  ["xGroupDelConsumer", "XGROUP DELCONSUMER 3"],
  ["xGroupDestroy", "XGROUP DESTROY 2", "boolean"],
  ["xGroupSetId", "XGROUP SETID 3 {ENTRIESREAD}"],
  ["xInfoConsumers", "XINFO CONSUMERS 2", "records"],
  ["xInfoGroups", "XINFO GROUPS 1", "records"],
  ["xInfoStream", "XINFO STREAM 1", "stream"],
  ["xInfoStreamFull", "XINFO STREAM 1 FULL {COUNT}", "stream"],
  ["xLen", "1"],
  ["xPending", "2", "pending"],
  ["xPendingRange", "XPENDING $ $ {IDLE} 3", "pendingEntries"],
  ["xRange", "3 {COUNT}", "entries"],
  ["xRead", "{COUNT} STREAMS >", "streams"],
  ["xReadGroup", "XREADGROUP GROUP $ $ {COUNT NOACK} STREAMS >", "streams"],
  ["xRevRange", "3 {COUNT}", "entries"],
  ["xSetId", "2 {ENTRIESADDED MAXDELETEDID}"],
  ["xTrim", "1 {MAXLEN MINID LIMIT KEEPREF DELREF ACKED}"],

  // Scripts and functions
  ["eval", "$ #"],
  ["evalRo", "EVAL_RO $ #"],
  ["evalSha", "$ #"],
  ["evalShaRo", "EVALSHA_RO $ #"],
  ["fCall", "$ #"],
  ["fCallRo", "FCALL_RO $ #"],
  ["functionDelete", "FUNCTION DELETE 1"],
  ["functionDump", "FUNCTION DUMP", "binary"],
  ["functionFlush", "FUNCTION FLUSH {ASYNC SYNC}"],
  ["functionKill", "FUNCTION KILL"],
  ["functionList", "FUNCTION LIST {LIBRARYNAME WITHCODE}", "libraries"],
  ["functionLoad", "FUNCTION LOAD {REPLACE} 1"],
  ["functionRestore", "FUNCTION RESTORE 1"],
  ["functionStats", "FUNCTION STATS", "functionStats"],
  ["scriptExists", "SCRIPT EXISTS +", "booleans"],
  ["scriptFlush", "SCRIPT FLUSH {ASYNC SYNC}"],
  ["scriptKill", "SCRIPT KILL"],
  ["scriptLoad", "SCRIPT LOAD 1"],
  ["scriptShow", "SCRIPT SHOW 1"],

  // Vector sets
  ["vAdd", "$ {REDUCE} & $ {CAS NOQUANT Q8 BIN EF SETATTR M}", "boolean"],
  ["vCard", "1"],
  ["vDim", "1"],
  ["vEmb", "2", "numbers"],
  ["vEmbRaw", "VEMB 2 RAW", "rawVector"],
  ["vGetAttr", "2"],
  ["vInfo", "1", "record"],
  ["vIsMember", "2", "boolean"],
  ["vLinks", "2"],
  ["vLinksWithScores", "VLINKS 2 WITHSCORES", "links"],
  ["vRandMember", "1"],
  ["vRem", "2", "boolean"],
  ["vSetAttr", "3", "boolean"],
  ["vSim", VSIM],
  ["vSimWithAttribs", `VSIM ${VSIM} WITHSCORES WITHATTRIBS`, "similar"],
  ["vSimWithScores", `VSIM ${VSIM} WITHSCORES`, "scored"],

  // Messages
  ["publish", "2"],
  ["pubSubChannels", "PUBSUB CHANNELS"],
  ["pubSubNumPat", "PUBSUB NUMPAT"],
  ["pubSubNumSub", "PUBSUB NUMSUB +", "object"],
  ["pubSubShardChannels", "PUBSUB SHARDCHANNELS"],
  ["pubSubShardNumSub", "PUBSUB SHARDNUMSUB +", "object"],
  ["sPublish", "2"],

  // Server
  ["aclCat", "ACL CAT"],
  ["aclDelUser", "ACL DELUSER +"],
  ["aclDryRun", "ACL DRYRUN +"],
  ["aclGenPass", "ACL GENPASS"],
  ["aclGetUser", "ACL GETUSER 1", "aclUser"],
  ["aclList", "ACL LIST"],
  ["aclLoad", "ACL LOAD"],
  ["aclLog", "ACL LOG", "aclLog"],
  ["aclLogReset", "ACL LOG RESET"],
  ["aclSave", "ACL SAVE"],
  ["aclSetUser", "ACL SETUSER +"],
  ["aclUsers", "ACL USERS"],
  ["aclWhoAmI", "ACL WHOAMI"],
  ["bgRewriteAof"],
  ["bgSave", "{SCHEDULE}"],
  ["clientGetName", "CLIENT GETNAME"],
  ["clientId", "CLIENT ID"],
  ["clientInfo", "CLIENT INFO", "client"],
  ["clientKill", "CLIENT KILL {ID ADDR LADDR TYPE USER SKIPME MAXAGE}"],
  ["clientList", "CLIENT LIST {TYPE ID}", "clients"],
  ["clientNoEvict", "CLIENT NO-EVICT 1"],
  ["clientNoTouch", "CLIENT NO-TOUCH 1"],
  ["clientPause", "CLIENT PAUSE 1"],
  ["clientUnblock", "CLIENT UNBLOCK 1", "boolean"],
  ["clientUnpause", "CLIENT UNPAUSE"],
  ["commandCount", "COMMAND COUNT"],
  ["commandDocs", "COMMAND DOCS +", "docs"],
  ["commandGetKeys", "COMMAND GETKEYS +"],
  ["commandGetKeysAndFlags", "COMMAND GETKEYSANDFLAGS +", "keysAndFlags"],
  ["commandInfo", "COMMAND INFO +", "commands"],
  ["commandList", "COMMAND LIST {FILTERBY}"],
  ["commandLogGet", "COMMANDLOG GET 2", "logged"],
  ["commandLogLen", "COMMANDLOG LEN 1"],
  ["commandLogReset", "COMMANDLOG RESET 1"],
  ["configGet", "CONFIG GET +", "object"],
  ["configResetStat", "CONFIG RESETSTAT"],
  ["configRewrite", "CONFIG REWRITE"],
  ["configSet", "CONFIG SET %"],
  ["dbSize"],
  ["echo", "1"],
  ["flushAll", "{ASYNC SYNC}"],
  ["flushDb", "{ASYNC SYNC}"],
  ["info", "+"],
  ["lastSave"],
  ["latencyDoctor", "LATENCY DOCTOR"],
  ["latencyGraph", "LATENCY GRAPH 1"],
  ["latencyHistogram", "LATENCY HISTOGRAM +", "histograms"],
  ["latencyHistory", "LATENCY HISTORY 1", "samples"],
  ["latencyLatest", "LATENCY LATEST", "latencies"],
  ["latencyReset", "LATENCY RESET +"],
  ["lolwut", "{VERSION}"],
  ["memoryDoctor", "MEMORY DOCTOR"],
  ["memoryMallocStats", "MEMORY MALLOC-STATS"],
  ["memoryPurge", "MEMORY PURGE"],
  ["memoryStats", "MEMORY STATS", "memory"],
  ["memoryUsage", "MEMORY USAGE 1 {SAMPLES}"],
  ["moduleList", "MODULE LIST", "records"],
  ["ping"],
  ["role", "", "role"],
  ["save"],
  ["slowLogGet", "SLOWLOG GET", "logged"],
  ["slowLogLen", "SLOWLOG LEN"],
  ["slowLogReset", "SLOWLOG RESET"],
  ["swapDb", "2"],
  ["time", "", "time"],
];

/** Shapes whose replies are always bytes. @type {unknown[]} */
const BINARY = ["binary", "rawVector"];
const TAKES = /^#?[$#%^@>&]$/;
/** The remaining arguments, with or without their number. */
const REST = /^(\.\.\.|\d|\+)$/;

/**
 * The table, read: `Spec` in internal.d.ts says what each field holds.
 * @type {readonly Spec[]}
 */
export const COMMANDS = Object.freeze(
  TABLE.map(([method, words = "", reply]) => {
    /** @type {Unknown[]} The name of the command, then its parts. */
    const [command, ...parts] = /** @type {string[]} */ ((/^[A-Z]/.test(words) ? words : `${method.toUpperCase()} ${words}`)
      .match(/\{[^}]*\}|\S+/g))
      .map((part) => (part[0] === "{" ? part.slice(1, -1).split(" ") : part));
    let rest = parts.findIndex((part) => REST.test(part));
    const number = parts[rest];
    if (rest < 0) parts.splice((rest = parts.length - (Array.isArray(parts.at(-1)) ? 1 : 0)), 0, "...");
    parts[rest] = "...";
    const takers = parts.filter((part) => TAKES.test(part));
    const groups = parts.filter(Array.isArray);
    const binary = BINARY.includes(reply);
    return Object.freeze({
      method,
      command,
      parts,
      takers,
      // Beyond this number, arguments that are undefined are left out.
      least: number === "+" ? Infinity : takers.length + (Number(number) || 0),
      options: groups.flat(),
      known: [...groups.flat(), ...CALL_OPTIONS],
      reply,
      binary,
      // Without options, its arguments are sent as they are.
      plain: !binary && parts.length === 1 + groups.length,
    });
  }),
);
