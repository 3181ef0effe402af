// The commands that have a method. One line each: the method, the words it sends, and,
// where they differ from the plain case, how arguments and reply are shaped.
//
// The plain case: arguments are sent in order, arrays among them element by element, and
// the reply is returned as it is. Otherwise:
//
//   options  modifiers that an options object may hold, in the order in which they are
//            sent: `true` sends the name, any other value the name and the value(s)
//   before   modifiers go before argument number `before` instead of to the end
//   pairs    the argument at this position is an object, Map or array of pairs (or the
//            arguments from there on are a flat list)
//   scores   as `pairs`, for `{ score, value }` members, which are sent score first
//   reply    a shape of reply.js
const TABLE = [
  // Strings
  ["append", "APPEND"],
  ["decr", "DECR"],
  ["decrBy", "DECRBY"],
  ["get", "GET"],
  ["getDel", "GETDEL"],
  ["getEx", "GETEX", { options: "EX PX EXAT PXAT PERSIST" }],
  ["getRange", "GETRANGE"],
  ["incr", "INCR"],
  ["incrBy", "INCRBY"],
  ["incrByFloat", "INCRBYFLOAT", { reply: "number" }],
  ["mGet", "MGET"],
  ["mSet", "MSET", { pairs: 0 }],
  ["mSetNX", "MSETNX", { pairs: 0, reply: "boolean" }],
  ["set", "SET", { options: "NX XX GET EX PX EXAT PXAT KEEPTTL" }],
  ["setRange", "SETRANGE"],
  ["strLen", "STRLEN"],

  // Keys
  ["copy", "COPY", { options: "DB REPLACE", reply: "boolean" }],
  ["del", "DEL"],
  ["exists", "EXISTS"],
  ["expire", "EXPIRE", { options: "NX XX GT LT", reply: "boolean" }],
  ["expireAt", "EXPIREAT", { options: "NX XX GT LT", reply: "boolean" }],
  ["expireTime", "EXPIRETIME"],
  ["keys", "KEYS"],
  ["pExpire", "PEXPIRE", { options: "NX XX GT LT", reply: "boolean" }],
  ["pExpireAt", "PEXPIREAT", { options: "NX XX GT LT", reply: "boolean" }],
  ["persist", "PERSIST", { reply: "boolean" }],
  ["pTtl", "PTTL"],
  ["randomKey", "RANDOMKEY"],
  ["rename", "RENAME"],
  ["renameNX", "RENAMENX", { reply: "boolean" }],
  ["scan", "SCAN", { options: "MATCH COUNT TYPE", reply: "scan" }],
  ["touch", "TOUCH"],
  ["ttl", "TTL"],
  ["type", "TYPE"],
  ["unlink", "UNLINK"],

  // Hashes
  ["hDel", "HDEL"],
  ["hExists", "HEXISTS", { reply: "boolean" }],
  ["hGet", "HGET"],
  ["hGetAll", "HGETALL", { reply: "object" }],
  ["hIncrBy", "HINCRBY"],
  ["hIncrByFloat", "HINCRBYFLOAT", { reply: "number" }],
  ["hKeys", "HKEYS"],
  ["hLen", "HLEN"],
  ["hMGet", "HMGET"],
  ["hScan", "HSCAN", { options: "MATCH COUNT", reply: "scanEntries" }],
  ["hSet", "HSET", { pairs: 1 }],
  ["hSetNX", "HSETNX", { reply: "boolean" }],
  ["hStrLen", "HSTRLEN"],
  ["hVals", "HVALS"],

  // Lists
  ["lIndex", "LINDEX"],
  ["lInsert", "LINSERT"],
  ["lLen", "LLEN"],
  ["lMove", "LMOVE"],
  ["lPop", "LPOP"],
  ["lPos", "LPOS", { options: "RANK COUNT MAXLEN" }],
  ["lPush", "LPUSH"],
  ["lPushX", "LPUSHX"],
  ["lRange", "LRANGE"],
  ["lRem", "LREM"],
  ["lSet", "LSET"],
  ["lTrim", "LTRIM"],
  ["rPop", "RPOP"],
  ["rPush", "RPUSH"],
  ["rPushX", "RPUSHX"],

  // Sets
  ["sAdd", "SADD"],
  ["sCard", "SCARD"],
  ["sDiff", "SDIFF", { reply: "set" }],
  ["sDiffStore", "SDIFFSTORE"],
  ["sInter", "SINTER", { reply: "set" }],
  ["sInterStore", "SINTERSTORE"],
  ["sIsMember", "SISMEMBER", { reply: "boolean" }],
  ["sMembers", "SMEMBERS", { reply: "set" }],
  ["smIsMember", "SMISMEMBER", { reply: "booleans" }],
  ["sMove", "SMOVE", { reply: "boolean" }],
  ["sPop", "SPOP"],
  ["sRandMember", "SRANDMEMBER"],
  ["sRem", "SREM"],
  ["sScan", "SSCAN", { options: "MATCH COUNT", reply: "scan" }],
  ["sUnion", "SUNION", { reply: "set" }],
  ["sUnionStore", "SUNIONSTORE"],

  // Sorted sets
  ["zAdd", "ZADD", { options: "NX XX GT LT CH INCR", before: 1, scores: 1, reply: "number" }],
  ["zCard", "ZCARD"],
  ["zCount", "ZCOUNT"],
  ["zIncrBy", "ZINCRBY", { reply: "number" }],
  ["zPopMax", "ZPOPMAX", { reply: "scored" }],
  ["zPopMin", "ZPOPMIN", { reply: "scored" }],
  ["zRange", "ZRANGE", { options: "BYSCORE BYLEX REV LIMIT" }],
  ["zRangeWithScores", "ZRANGE", { options: "BYSCORE BYLEX REV LIMIT", last: "WITHSCORES", reply: "scored" }],
  ["zRank", "ZRANK"],
  ["zRem", "ZREM"],
  ["zRemRangeByRank", "ZREMRANGEBYRANK"],
  ["zRemRangeByScore", "ZREMRANGEBYSCORE"],
  ["zRevRank", "ZREVRANK"],
  ["zScan", "ZSCAN", { options: "MATCH COUNT", reply: "scanScored" }],
  ["zScore", "ZSCORE", { reply: "number" }],

  // Server and messages
  ["dbSize", "DBSIZE"],
  ["echo", "ECHO"],
  ["flushDb", "FLUSHDB", { options: "ASYNC SYNC" }],
  ["info", "INFO"],
  ["ping", "PING"],
  ["publish", "PUBLISH"],
  ["sPublish", "SPUBLISH"],
  ["time", "TIME", { reply: "time" }],
];

/** The table: method, command, modifiers, and the rest of its line. */
export const COMMANDS = Object.freeze(
  TABLE.map(([method, command, shape = {}]) =>
    Object.freeze({
      ...shape,
      method,
      command,
      options: shape.options?.split(" ") ?? [],
      // Without options its arguments are sent as they are.
      plain: shape.pairs === undefined && shape.scores === undefined && shape.last === undefined,
    }),
  ),
);
