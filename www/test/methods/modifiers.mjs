// Every modifier of every method by itself, so that a server shows whether it is in the right place
// and has the right value.

import { COMMANDS } from "../../src/commands.js";

const later = Math.floor(Date.now() / 1000) + 3600;

/** The data that the methods work on. */
export const DATA = [
  ["set", ["str", "v"]],
  ["hSet", ["hash", { f: 1 }]],
  ["rPush", ["list", "1"]],
  ["sAdd", ["set", "a"]],
  ["zAdd", ["zset", { score: 0, value: "a" }]],
  ["geoAdd", ["geo", { longitude: 15, latitude: 37, member: "a" }]],
  ["xAdd", ["stream", "1-1", { a: 1 }]],
  ["xGroupCreate", ["stream", "g", "0"]],
  ["xReadGroup", ["g", "me", { stream: ">" }]],
];
/** Where the server has arrays. */
export const ARRAYS = [["arSet", ["arr", 0, "a"]]];
/** Where the server has vector sets. */
export const VECTORS = [["vAdd", ["vec", [1, 0], "a"]]];

const GREP = ["EXACT", "MATCH", "GLOB", "RE"];
const AREA = { FROMLONLAT: [15, 37], BYRADIUS: [1, "km"] };
const ZRANGE = { BYLEX: ["-", "+"] };

/** Arguments of the methods that take modifiers; functions get the name of the modifier. */
const ARGUMENTS = {
  arGrep: (name) => ["arr", 0, 9, ...(GREP.includes(name) || name === "LIMIT" ? [] : ["EXACT", "a"])],
  arGrepWithValues: (name) => ["arr", 0, 9, ...(GREP.includes(name) || name === "LIMIT" ? [] : ["EXACT", "a"])],
  arLastItems: ["arr", 1],
  arScan: ["arr", 0, 9],
  delEx: ["str"],
  incrEx: ["num", 1],
  incrExFloat: ["num", 1.5],
  lMoveM: ["list", "to", "LEFT", "LEFT"],
  sDiffCard: ["set"],
  sUnionCard: ["set"],
  xCfgSet: ["stream"],
  xNack: ["stream", "g", "SILENT", "1-1"],
  bgSave: [],
  clientKill: [],
  clientList: [],
  commandList: [],
  copy: ["str", "copied"],
  expire: ["str", 100],
  expireAt: ["str", later],
  flushAll: [],
  flushDb: [],
  functionFlush: [],
  functionList: [],
  functionLoad: ["#!lua name=lib\nredis.register_function('f', function() return 1 end)"],
  geoAdd: ["geo", { longitude: 15, latitude: 37, member: "a" }],
  geoSearch: ["geo"],
  geoSearchStore: ["to", "geo"],
  geoSearchWith: ["geo"],
  getEx: ["str"],
  hExpire: ["hash", 100, "f"],
  hExpireAt: ["hash", later, "f"],
  hGetEx: ["hash", "f"],
  hotkeysStart: ["CPU"],
  hpExpire: ["hash", 100_000, "f"],
  hpExpireAt: ["hash", later * 1000, "f"],
  hScan: ["hash", 0],
  hScanNoValues: ["hash", 0],
  hSetEx: ["hash", { f: 1 }],
  lcsIdx: ["str", "str"],
  lmPop: ["none", "LEFT"],
  lolwut: [],
  lPos: ["list", "1"],
  memoryUsage: ["str"],
  mSetEx: [{ str: 1 }],
  pExpire: ["str", 100_000],
  pExpireAt: ["str", later * 1000],
  restore: (name) => ["to", name === "ABSTTL" ? later * 1000 : 0, { dump: "str" }],
  scan: [0],
  scriptFlush: [],
  set: ["str", "v"],
  sInterCard: ["set"],
  sort: ["list"],
  sortRo: ["list"],
  sortStore: ["list", "to"],
  sScan: ["set", 0],
  vAdd: (name) => [`vec:${name}`, [1, 0], "a"],
  vSim: (name) => (name === "ELE" ? ["vec"] : ["vec", [1, 0]]),
  vSimWithAttribs: (name) => (name === "ELE" ? ["vec"] : ["vec", [1, 0]]),
  vSimWithScores: (name) => (name === "ELE" ? ["vec"] : ["vec", [1, 0]]),
  xAckDel: ["stream", "g", "9-9"],
  xAdd: ["stream", "*", { a: 1 }],
  xAutoClaim: ["stream", "g", "me", 0, "0"],
  xAutoClaimJustId: ["stream", "g", "me", 0, "0"],
  xClaim: ["stream", "g", "me", 0, "1-1"],
  xClaimJustId: ["stream", "g", "me", 0, "1-1"],
  xDelEx: ["stream", "9-9"],
  xGroupCreate: (name) => ["stream", `g:${name}`, "0"],
  xGroupSetId: ["stream", "g", "0"],
  xInfoStreamFull: ["stream"],
  xPendingRange: ["stream", "g", "-", "+", 9],
  xRange: ["stream", "-", "+"],
  xRead: [{ stream: "0" }],
  xReadGroup: ["g", "me", { stream: "0" }],
  xRevRange: ["stream", "+", "-"],
  xSetId: (name) => ["stream", name === "MAXDELETEDID" ? "9999999999999-9" : "9999999999999-8"],
  xTrim: ["stream"],
  zAdd: ["zset", 0, "a"],
  zInter: [["zset", "zset"]],
  zInterCard: [["zset", "zset"]],
  zInterStore: ["to", ["zset", "zset"]],
  zInterWithScores: [["zset", "zset"]],
  zmPop: ["none", "MIN"],
  zRange: (name) => ["zset", ...(ZRANGE[name] ?? [0, 1])],
  zRangeByLex: ["zset", "-", "+"],
  zRangeByScore: ["zset", 0, 1],
  zRangeByScoreWithScores: ["zset", 0, 1],
  zRangeStore: (name) => ["to", "zset", ...(ZRANGE[name] ?? [0, 1])],
  zRangeWithScores: ["zset", 0, 1],
  zScan: ["zset", 0],
  zUnion: [["zset", "zset"]],
  zUnionStore: ["to", ["zset", "zset"]],
  zUnionWithScores: [["zset", "zset"]],
};

/** A value for each modifier. */
const VALUES = {
  ADDR: "127.0.0.1:1",
  AGGREGATE: "MAX",
  BY: "nosort",
  BYBOX: [1, 1, "km"],
  BYRADIUS: [1, "km"],
  CLAIM: 0,
  COUNT: 5,
  DB: 1,
  DURATION: 60,
  EF: 50,
  ELE: "a",
  ENTRIESADDED: 99,
  ENTRIESREAD: 1,
  EPSILON: 0.5,
  EX: 100,
  EXACT: "a",
  EXACTLY: 1,
  EXAT: later,
  FILTER: ".n > 1",
  FILTERBY: ["PATTERN", "get"],
  "FILTER-EF": 50,
  FREQ: 5,
  FROMLONLAT: [15, 37],
  GLOB: "a*",
  IDMP: ["me", "1"],
  IDMPAUTO: "me",
  "IDMP-DURATION": 50,
  "IDMP-MAXSIZE": 50,
  IFDEQ: "0123456789abcdef",
  IFDNE: "0123456789abcdef",
  IFNE: "w",
  LBOUND: 0,
  MAXCOUNT: 5,
  MAXSIZE: 5000,
  RE: "a",
  UBOUND: 9,
  FROMMEMBER: "a",
  GET: ["#", "w:*"],
  ID: [999_999_999],
  IDLE: 0,
  IDLETIME: 5,
  IFEQ: "v",
  LADDR: "127.0.0.1:1",
  LASTID: "1-1",
  LIBRARYNAME: "l*",
  LIMIT: [0, 1],
  M: 8,
  MATCH: "*",
  MAXAGE: 100_000,
  MAXDELETEDID: "1-1",
  MAXLEN: 100,
  MINID: "0-1",
  MINMATCHLEN: 1,
  PX: 100_000,
  PXAT: later * 1000,
  RANK: 1,
  REDUCE: 1,
  RETRYCOUNT: 1,
  SAMPLE: 1,
  SAMPLES: 0,
  SETATTR: "{}",
  SKIPME: "YES",
  TIME: 1,
  TYPE: "string",
  VERSION: 5,
  WEIGHTS: [1, 2],
};
/** Where it needs another value, or company. */
const OTHERWISE = {
  arGrep: { LIMIT: { LIMIT: 1, EXACT: "a" } },
  arGrepWithValues: { LIMIT: { LIMIT: 1, EXACT: "a" } },
  arScan: { LIMIT: { LIMIT: 1 } },
  incrEx: { ENX: { ENX: true, EX: 100 } },
  incrExFloat: { ENX: { ENX: true, EX: 100 } },
  lMoveM: { COUNT: { COUNT: 1, BULK: true }, EXACTLY: { EXACTLY: 1, BULK: true }, OBO: { COUNT: 1, OBO: true }, BULK: { COUNT: 1, BULK: true } },
  sDiffCard: { LIMIT: { LIMIT: 1 } },
  sUnionCard: { LIMIT: { LIMIT: 1 } },
  clientKill: {
    ID: { ID: 999_999_999 },
    SKIPME: { SKIPME: "YES", ADDR: "127.0.0.1:1" },
    TYPE: { TYPE: "pubsub" },
    USER: { USER: "default", ADDR: "127.0.0.1:1" },
  },
  clientList: { TYPE: { TYPE: "normal" } },
  set: { GET: { GET: true } },
  sInterCard: { LIMIT: { LIMIT: 1 } },
  xAdd: { LIMIT: { LIMIT: 10, MAXLEN: ["~", 100] } },
  xSetId: {
    ENTRIESADDED: { ENTRIESADDED: 99, MAXDELETEDID: "1-1" },
    MAXDELETEDID: { ENTRIESADDED: 99, MAXDELETEDID: "1-1" },
  },
  xTrim: { LIMIT: { LIMIT: 10, MINID: ["~", "0-1"] } },
  zInterCard: { LIMIT: { LIMIT: 1 } },
  zRange: { LIMIT: { BYSCORE: true, LIMIT: [0, 1] } },
  zRangeStore: { LIMIT: { BYSCORE: true, LIMIT: [0, 1] } },
  zRangeWithScores: { LIMIT: { BYSCORE: true, LIMIT: [0, 1] }, BYLEX: null },
};

/** `{ spec, name, args }` of each modifier that can stand alone. */
export function calls() {
  return COMMANDS.flatMap((spec) =>
    spec.options.flatMap((name) => {
      const own = OTHERWISE[spec.method]?.[name];
      // ZRANGE has scores by rank and score only.
      if (own === null) return [];
      const given = ARGUMENTS[spec.method];
      if (!given) throw new Error(`${spec.method} has modifiers and no arguments here`);
      let options = own ?? { [name]: VALUES[name] ?? true };
      if (spec.method.startsWith("geoSearch")) {
        const { FROMLONLAT, BYRADIUS } = AREA;
        options = {
          ...(name === "FROMMEMBER" ? { BYRADIUS } : name === "BYBOX" ? { FROMLONLAT } : AREA),
          ...options,
        };
      }
      if (spec.method === "xTrim" && !name.startsWith("M") && name !== "LIMIT")
        options = { MAXLEN: 100, ...options };
      return [{ spec, name, args: [...(typeof given === "function" ? given(name) : given), options] }];
    }),
  );
}
