// Made by `npm run types` from src/commands.js and types/methods.mjs: do not edit.

import type {
  AclLogEntry,
  AclUser,
  AnyReply,
  Arg,
  Args,
  ArrayEnd,
  BigInts,
  ByteTexts,
  Bytes,
  CallOptions,
  ClientInfo,
  CommandDoc,
  CommandInfo,
  DeletedEntry,
  Double,
  Fields,
  FoundPlace,
  FunctionLibrary,
  FunctionStats,
  GeoPosition,
  GeoUnit,
  Hotkeys,
  In,
  Int,
  LcsMatches,
  LoggedCommand,
  Members,
  MemoryStats,
  Metric,
  Mode,
  Named,
  NewEntries,
  Out,
  Pairs,
  PendingEntry,
  Place,
  RawVector,
  Rest,
  Role,
  Scan,
  ScanPage,
  Scored,
  SimilarMember,
  StreamConsumer,
  StreamDetails,
  StreamEntry,
  StreamGroup,
  StreamInfo,
  Text,
  Vector,
  VectorSetInfo,
} from "./index.js";

export interface DelExOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only if the key has this value. */
  IFEQ?: Arg;
  /** Only if the key has another value. Needs Redis 8.4. */
  IFNE?: Arg;
  /** Only if the value has this digest. Needs Redis 8.4. */
  IFDEQ?: string;
  /** Only if the value has another digest. Needs Redis 8.4. */
  IFDNE?: string;
}
export interface GetExOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Expires after this number of seconds. */
  EX?: number;
  /** Expires after this number of milliseconds. */
  PX?: number;
  /** Expires at this time, in seconds since 1970. */
  EXAT?: number;
  /** Expires at this time, in milliseconds since 1970. */
  PXAT?: number;
  PERSIST?: boolean;
}
export interface IncrExOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  SATURATE?: boolean;
  /** The least number that there may be. */
  LBOUND?: number | bigint;
  /** The greatest number that there may be. */
  UBOUND?: number | bigint;
  /** Expires after this number of seconds. */
  EX?: number;
  /** Expires after this number of milliseconds. */
  PX?: number;
  /** Expires at this time, in seconds since 1970. */
  EXAT?: number;
  /** Expires at this time, in milliseconds since 1970. */
  PXAT?: number;
  PERSIST?: boolean;
  ENX?: boolean;
}
export interface LcsIdxOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only matches of at least this number of bytes. */
  MINMATCHLEN?: number;
}
export interface MSetExOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  NX?: boolean;
  XX?: boolean;
  /** Expires after this number of seconds. */
  EX?: number;
  /** Expires after this number of milliseconds. */
  PX?: number;
  /** Expires at this time, in seconds since 1970. */
  EXAT?: number;
  /** Expires at this time, in milliseconds since 1970. */
  PXAT?: number;
  KEEPTTL?: boolean;
}
export interface SetOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  NX?: boolean;
  XX?: boolean;
  /** Only if the key has this value. */
  IFEQ?: Arg;
  /** Only if the key has another value. Needs Redis 8.4. */
  IFNE?: Arg;
  /** Only if the value has this digest. Needs Redis 8.4. */
  IFDEQ?: string;
  /** Only if the value has another digest. Needs Redis 8.4. */
  IFDNE?: string;
  /** Returns the old value. */
  GET?: boolean;
  /** Expires after this number of seconds. */
  EX?: number;
  /** Expires after this number of milliseconds. */
  PX?: number;
  /** Expires at this time, in seconds since 1970. */
  EXAT?: number;
  /** Expires at this time, in milliseconds since 1970. */
  PXAT?: number;
  KEEPTTL?: boolean;
}
export interface CopyOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The database of the copy. */
  DB?: number;
  REPLACE?: boolean;
}
export interface ExpireOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  NX?: boolean;
  XX?: boolean;
  GT?: boolean;
  LT?: boolean;
}
export interface RestoreOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  REPLACE?: boolean;
  ABSTTL?: boolean;
  /** Seconds since the key was used. */
  IDLETIME?: number;
  /** How often the key is used, logarithmically. */
  FREQ?: number;
}
export interface ScanOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only those that match this pattern. */
  MATCH?: Arg;
  /** At most this number; for a page, approximately. */
  COUNT?: number;
  /** Only of this type. */
  TYPE?: string;
}
export interface SortOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Order by these keys, the first `*` being the element. */
  BY?: Arg;
  /** Only a part of the result. */
  LIMIT?: readonly [offset: number, count: number];
  /** Values of these keys instead of the elements, the first `*` being the element; `#` is itself. */
  GET?: Args;
  ASC?: boolean;
  DESC?: boolean;
  ALPHA?: boolean;
}
export interface MatchOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only those that match this pattern. */
  MATCH?: Arg;
  /** At most this number; for a page, approximately. */
  COUNT?: number;
}
export interface HSetExOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  FNX?: boolean;
  FXX?: boolean;
  /** Expires after this number of seconds. */
  EX?: number;
  /** Expires after this number of milliseconds. */
  PX?: number;
  /** Expires at this time, in seconds since 1970. */
  EXAT?: number;
  /** Expires at this time, in milliseconds since 1970. */
  PXAT?: number;
  KEEPTTL?: boolean;
}
export interface LMoveMOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** At most this number; for a page, approximately. */
  COUNT?: number;
  /** This number, or none. */
  EXACTLY?: number;
  OBO?: boolean;
  BULK?: boolean;
}
export interface CountOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** At most this number; for a page, approximately. */
  COUNT?: number;
}
export interface LPosOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Begins with the match of this number; negative numbers count from the end. */
  RANK?: number;
  /** Number of indexes; 0: all. */
  COUNT?: number;
  /** At most this number of elements is examined. */
  MAXLEN?: number;
}
export interface ArGrepOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Values that are equal to this one. */
  EXACT?: Arg;
  /** Values that have this in them. */
  MATCH?: Arg;
  /** Values that match this pattern. */
  GLOB?: string;
  /** Values that match this regular expression. */
  RE?: string;
  AND?: boolean;
  /** At most this number. */
  LIMIT?: number;
  NOCASE?: boolean;
}
export interface ArLastItemsOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  REV?: boolean;
}
export interface ArScanOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** At most this number. */
  LIMIT?: number;
}
export interface SDiffCardOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Counting stops at this number. */
  LIMIT?: number;
}
export interface SUnionCardOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  APPROX?: boolean;
  /** Counting stops at this number. */
  LIMIT?: number;
}
export interface ZAddOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  NX?: boolean;
  XX?: boolean;
  GT?: boolean;
  LT?: boolean;
  CH?: boolean;
  INCR?: boolean;
}
export interface CombineOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** A factor for the scores of each set. */
  WEIGHTS?: number | readonly number[];
  /** How scores are combined; COUNT (Redis 8.8) counts. Default: SUM. */
  AGGREGATE?: "SUM" | "MIN" | "MAX" | "COUNT";
}
export interface ZRangeOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  BYSCORE?: boolean;
  BYLEX?: boolean;
  REV?: boolean;
  /** Only a part of the result. */
  LIMIT?: readonly [offset: number, count: number];
}
export interface PartOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only a part of the result. */
  LIMIT?: readonly [offset: number, count: number];
}
export interface GeoAddOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  NX?: boolean;
  XX?: boolean;
  CH?: boolean;
}
export interface GeoSearchOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The place that is the centre. */
  FROMMEMBER?: Arg;
  /** The centre. */
  FROMLONLAT?: readonly [longitude: number, latitude: number];
  /** In a circle around the centre. */
  BYRADIUS?: readonly [radius: number, unit: GeoUnit];
  /** In a rectangle around the centre. */
  BYBOX?: readonly [width: number, height: number, unit: GeoUnit];
  ASC?: boolean;
  DESC?: boolean;
  /** At most this number; with ANY, the first that are found instead of the nearest. */
  COUNT?: number | readonly [count: number, any: "ANY"];
}
export interface GeoSearchStoreOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The place that is the centre. */
  FROMMEMBER?: Arg;
  /** The centre. */
  FROMLONLAT?: readonly [longitude: number, latitude: number];
  /** In a circle around the centre. */
  BYRADIUS?: readonly [radius: number, unit: GeoUnit];
  /** In a rectangle around the centre. */
  BYBOX?: readonly [width: number, height: number, unit: GeoUnit];
  ASC?: boolean;
  DESC?: boolean;
  /** At most this number; with ANY, the first that are found instead of the nearest. */
  COUNT?: number | readonly [count: number, any: "ANY"];
  STOREDIST?: boolean;
}
export interface ReferenceOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  KEEPREF?: boolean;
  DELREF?: boolean;
  ACKED?: boolean;
}
export interface XAddOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  NOMKSTREAM?: boolean;
  KEEPREF?: boolean;
  DELREF?: boolean;
  ACKED?: boolean;
  /** As IDMP, where equal fields are the same entry. Needs Redis 8.6. */
  IDMPAUTO?: Arg;
  /** An entry that this producer has added with this id is not added again. Needs Redis 8.6. */
  IDMP?: readonly [producer: Arg, id: Arg];
  /** Keeps this number of entries; with `~`, approximately. */
  MAXLEN?: number | readonly ["=" | "~", number];
  /** Removes entries before this id; with `~`, approximately. */
  MINID?: string | readonly ["=" | "~", string];
  /** With `~`, removes at most this number of entries. */
  LIMIT?: number;
}
export interface XCfgSetOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Seconds; 100 by default. */
  "IDMP-DURATION"?: number;
  /** Entries of each producer; 100 by default. */
  "IDMP-MAXSIZE"?: number;
}
export interface XClaimOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Sets the milliseconds since the last delivery. */
  IDLE?: number;
  /** Sets the time of the last delivery, in milliseconds since 1970. */
  TIME?: number;
  /** Sets the number of deliveries. */
  RETRYCOUNT?: number;
  FORCE?: boolean;
  /** Sets the group's last id to this one, if it is greater. */
  LASTID?: string;
}
export interface XGroupCreateOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  MKSTREAM?: boolean;
  /** Number of entries that the group has read. */
  ENTRIESREAD?: number;
}
export interface XGroupSetIdOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Number of entries that the group has read. */
  ENTRIESREAD?: number;
}
export interface XNackOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Sets the number of deliveries. */
  RETRYCOUNT?: number;
  FORCE?: boolean;
}
export interface XPendingRangeOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only entries whose last delivery is at least this number of milliseconds ago. */
  IDLE?: number;
}
export interface XReadOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** At most this number; for a page, approximately. */
  COUNT?: number;
  /** At most this number of entries of all streams. Needs Redis 8.10. */
  MAXCOUNT?: number;
  /** About this number of bytes of all streams. Needs Redis 8.10. */
  MAXSIZE?: number;
}
export interface XReadGroupOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** At most this number; for a page, approximately. */
  COUNT?: number;
  /** At most this number of entries of all streams. Needs Redis 8.10. */
  MAXCOUNT?: number;
  /** About this number of bytes of all streams. Needs Redis 8.10. */
  MAXSIZE?: number;
  /** Takes over what other consumers have not confirmed for this number of milliseconds, first; such entries have `idle` and `deliveries`. Needs Redis 8.4. */
  CLAIM?: number;
  NOACK?: boolean;
}
export interface XSetIdOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Number of entries ever added. */
  ENTRIESADDED?: number;
  /** The highest id that was deleted. */
  MAXDELETEDID?: string;
}
export interface XTrimOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Keeps this number of entries; with `~`, approximately. */
  MAXLEN?: number | readonly ["=" | "~", number];
  /** Removes entries before this id; with `~`, approximately. */
  MINID?: string | readonly ["=" | "~", string];
  /** With `~`, removes at most this number of entries. */
  LIMIT?: number;
  KEEPREF?: boolean;
  DELREF?: boolean;
  ACKED?: boolean;
}
export interface FlushOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  ASYNC?: boolean;
  SYNC?: boolean;
}
export interface FunctionListOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only libraries whose names match. */
  LIBRARYNAME?: string;
  WITHCODE?: boolean;
}
export interface FunctionLoadOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  REPLACE?: boolean;
}
export interface VAddOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Shortens the vector to this length by random projection. */
  REDUCE?: number;
  CAS?: boolean;
  NOQUANT?: boolean;
  Q8?: boolean;
  BIN?: boolean;
  /** Number of candidates that are examined. */
  EF?: number;
  /** The attributes of the member, a JSON text. */
  SETATTR?: string;
  /** Number of neighbours that each member is linked to. */
  M?: number;
}
export interface VSimOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The member whose vector is used. */
  ELE?: Arg;
  /** At most this number; for a page, approximately. */
  COUNT?: number;
  /** Only members at least as similar as 1 minus this. */
  EPSILON?: number;
  /** Number of candidates that are examined. */
  EF?: number;
  /** Only members whose attributes match, as in `.year > 1950`. */
  FILTER?: string;
  /** Number of members that are examined to find matches of the filter. */
  "FILTER-EF"?: number;
  TRUTH?: boolean;
  NOTHREAD?: boolean;
}
export interface BgSaveOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  SCHEDULE?: boolean;
}
export interface ClientKillOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The server's number for the connection. */
  ID?: number;
  /** Connections from this `address:port`. */
  ADDR?: string;
  /** Connections to this `address:port` of the server. */
  LADDR?: string;
  /** Only of this type. */
  TYPE?: string;
  /** Connections of this user. */
  USER?: string;
  /** Whether this connection stays open. Default: yes. */
  SKIPME?: "YES" | "NO";
  /** Connections older than this number of seconds. */
  MAXAGE?: number;
}
export interface ClientListOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only of this type. */
  TYPE?: string;
  /** The server's numbers for connections. */
  ID?: number | readonly number[];
}
export interface CommandListOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Only commands of a module, of a category, or with names that match. */
  FILTERBY?: readonly ["MODULE" | "ACLCAT" | "PATTERN", string];
}
export interface HotkeysStartOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** How many keys to keep of each measure. */
  COUNT?: number;
  /** Stops by itself after this number of seconds. */
  DURATION?: number;
  /** Looks at one of this number of commands. */
  SAMPLE?: number;
}
export interface LolwutOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The drawing, and its parameters. */
  VERSION?: number | readonly number[];
}
export interface MemoryUsageOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** Number of nested elements that are examined; 0: all. */
  SAMPLES?: number;
}

/**
 * The commands that have a method: `Q` is `null` for those of a client, else what a queue holds; `D`
 * how the client gives replies.
 */
export interface Commands<Q extends unknown[] | null = null, D extends Mode = false> {
  /** Appends to a value, and returns its length. See [APPEND](https://redis.io/docs/latest/commands/append/). */
  append<N extends boolean = BigInts<D>>(key: Arg, value: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Number of bits that are set, in a range of bytes or bits. See [BITCOUNT](https://redis.io/docs/latest/commands/bitcount/). */
  bitCount<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  bitCount<N extends boolean = BigInts<D>>(key: Arg, start: number, end: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  bitCount<N extends boolean = BigInts<D>>(key: Arg, start: number, end: number, unit: "BYTE" | "BIT", options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Reads and writes integers of any width: `["INCRBY", "u8", 0, 1]`; `null` where OVERFLOW FAIL prevented it. See [BITFIELD](https://redis.io/docs/latest/commands/bitfield/). */
  bitField<N extends boolean = BigInts<D>>(key: Arg, ...operations: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, (Int<N, D> | null)[]>;
  /** As bitField, only GET; replicas accept it too. See [BITFIELD_RO](https://redis.io/docs/latest/commands/bitfield_ro/). Since Redis 6.0. */
  bitFieldRo<N extends boolean = BigInts<D>>(key: Arg, ...operations: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>[]>;
  /** Combines values bit by bit into another, and returns its length. See [BITOP](https://redis.io/docs/latest/commands/bitop/). */
  bitOp<N extends boolean = BigInts<D>>(operation: "AND" | "OR" | "XOR" | "NOT" | "DIFF" | "DIFF1" | "ANDOR" | "ONE", to: Arg, ...keys: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** The first bit that is 0 or 1; -1 if there is none. See [BITPOS](https://redis.io/docs/latest/commands/bitpos/). */
  bitPos<N extends boolean = BigInts<D>>(key: Arg, bit: 0 | 1, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  bitPos<N extends boolean = BigInts<D>>(key: Arg, bit: 0 | 1, start: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  bitPos<N extends boolean = BigInts<D>>(key: Arg, bit: 0 | 1, start: number, end: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  bitPos<N extends boolean = BigInts<D>>(key: Arg, bit: 0 | 1, start: number, end: number, unit: "BYTE" | "BIT", options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Subtracts 1. See [DECR](https://redis.io/docs/latest/commands/decr/). */
  decr<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Subtracts a number. See [DECRBY](https://redis.io/docs/latest/commands/decrby/). */
  decrBy<N extends boolean = BigInts<D>>(key: Arg, by: number | bigint, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Deletes a key; with a condition, only if its value fulfils it. Returns whether it did. See [DELEX](https://redis.io/docs/latest/commands/delex/). Since Redis 8.4. */
  delEx(key: Arg, options?: In<Q, DelExOptions>): Out<Q, D, boolean>;
  /** Deletes a key if it has this value; returns whether it did. See [DELIFEQ](https://valkey.io/commands/delifeq/). Since Valkey 9.0. */
  delIfEq(key: Arg, value: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** The digest of a value, for `IFDEQ` and `IFDNE`; `null` without key. See [DIGEST](https://redis.io/docs/latest/commands/digest/). Since Redis 8.4. */
  digest<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** The value of a key. See [GET](https://redis.io/docs/latest/commands/get/). */
  get<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** A bit of a value. See [GETBIT](https://redis.io/docs/latest/commands/getbit/). */
  getBit<N extends boolean = BigInts<D>>(key: Arg, offset: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Deletes a key; returns its value. See [GETDEL](https://redis.io/docs/latest/commands/getdel/). Since Redis 6.2. */
  getDel<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** Changes the expiry of a key; returns its value. See [GETEX](https://redis.io/docs/latest/commands/getex/). Since Redis 6.2. */
  getEx<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, GetExOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** A part of a value, by bytes. See [GETRANGE](https://redis.io/docs/latest/commands/getrange/). */
  getRange<B extends boolean = ByteTexts<D>>(key: Arg, start: number, end: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Adds 1. See [INCR](https://redis.io/docs/latest/commands/incr/). */
  incr<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Adds a number. See [INCRBY](https://redis.io/docs/latest/commands/incrby/). */
  incrBy<N extends boolean = BigInts<D>>(key: Arg, by: number | bigint, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Adds a number with a fraction. The server calculates with more digits than a number has: `send("INCRBYFLOAT", key, by)` returns them as text. See [INCRBYFLOAT](https://redis.io/docs/latest/commands/incrbyfloat/). */
  incrByFloat(key: Arg, by: number | string, options?: In<Q, CallOptions>): Out<Q, D, Double<D>>;
  /** Adds a number within bounds, and sets an expiry; `added` is 0 if a bound would be passed. See [INCREX](https://redis.io/docs/latest/commands/increx/). Since Redis 8.8. */
  incrEx<N extends boolean = BigInts<D>>(key: Arg, by: number | bigint, options?: In<Q, IncrExOptions<boolean, N>>): Out<Q, D, { value: Int<N, D>; added: Int<N, D> }>;
  /** As incrEx, with a fraction. See [INCREX](https://redis.io/docs/latest/commands/increx/). Since Redis 8.8. */
  incrExFloat(key: Arg, by: number | string, options?: In<Q, IncrExOptions>): Out<Q, D, { value: Double<D>; added: Double<D> }>;
  /** The longest common subsequence of two values. See [LCS](https://redis.io/docs/latest/commands/lcs/). Since Redis 7.0. */
  lcs<B extends boolean = ByteTexts<D>>(key: Arg, other: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Where two values have their longest common subsequence, the last match first. See [LCS](https://redis.io/docs/latest/commands/lcs/). Since Redis 7.0. */
  lcsIdx<N extends boolean = BigInts<D>>(key: Arg, other: Arg, options?: In<Q, LcsIdxOptions<boolean, N>>): Out<Q, D, LcsMatches<N, D>>;
  /** Length of the longest common subsequence of two values. See [LCS](https://redis.io/docs/latest/commands/lcs/). Since Redis 7.0. */
  lcsLen<N extends boolean = BigInts<D>>(key: Arg, other: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The values of several keys. See [MGET](https://redis.io/docs/latest/commands/mget/). */
  mGet<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  mGet<B extends boolean = ByteTexts<D>>(...keys: Rest<Args, In<Q, CallOptions<B>>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Sets several keys. See [MSET](https://redis.io/docs/latest/commands/mset/). */
  mSet<P extends object = {}>(pairs: Pairs | Fields<P>, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Sets several keys with an expiry, all or none; returns whether it did. See [MSETEX](https://redis.io/docs/latest/commands/msetex/). Since Redis 8.4 and Valkey 9.1. */
  mSetEx<P extends object = {}>(pairs: Pairs | Fields<P>, options?: In<Q, MSetExOptions>): Out<Q, D, boolean>;
  /** Sets several keys if none of them exists; returns whether it did. See [MSETNX](https://redis.io/docs/latest/commands/msetnx/). */
  mSetNX<P extends object = {}>(pairs: Pairs | Fields<P>, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Counts values in a HyperLogLog; returns whether the estimate changed. See [PFADD](https://redis.io/docs/latest/commands/pfadd/). */
  pfAdd(key: Arg, ...values: Rest<Args, In<Q, CallOptions>>): Out<Q, D, boolean>;
  /** Estimates how many different values were counted. See [PFCOUNT](https://redis.io/docs/latest/commands/pfcount/). */
  pfCount<N extends boolean = BigInts<D>>(...keys: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Merges HyperLogLogs into the first. See [PFMERGE](https://redis.io/docs/latest/commands/pfmerge/). */
  pfMerge(to: Arg, ...keys: Rest<Args, In<Q, CallOptions>>): Out<Q, D, "OK">;
  /** Sets a key: `"OK"`, or `null` if a condition prevented it; with GET, the old value. See [SET](https://redis.io/docs/latest/commands/set/). */
  set<B extends boolean = ByteTexts<D>, G extends boolean = false>(key: Arg, value: Arg, options?: In<Q, SetOptions<B> & { GET?: G }>): Out<Q, D, G extends true ? Text<B, D> | null : "OK" | null>;
  /** Sets a bit of a value, and returns the old one. See [SETBIT](https://redis.io/docs/latest/commands/setbit/). */
  setBit<N extends boolean = BigInts<D>>(key: Arg, offset: number, bit: 0 | 1, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Overwrites a part of a value, and returns its length. See [SETRANGE](https://redis.io/docs/latest/commands/setrange/). */
  setRange<N extends boolean = BigInts<D>>(key: Arg, offset: number, value: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Length of a value in bytes. See [STRLEN](https://redis.io/docs/latest/commands/strlen/). */
  strLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Copies a key; false if the other exists. See [COPY](https://redis.io/docs/latest/commands/copy/). Since Redis 6.2. */
  copy(from: Arg, to: Arg, options?: In<Q, CopyOptions>): Out<Q, D, boolean>;
  /** Deletes keys; returns how many existed. See [DEL](https://redis.io/docs/latest/commands/del/). */
  del<N extends boolean = BigInts<D>>(...keys: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** A key in serialised form, for restore. See [DUMP](https://redis.io/docs/latest/commands/dump/). */
  dump(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, Bytes<D> | null>;
  /** How many of the keys exist. See [EXISTS](https://redis.io/docs/latest/commands/exists/). */
  exists<N extends boolean = BigInts<D>>(...keys: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Sets a key to expire after a number of seconds; false if it does not exist or a condition prevented it. See [EXPIRE](https://redis.io/docs/latest/commands/expire/). */
  expire(key: Arg, seconds: number, options?: In<Q, ExpireOptions>): Out<Q, D, boolean>;
  /** Sets the time at which a key expires, in seconds since 1970. See [EXPIREAT](https://redis.io/docs/latest/commands/expireat/). */
  expireAt(key: Arg, unixSeconds: number, options?: In<Q, ExpireOptions>): Out<Q, D, boolean>;
  /** When a key expires, in seconds since 1970; -1 never, -2 without key. See [EXPIRETIME](https://redis.io/docs/latest/commands/expiretime/). */
  expireTime<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** All keys that match. With many keys it blocks the server for long; scanIterator does not. See [KEYS](https://redis.io/docs/latest/commands/keys/). */
  keys<B extends boolean = ByteTexts<D>>(pattern: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Moves a key to another database; false if it does not exist, or exists there. See [MOVE](https://redis.io/docs/latest/commands/move/). */
  move(key: Arg, database: number, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** How the server stores a value. See [OBJECT ENCODING](https://redis.io/docs/latest/commands/object-encoding/). */
  objectEncoding<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** How often a key is used, logarithmically; needs an LFU policy. See [OBJECT FREQ](https://redis.io/docs/latest/commands/object-freq/). */
  objectFreq<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** Seconds since a key was used. See [OBJECT IDLETIME](https://redis.io/docs/latest/commands/object-idletime/). */
  objectIdleTime<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** Number of references to a value. See [OBJECT REFCOUNT](https://redis.io/docs/latest/commands/object-refcount/). */
  objectRefCount<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** Sets a key to expire after a number of milliseconds. See [PEXPIRE](https://redis.io/docs/latest/commands/pexpire/). */
  pExpire(key: Arg, milliseconds: number, options?: In<Q, ExpireOptions>): Out<Q, D, boolean>;
  /** Sets the time at which a key expires, in milliseconds since 1970. See [PEXPIREAT](https://redis.io/docs/latest/commands/pexpireat/). */
  pExpireAt(key: Arg, unixMilliseconds: number, options?: In<Q, ExpireOptions>): Out<Q, D, boolean>;
  /** When a key expires, in milliseconds since 1970; -1 never, -2 without key. See [PEXPIRETIME](https://redis.io/docs/latest/commands/pexpiretime/). Since Redis 7.0. */
  pExpireTime<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Removes the expiry; returns whether there was one. See [PERSIST](https://redis.io/docs/latest/commands/persist/). */
  persist(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Milliseconds until a key expires; -1 never, -2 without key. See [PTTL](https://redis.io/docs/latest/commands/pttl/). */
  pTtl<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Any key; `null` if there is none. See [RANDOMKEY](https://redis.io/docs/latest/commands/randomkey/). */
  randomKey<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** Renames a key; replaces the other if it exists. See [RENAME](https://redis.io/docs/latest/commands/rename/). */
  rename(key: Arg, newKey: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Renames a key; false if the other exists. See [RENAMENX](https://redis.io/docs/latest/commands/renamenx/). */
  renameNX(key: Arg, newKey: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Creates a key from what dump returned; `ttl` in milliseconds, 0 for no expiry. See [RESTORE](https://redis.io/docs/latest/commands/restore/). */
  restore(key: Arg, ttl: number, dump: Uint8Array, options?: In<Q, RestoreOptions>): Out<Q, D, "OK">;
  /** A page of the keys, from a cursor that begins and ends with `"0"`. See [SCAN](https://redis.io/docs/latest/commands/scan/). */
  scan<B extends boolean = ByteTexts<D>>(cursor: string | number, options?: In<Q, ScanOptions<B>>): Out<Q, D, ScanPage<Text<B, D>>>;
  /** The elements of a list, set or sorted set in order. See [SORT](https://redis.io/docs/latest/commands/sort/). */
  sort<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, SortOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** As sort; replicas accept it too. See [SORT_RO](https://redis.io/docs/latest/commands/sort_ro/). Since Redis 7.0. */
  sortRo<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, SortOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** As sort, into a list; returns its length. See [SORT](https://redis.io/docs/latest/commands/sort/). */
  sortStore<N extends boolean = BigInts<D>>(key: Arg, to: Arg, options?: In<Q, SortOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Marks keys as used; returns how many exist. See [TOUCH](https://redis.io/docs/latest/commands/touch/). */
  touch<N extends boolean = BigInts<D>>(...keys: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Seconds until a key expires; -1 never, -2 without key. See [TTL](https://redis.io/docs/latest/commands/ttl/). */
  ttl<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The type of a value; `"none"` without key. See [TYPE](https://redis.io/docs/latest/commands/type/). */
  type(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, string>;
  /** As del, freeing memory in the background. See [UNLINK](https://redis.io/docs/latest/commands/unlink/). */
  unlink<N extends boolean = BigInts<D>>(...keys: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Deletes fields; returns how many existed. See [HDEL](https://redis.io/docs/latest/commands/hdel/). */
  hDel<N extends boolean = BigInts<D>>(key: Arg, ...fields: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Whether there is a field. See [HEXISTS](https://redis.io/docs/latest/commands/hexists/). */
  hExists(key: Arg, field: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Sets fields to expire after a number of seconds: 1 set, 2 deleted at once, 0 prevented, -2 no such field. See [HEXPIRE](https://redis.io/docs/latest/commands/hexpire/). */
  hExpire<N extends boolean = BigInts<D>>(key: Arg, seconds: number, fields: Args, options?: In<Q, ExpireOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** Sets the time at which fields expire, in seconds since 1970; results as in hExpire. See [HEXPIREAT](https://redis.io/docs/latest/commands/hexpireat/). */
  hExpireAt<N extends boolean = BigInts<D>>(key: Arg, unixSeconds: number, fields: Args, options?: In<Q, ExpireOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** When fields expire, in seconds since 1970; -1 never, -2 no such field. See [HEXPIRETIME](https://redis.io/docs/latest/commands/hexpiretime/). */
  hExpireTime<N extends boolean = BigInts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** The value of a field. See [HGET](https://redis.io/docs/latest/commands/hget/). */
  hGet<B extends boolean = ByteTexts<D>>(key: Arg, field: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** All fields, as an object without prototype; empty without key. See [HGETALL](https://redis.io/docs/latest/commands/hgetall/). */
  hGetAll<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Named<Text<B, D>, B, D>>;
  /** Deletes fields; returns their values. See [HGETDEL](https://redis.io/docs/latest/commands/hgetdel/). Since Redis 8.0 and Valkey 9.1. */
  hGetDel<B extends boolean = ByteTexts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Changes the expiry of fields; returns their values. See [HGETEX](https://redis.io/docs/latest/commands/hgetex/). Since Redis 8.0 and Valkey 9.0. */
  hGetEx<B extends boolean = ByteTexts<D>>(key: Arg, fields: Args, options?: In<Q, GetExOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Adds a number to a field. See [HINCRBY](https://redis.io/docs/latest/commands/hincrby/). */
  hIncrBy<N extends boolean = BigInts<D>>(key: Arg, field: Arg, by: number | bigint, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Adds a number with a fraction to a field; for the digits see incrByFloat. See [HINCRBYFLOAT](https://redis.io/docs/latest/commands/hincrbyfloat/). */
  hIncrByFloat(key: Arg, field: Arg, by: number | string, options?: In<Q, CallOptions>): Out<Q, D, Double<D>>;
  /** The names of all fields. See [HKEYS](https://redis.io/docs/latest/commands/hkeys/). */
  hKeys<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Number of fields. See [HLEN](https://redis.io/docs/latest/commands/hlen/). */
  hLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The values of fields. See [HMGET](https://redis.io/docs/latest/commands/hmget/). */
  hMGet<B extends boolean = ByteTexts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Removes the expiry of fields: 1 done, -1 had none, -2 no such field. See [HPERSIST](https://redis.io/docs/latest/commands/hpersist/). Since Redis 7.4 and Valkey 9.0. */
  hPersist<N extends boolean = BigInts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** Sets fields to expire after a number of milliseconds; results as in hExpire. See [HPEXPIRE](https://redis.io/docs/latest/commands/hpexpire/). Since Redis 7.4 and Valkey 9.0. */
  hpExpire<N extends boolean = BigInts<D>>(key: Arg, milliseconds: number, fields: Args, options?: In<Q, ExpireOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** Sets the time at which fields expire, in milliseconds since 1970; results as in hExpire. See [HPEXPIREAT](https://redis.io/docs/latest/commands/hpexpireat/). Since Redis 7.4 and Valkey 9.0. */
  hpExpireAt<N extends boolean = BigInts<D>>(key: Arg, unixMilliseconds: number, fields: Args, options?: In<Q, ExpireOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** When fields expire, in milliseconds since 1970; -1 never, -2 no such field. See [HPEXPIRETIME](https://redis.io/docs/latest/commands/hpexpiretime/). Since Redis 7.4 and Valkey 9.0. */
  hpExpireTime<N extends boolean = BigInts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** Milliseconds until fields expire; -1 never, -2 no such field. See [HPTTL](https://redis.io/docs/latest/commands/hpttl/). Since Redis 7.4 and Valkey 9.0. */
  hpTtl<N extends boolean = BigInts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** A random field, or several; a negative count allows repetition. See [HRANDFIELD](https://redis.io/docs/latest/commands/hrandfield/). Since Redis 6.2. */
  hRandField<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  hRandField<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Random fields with their values. See [HRANDFIELD](https://redis.io/docs/latest/commands/hrandfield/). Since Redis 6.2. */
  hRandFieldWithValues<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, [Text<B, D>, Text<B, D>][]>;
  /** A page of fields and values. See [HSCAN](https://redis.io/docs/latest/commands/hscan/). */
  hScan<B extends boolean = ByteTexts<D>>(key: Arg, cursor: string | number, options?: In<Q, MatchOptions<B>>): Out<Q, D, { cursor: string; entries: [Text<B, D>, Text<B, D>][] }>;
  /** A page of fields. See [HSCAN](https://redis.io/docs/latest/commands/hscan/). */
  hScanNoValues<B extends boolean = ByteTexts<D>>(key: Arg, cursor: string | number, options?: In<Q, MatchOptions<B>>): Out<Q, D, ScanPage<Text<B, D>>>;
  /** Sets fields; returns how many are new. See [HSET](https://redis.io/docs/latest/commands/hset/). */
  hSet<N extends boolean = BigInts<D>, P extends object = {}>(key: Arg, pairs: Pairs | Fields<P>, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  hSet<N extends boolean = BigInts<D>>(key: Arg, field: Arg, value: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Sets fields with an expiry, all or none; returns whether it did. See [HSETEX](https://redis.io/docs/latest/commands/hsetex/). Since Redis 8.0 and Valkey 9.0. */
  hSetEx<P extends object = {}>(key: Arg, pairs: Pairs | Fields<P>, options?: In<Q, HSetExOptions>): Out<Q, D, boolean>;
  /** Sets a field; false if it exists. See [HSETNX](https://redis.io/docs/latest/commands/hsetnx/). */
  hSetNX(key: Arg, field: Arg, value: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Length of a value in bytes. See [HSTRLEN](https://redis.io/docs/latest/commands/hstrlen/). */
  hStrLen<N extends boolean = BigInts<D>>(key: Arg, field: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Seconds until fields expire; -1 never, -2 no such field. See [HTTL](https://redis.io/docs/latest/commands/httl/). */
  hTtl<N extends boolean = BigInts<D>>(key: Arg, fields: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>[] | null>;
  /** All values. See [HVALS](https://redis.io/docs/latest/commands/hvals/). */
  hVals<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** The element at an index; a negative one counts from the end. See [LINDEX](https://redis.io/docs/latest/commands/lindex/). */
  lIndex<B extends boolean = ByteTexts<D>>(key: Arg, index: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** Inserts before or after another element; returns the length, -1 without that element, 0 without key. See [LINSERT](https://redis.io/docs/latest/commands/linsert/). */
  lInsert<N extends boolean = BigInts<D>>(key: Arg, where: "BEFORE" | "AFTER", pivot: Arg, value: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Number of elements. See [LLEN](https://redis.io/docs/latest/commands/llen/). */
  lLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Moves an element to another list. See [LMOVE](https://redis.io/docs/latest/commands/lmove/). Since Redis 6.2. */
  lMove<B extends boolean = ByteTexts<D>>(from: Arg, to: Arg, fromEnd: "LEFT" | "RIGHT", toEnd: "LEFT" | "RIGHT", options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** Moves several elements to another list, and returns them; `null` if there are none, or fewer than EXACTLY says. See [LMOVEM](https://redis.io/docs/latest/commands/lmovem/). Since Redis 8.10. */
  lMoveM<B extends boolean = ByteTexts<D>>(from: Arg, to: Arg, fromEnd: "LEFT" | "RIGHT", toEnd: "LEFT" | "RIGHT", options?: In<Q, LMoveMOptions<B>>): Out<Q, D, Text<B, D>[] | null>;
  /** Takes elements from the first list that is not empty. See [LMPOP](https://redis.io/docs/latest/commands/lmpop/). Since Redis 7.0. */
  lmPop<B extends boolean = ByteTexts<D>>(keys: Args, end: "LEFT" | "RIGHT", options?: In<Q, CountOptions<B>>): Out<Q, D, { key: Text<B, D>; elements: Text<B, D>[] } | null>;
  /** Takes the first element, or several. See [LPOP](https://redis.io/docs/latest/commands/lpop/). */
  lPop<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  lPop<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[] | null>;
  /** The index of a value; with COUNT that many indexes, all if it is 0. See [LPOS](https://redis.io/docs/latest/commands/lpos/). Since Redis 6.0.6. */
  lPos<N extends boolean = BigInts<D>>(key: Arg, value: Arg, options?: In<Q, LPosOptions<boolean, N> & { COUNT?: undefined }>): Out<Q, D, Int<N, D> | null>;
  lPos<N extends boolean = BigInts<D>>(key: Arg, value: Arg, options: In<Q, LPosOptions<boolean, N> & { COUNT: number }>): Out<Q, D, Int<N, D>[]>;
  /** Adds at the beginning; returns the length. See [LPUSH](https://redis.io/docs/latest/commands/lpush/). */
  lPush<N extends boolean = BigInts<D>>(key: Arg, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Adds at the beginning if there is a list; returns the length. See [LPUSHX](https://redis.io/docs/latest/commands/lpushx/). */
  lPushX<N extends boolean = BigInts<D>>(key: Arg, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** The elements of a range. See [LRANGE](https://redis.io/docs/latest/commands/lrange/). */
  lRange<B extends boolean = ByteTexts<D>>(key: Arg, start: number, stop: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Removes up to `count` elements with a value, from the end if it is negative, all if it is 0; returns how many. See [LREM](https://redis.io/docs/latest/commands/lrem/). */
  lRem<N extends boolean = BigInts<D>>(key: Arg, count: number, value: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Replaces an element. See [LSET](https://redis.io/docs/latest/commands/lset/). */
  lSet(key: Arg, index: number, value: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Keeps only a range. See [LTRIM](https://redis.io/docs/latest/commands/ltrim/). */
  lTrim(key: Arg, start: number, stop: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Takes the last element, or several. See [RPOP](https://redis.io/docs/latest/commands/rpop/). */
  rPop<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  rPop<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[] | null>;
  /** Adds at the end; returns the length. See [RPUSH](https://redis.io/docs/latest/commands/rpush/). */
  rPush<N extends boolean = BigInts<D>>(key: Arg, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Adds at the end if there is a list; returns the length. See [RPUSHX](https://redis.io/docs/latest/commands/rpushx/). */
  rPushX<N extends boolean = BigInts<D>>(key: Arg, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Number of places that are not empty. See [ARCOUNT](https://redis.io/docs/latest/commands/arcount/). Since Redis 8.8. */
  arCount<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Empties places; returns how many were not empty. See [ARDEL](https://redis.io/docs/latest/commands/ardel/). Since Redis 8.8. */
  arDel<N extends boolean = BigInts<D>>(key: Arg, ...indexes: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Empties the places from `start` to `end`, both included; returns how many were not empty. See [ARDELRANGE](https://redis.io/docs/latest/commands/ardelrange/). Since Redis 8.8. */
  arDelRange<N extends boolean = BigInts<D>>(key: Arg, start: number | bigint, end: number | bigint, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The value at a place; `null` if it is empty. See [ARGET](https://redis.io/docs/latest/commands/arget/). Since Redis 8.8. */
  arGet<B extends boolean = ByteTexts<D>>(key: Arg, index: number | bigint, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** The values from one place to another, both included, empty ones too; backwards if the first is higher. At most a million. See [ARGETRANGE](https://redis.io/docs/latest/commands/argetrange/). Since Redis 8.8. */
  arGetRange<B extends boolean = ByteTexts<D>>(key: Arg, start: number | bigint, end: number | bigint, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Places whose values fulfil any of the predicates, or all with AND; `-` and `+` are the ends. See [ARGREP](https://redis.io/docs/latest/commands/argrep/). Since Redis 8.8. */
  arGrep<N extends boolean = BigInts<D>>(key: Arg, start: ArrayEnd, end: ArrayEnd, options?: In<Q, ArGrepOptions<boolean, N>>): Out<Q, D, Int<N, D>[]>;
  /** As arGrep, with the values. See [ARGREP](https://redis.io/docs/latest/commands/argrep/). Since Redis 8.8. */
  arGrepWithValues<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(key: Arg, start: ArrayEnd, end: ArrayEnd, options?: In<Q, ArGrepOptions<B, N>>): Out<Q, D, [Int<N, D>, Text<B, D>][]>;
  /** What the server knows about an array. See [ARINFO](https://redis.io/docs/latest/commands/arinfo/). Since Redis 8.8. */
  arInfo<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { count: Int<N, D>; len: Int<N, D>; nextInsertIndex: Int<N, D>; slices: Int<N, D>; sliceSize: Int<N, D> }>;
  /** Puts values where the last insertion ended; returns the place of the last one. See [ARINSERT](https://redis.io/docs/latest/commands/arinsert/). Since Redis 8.8. */
  arInsert<N extends boolean = BigInts<D>>(key: Arg, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** The values at the last places before the next insertion, the oldest first; with REV the newest. See [ARLASTITEMS](https://redis.io/docs/latest/commands/arlastitems/). Since Redis 8.8. */
  arLastItems<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, ArLastItemsOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** The place behind the last value; 0 if there is none. See [ARLEN](https://redis.io/docs/latest/commands/arlen/). Since Redis 8.8. */
  arLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The values at several places, in order. See [ARMGET](https://redis.io/docs/latest/commands/armget/). Since Redis 8.8. */
  arMGet<B extends boolean = ByteTexts<D>>(key: Arg, ...indexes: Rest<Args, In<Q, CallOptions<B>>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Sets values at several places; returns how many were empty. See [ARMSET](https://redis.io/docs/latest/commands/armset/). Since Redis 8.8. */
  arMSet<N extends boolean = BigInts<D>, P extends object = {}>(key: Arg, pairs: Pairs | Fields<P>, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Where the next insertion goes; `null` if there is no place left. See [ARNEXT](https://redis.io/docs/latest/commands/arnext/). Since Redis 8.8. */
  arNext<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** One number made of the values from one place to another; `null` if there is no number among them. See [AROP](https://redis.io/docs/latest/commands/arop/). Since Redis 8.8. */
  arOp(key: Arg, start: number | bigint, end: number | bigint, operation: "SUM" | "MIN" | "MAX" | "AND" | "OR" | "XOR" | "USED", options?: In<Q, CallOptions>): Out<Q, D, Double<D> | null>;
  /** Number of values from one place to another that are equal to this one. See [AROP](https://redis.io/docs/latest/commands/arop/). Since Redis 8.8. */
  arOpMatch<N extends boolean = BigInts<D>>(key: Arg, start: number | bigint, end: number | bigint, value: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As arInsert, in a ring of this many places: new values replace the oldest. See [ARRING](https://redis.io/docs/latest/commands/arring/). Since Redis 8.8. */
  arRing<N extends boolean = BigInts<D>>(key: Arg, size: number, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Places from one to another that are not empty, and their values. See [ARSCAN](https://redis.io/docs/latest/commands/arscan/). Since Redis 8.8. */
  arScan<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(key: Arg, start: number | bigint, end: number | bigint, options?: In<Q, ArScanOptions<B, N>>): Out<Q, D, [Int<N, D>, Text<B, D>][]>;
  /** Sets where the next insertion goes; false without key. See [ARSEEK](https://redis.io/docs/latest/commands/arseek/). Since Redis 8.8. */
  arSeek(key: Arg, index: number | bigint, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Sets values at a place and those behind it; returns how many places were empty. See [ARSET](https://redis.io/docs/latest/commands/arset/). Since Redis 8.8. */
  arSet<N extends boolean = BigInts<D>>(key: Arg, index: number | bigint, ...values: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Adds members; returns how many are new. See [SADD](https://redis.io/docs/latest/commands/sadd/). */
  sAdd<N extends boolean = BigInts<D>>(key: Arg, ...members: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Number of members. See [SCARD](https://redis.io/docs/latest/commands/scard/). */
  sCard<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Members of the first set that are in no other; an array with `bytes`. See [SDIFF](https://redis.io/docs/latest/commands/sdiff/). */
  sDiff<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, Members<B, D>>;
  /** How many members of the first set are in no other; counting stops at LIMIT. See [SDIFFCARD](https://redis.io/docs/latest/commands/sdiffcard/). Since Redis 8.10. */
  sDiffCard<N extends boolean = BigInts<D>>(keys: Args, options?: In<Q, SDiffCardOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As sDiff, into a set; returns how many. See [SDIFFSTORE](https://redis.io/docs/latest/commands/sdiffstore/). */
  sDiffStore<N extends boolean = BigInts<D>>(to: Arg, keys: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Members of all sets; an array with `bytes`. See [SINTER](https://redis.io/docs/latest/commands/sinter/). */
  sInter<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, Members<B, D>>;
  /** How many members are in all sets; counting stops at LIMIT. See [SINTERCARD](https://redis.io/docs/latest/commands/sintercard/). Since Redis 7.0. */
  sInterCard<N extends boolean = BigInts<D>>(keys: Args, options?: In<Q, SDiffCardOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As sInter, into a set; returns how many. See [SINTERSTORE](https://redis.io/docs/latest/commands/sinterstore/). */
  sInterStore<N extends boolean = BigInts<D>>(to: Arg, keys: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Whether a value is a member. See [SISMEMBER](https://redis.io/docs/latest/commands/sismember/). */
  sIsMember(key: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** All members, as a `Set`; an array with `bytes`. See [SMEMBERS](https://redis.io/docs/latest/commands/smembers/). */
  sMembers<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Members<B, D>>;
  /** Whether each value is a member. See [SMISMEMBER](https://redis.io/docs/latest/commands/smismember/). Since Redis 6.2. */
  smIsMember(key: Arg, members: Args, options?: In<Q, CallOptions>): Out<Q, D, boolean[]>;
  /** Moves a member to another set; false if it was not there. See [SMOVE](https://redis.io/docs/latest/commands/smove/). */
  sMove(from: Arg, to: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Takes a random member, or several. See [SPOP](https://redis.io/docs/latest/commands/spop/). */
  sPop<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  sPop<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Members<B, D>>;
  /** A random member, or several; a negative count allows repetition. See [SRANDMEMBER](https://redis.io/docs/latest/commands/srandmember/). */
  sRandMember<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  sRandMember<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Removes members; returns how many existed. See [SREM](https://redis.io/docs/latest/commands/srem/). */
  sRem<N extends boolean = BigInts<D>>(key: Arg, ...members: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** A page of members. See [SSCAN](https://redis.io/docs/latest/commands/sscan/). */
  sScan<B extends boolean = ByteTexts<D>>(key: Arg, cursor: string | number, options?: In<Q, MatchOptions<B>>): Out<Q, D, ScanPage<Text<B, D>>>;
  /** Members of any of the sets; an array with `bytes`. See [SUNION](https://redis.io/docs/latest/commands/sunion/). */
  sUnion<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, Members<B, D>>;
  /** How many members are in any of the sets; counting stops at LIMIT. See [SUNIONCARD](https://redis.io/docs/latest/commands/sunioncard/). Since Redis 8.10. */
  sUnionCard<N extends boolean = BigInts<D>>(keys: Args, options?: In<Q, SUnionCardOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As sUnion, into a set; returns how many. See [SUNIONSTORE](https://redis.io/docs/latest/commands/sunionstore/). */
  sUnionStore<N extends boolean = BigInts<D>>(to: Arg, keys: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Adds members, or changes scores; returns how many are new (with CH: or changed), with INCR the new score. See [ZADD](https://redis.io/docs/latest/commands/zadd/). */
  zAdd<N extends boolean = BigInts<D>, I extends boolean = false>(key: Arg, members: Scored | readonly Scored[], options?: In<Q, ZAddOptions<boolean, N> & { INCR?: I }>): Out<Q, D, I extends true ? Double<D> | null : Int<N, D>>;
  zAdd<N extends boolean = BigInts<D>, I extends boolean = false>(key: Arg, score: number, member: Arg, options?: In<Q, ZAddOptions<boolean, N> & { INCR?: I }>): Out<Q, D, I extends true ? Double<D> | null : Int<N, D>>;
  /** Number of members. See [ZCARD](https://redis.io/docs/latest/commands/zcard/). */
  zCard<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Number of members with scores in a range. See [ZCOUNT](https://redis.io/docs/latest/commands/zcount/). */
  zCount<N extends boolean = BigInts<D>>(key: Arg, min: number | string, max: number | string, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Members of the first set that are in no other. See [ZDIFF](https://redis.io/docs/latest/commands/zdiff/). Since Redis 6.2. */
  zDiff<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** As zDiff, into a sorted set; returns how many. See [ZDIFFSTORE](https://redis.io/docs/latest/commands/zdiffstore/). Since Redis 6.2. */
  zDiffStore<N extends boolean = BigInts<D>>(to: Arg, keys: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As zDiff, with scores. See [ZDIFF](https://redis.io/docs/latest/commands/zdiff/). Since Redis 6.2. */
  zDiffWithScores<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** Adds to a score, and returns it. See [ZINCRBY](https://redis.io/docs/latest/commands/zincrby/). */
  zIncrBy(key: Arg, by: number, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, Double<D>>;
  /** Members of all sets. See [ZINTER](https://redis.io/docs/latest/commands/zinter/). Since Redis 6.2. */
  zInter<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CombineOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** How many members are in all sets; counting stops at LIMIT. See [ZINTERCARD](https://redis.io/docs/latest/commands/zintercard/). Since Redis 7.0. */
  zInterCard<N extends boolean = BigInts<D>>(keys: Args, options?: In<Q, SDiffCardOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As zInter, into a sorted set; returns how many. See [ZINTERSTORE](https://redis.io/docs/latest/commands/zinterstore/). */
  zInterStore<N extends boolean = BigInts<D>>(to: Arg, keys: Args, options?: In<Q, CombineOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As zInter, with scores. See [ZINTER](https://redis.io/docs/latest/commands/zinter/). Since Redis 6.2. */
  zInterWithScores<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CombineOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** Number of members in a range by name, such as `[a` to `(b`. See [ZLEXCOUNT](https://redis.io/docs/latest/commands/zlexcount/). */
  zLexCount<N extends boolean = BigInts<D>>(key: Arg, min: string, max: string, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Takes members with the lowest or highest scores from the first sorted set that is not empty. See [ZMPOP](https://redis.io/docs/latest/commands/zmpop/). Since Redis 7.0. */
  zmPop<B extends boolean = ByteTexts<D>>(keys: Args, which: "MIN" | "MAX", options?: In<Q, CountOptions<B>>): Out<Q, D, { key: Text<B, D>; members: Scored<Text<B, D>, Double<D>>[] } | null>;
  /** The scores of members. See [ZMSCORE](https://redis.io/docs/latest/commands/zmscore/). Since Redis 6.2. */
  zmScore(key: Arg, members: Args, options?: In<Q, CallOptions>): Out<Q, D, (Double<D> | null)[]>;
  /** Takes the members with the highest scores. See [ZPOPMAX](https://redis.io/docs/latest/commands/zpopmax/). */
  zPopMax<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  zPopMax<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** Takes the members with the lowest scores. See [ZPOPMIN](https://redis.io/docs/latest/commands/zpopmin/). */
  zPopMin<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  zPopMin<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** A random member, or several; a negative count allows repetition. See [ZRANDMEMBER](https://redis.io/docs/latest/commands/zrandmember/). Since Redis 6.2. */
  zRandMember<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  zRandMember<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Random members with scores. See [ZRANDMEMBER](https://redis.io/docs/latest/commands/zrandmember/). Since Redis 6.2. */
  zRandMemberWithScores<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** Members in a range of ranks, with BYSCORE of scores, with BYLEX of names. See [ZRANGE](https://redis.io/docs/latest/commands/zrange/). */
  zRange<B extends boolean = ByteTexts<D>>(key: Arg, start: number | string, stop: number | string, options?: In<Q, ZRangeOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Members in a range by name, such as `[a` to `(b`. See [ZRANGEBYLEX](https://redis.io/docs/latest/commands/zrangebylex/). */
  zRangeByLex<B extends boolean = ByteTexts<D>>(key: Arg, min: string, max: string, options?: In<Q, PartOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Members with scores in a range. See [ZRANGEBYSCORE](https://redis.io/docs/latest/commands/zrangebyscore/). */
  zRangeByScore<B extends boolean = ByteTexts<D>>(key: Arg, min: number | string, max: number | string, options?: In<Q, PartOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** As zRangeByScore, with scores. See [ZRANGEBYSCORE](https://redis.io/docs/latest/commands/zrangebyscore/). */
  zRangeByScoreWithScores<B extends boolean = ByteTexts<D>>(key: Arg, min: number | string, max: number | string, options?: In<Q, PartOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** As zRange, into a sorted set; returns how many. See [ZRANGESTORE](https://redis.io/docs/latest/commands/zrangestore/). Since Redis 6.2. */
  zRangeStore<N extends boolean = BigInts<D>>(to: Arg, from: Arg, start: number | string, stop: number | string, options?: In<Q, ZRangeOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As zRange, with scores. See [ZRANGE](https://redis.io/docs/latest/commands/zrange/). */
  zRangeWithScores<B extends boolean = ByteTexts<D>>(key: Arg, start: number | string, stop: number | string, options?: In<Q, ZRangeOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** The rank of a member, the lowest score first. See [ZRANK](https://redis.io/docs/latest/commands/zrank/). */
  zRank<N extends boolean = BigInts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** As zRank, with the score. See [ZRANK](https://redis.io/docs/latest/commands/zrank/). Since Redis 7.2. */
  zRankWithScore<N extends boolean = BigInts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { rank: Int<N, D>; score: Double<D> } | null>;
  /** Removes members; returns how many existed. See [ZREM](https://redis.io/docs/latest/commands/zrem/). */
  zRem<N extends boolean = BigInts<D>>(key: Arg, ...members: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Removes a range by name; returns how many. See [ZREMRANGEBYLEX](https://redis.io/docs/latest/commands/zremrangebylex/). */
  zRemRangeByLex<N extends boolean = BigInts<D>>(key: Arg, min: string, max: string, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Removes a range of ranks; returns how many. See [ZREMRANGEBYRANK](https://redis.io/docs/latest/commands/zremrangebyrank/). */
  zRemRangeByRank<N extends boolean = BigInts<D>>(key: Arg, start: number, stop: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Removes a range of scores; returns how many. See [ZREMRANGEBYSCORE](https://redis.io/docs/latest/commands/zremrangebyscore/). */
  zRemRangeByScore<N extends boolean = BigInts<D>>(key: Arg, min: number | string, max: number | string, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Members in a range of ranks, the highest score first. See [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/). */
  zRevRange<B extends boolean = ByteTexts<D>>(key: Arg, start: number, stop: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** As zRevRange, with scores. See [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/). */
  zRevRangeWithScores<B extends boolean = ByteTexts<D>>(key: Arg, start: number, stop: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** The rank of a member, the highest score first. See [ZREVRANK](https://redis.io/docs/latest/commands/zrevrank/). */
  zRevRank<N extends boolean = BigInts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** As zRevRank, with the score. See [ZREVRANK](https://redis.io/docs/latest/commands/zrevrank/). Since Redis 7.2. */
  zRevRankWithScore<N extends boolean = BigInts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { rank: Int<N, D>; score: Double<D> } | null>;
  /** A page of members. See [ZSCAN](https://redis.io/docs/latest/commands/zscan/). */
  zScan<B extends boolean = ByteTexts<D>>(key: Arg, cursor: string | number, options?: In<Q, MatchOptions<B>>): Out<Q, D, { cursor: string; members: Scored<Text<B, D>, Double<D>>[] }>;
  /** The score of a member. See [ZSCORE](https://redis.io/docs/latest/commands/zscore/). */
  zScore(key: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, Double<D> | null>;
  /** Members of any of the sets. See [ZUNION](https://redis.io/docs/latest/commands/zunion/). Since Redis 6.2. */
  zUnion<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CombineOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** As zUnion, into a sorted set; returns how many. See [ZUNIONSTORE](https://redis.io/docs/latest/commands/zunionstore/). */
  zUnionStore<N extends boolean = BigInts<D>>(to: Arg, keys: Args, options?: In<Q, CombineOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As zUnion, with scores. See [ZUNION](https://redis.io/docs/latest/commands/zunion/). Since Redis 6.2. */
  zUnionWithScores<B extends boolean = ByteTexts<D>>(keys: Args, options?: In<Q, CombineOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** Adds places, or moves them; returns how many are new (with CH: or moved). See [GEOADD](https://redis.io/docs/latest/commands/geoadd/). */
  geoAdd<N extends boolean = BigInts<D>>(key: Arg, places: Place | readonly Place[], options?: In<Q, GeoAddOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  geoAdd<N extends boolean = BigInts<D>>(key: Arg, longitude: number, latitude: number, member: Arg, options?: In<Q, GeoAddOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Distance between two places, in metres unless a unit is given. See [GEODIST](https://redis.io/docs/latest/commands/geodist/). */
  geoDist(key: Arg, member: Arg, other: Arg, options?: In<Q, CallOptions>): Out<Q, D, Double<D> | null>;
  geoDist(key: Arg, member: Arg, other: Arg, unit: GeoUnit, options?: In<Q, CallOptions>): Out<Q, D, Double<D> | null>;
  /** Geohashes of places. See [GEOHASH](https://redis.io/docs/latest/commands/geohash/). */
  geoHash<B extends boolean = ByteTexts<D>>(key: Arg, members: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B, D> | null)[]>;
  /** Positions of places. See [GEOPOS](https://redis.io/docs/latest/commands/geopos/). */
  geoPos(key: Arg, members: Args, options?: In<Q, CallOptions>): Out<Q, D, (GeoPosition<Double<D>> | null)[]>;
  /** Places in an area. See [GEOSEARCH](https://redis.io/docs/latest/commands/geosearch/). Since Redis 6.2. */
  geoSearch<B extends boolean = ByteTexts<D>>(key: Arg, options: In<Q, GeoSearchOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** As geoSearch, into a sorted set; returns how many. See [GEOSEARCHSTORE](https://redis.io/docs/latest/commands/geosearchstore/). Since Redis 6.2. */
  geoSearchStore<N extends boolean = BigInts<D>>(to: Arg, from: Arg, options: In<Q, GeoSearchStoreOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** As geoSearch, with distances from the centre, geohashes as numbers, and positions. See [GEOSEARCH](https://redis.io/docs/latest/commands/geosearch/). Since Redis 6.2. */
  geoSearchWith<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(key: Arg, options: In<Q, GeoSearchOptions<B, N>>): Out<Q, D, FoundPlace<B, N, D>[]>;
  /** Acknowledges entries; returns how many were pending. See [XACK](https://redis.io/docs/latest/commands/xack/). */
  xAck<N extends boolean = BigInts<D>>(key: Arg, group: Arg, ...ids: Rest<string | readonly string[], In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Acknowledges entries and deletes them: 1 deleted, 2 kept because another group refers to the entry, -1 no such entry. See [XACKDEL](https://redis.io/docs/latest/commands/xackdel/). Since Redis 8.2. */
  xAckDel<N extends boolean = BigInts<D>>(key: Arg, group: Arg, ids: string | readonly string[], options?: In<Q, ReferenceOptions<boolean, N>>): Out<Q, D, Int<N, D>[]>;
  /** Adds an entry; with the id `"*"` the server chooses one. Returns the id, or `null` with NOMKSTREAM. See [XADD](https://redis.io/docs/latest/commands/xadd/). */
  xAdd<B extends boolean = ByteTexts<D>, P extends object = {}>(key: Arg, id: string, pairs: Pairs | Fields<P>, options?: In<Q, XAddOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** Hands entries that have been pending for `minIdle` milliseconds to another consumer. See [XAUTOCLAIM](https://redis.io/docs/latest/commands/xautoclaim/). Since Redis 6.2. */
  xAutoClaim<B extends boolean = ByteTexts<D>>(key: Arg, group: Arg, consumer: Arg, minIdle: number, start: string, options?: In<Q, CountOptions<B>>): Out<Q, D, { next: string; entries: StreamEntry<B, D>[]; deleted: string[] }>;
  /** As xAutoClaim, but returns only the ids and counts no delivery. See [XAUTOCLAIM](https://redis.io/docs/latest/commands/xautoclaim/). Since Redis 6.2. */
  xAutoClaimJustId(key: Arg, group: Arg, consumer: Arg, minIdle: number, start: string, options?: In<Q, CountOptions>): Out<Q, D, { next: string; entries: string[]; deleted: string[] }>;
  /** Sets for how long and for how many entries the stream remembers what producers have added (`IDMP`). See [XCFGSET](https://redis.io/docs/latest/commands/xcfgset/). Since Redis 8.6. */
  xCfgSet(key: Arg, options?: In<Q, XCfgSetOptions>): Out<Q, D, "OK">;
  /** Hands entries that have been pending for `minIdle` milliseconds to another consumer; returns them. See [XCLAIM](https://redis.io/docs/latest/commands/xclaim/). */
  xClaim<B extends boolean = ByteTexts<D>>(key: Arg, group: Arg, consumer: Arg, minIdle: number, ids: string | readonly string[], options?: In<Q, XClaimOptions<B>>): Out<Q, D, StreamEntry<B, D>[]>;
  /** As xClaim, but returns only the ids and counts no delivery. See [XCLAIM](https://redis.io/docs/latest/commands/xclaim/). */
  xClaimJustId(key: Arg, group: Arg, consumer: Arg, minIdle: number, ids: string | readonly string[], options?: In<Q, XClaimOptions>): Out<Q, D, string[]>;
  /** Deletes entries; returns how many existed. See [XDEL](https://redis.io/docs/latest/commands/xdel/). */
  xDel<N extends boolean = BigInts<D>>(key: Arg, ...ids: Rest<string | readonly string[], In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Deletes entries with regard to groups: 1 deleted, 2 kept because a group refers to the entry, -1 no such entry. See [XDELEX](https://redis.io/docs/latest/commands/xdelex/). Since Redis 8.2. */
  xDelEx<N extends boolean = BigInts<D>>(key: Arg, ids: string | readonly string[], options?: In<Q, ReferenceOptions<boolean, N>>): Out<Q, D, Int<N, D>[]>;
  /** Creates a group that begins after an id, `$` for the end. See [XGROUP CREATE](https://redis.io/docs/latest/commands/xgroup-create/). */
  xGroupCreate(key: Arg, group: Arg, id: string, options?: In<Q, XGroupCreateOptions>): Out<Q, D, "OK">;
  /** Creates a consumer; false if it exists. See [XGROUP CREATECONSUMER](https://redis.io/docs/latest/commands/xgroup-createconsumer/). Since Redis 6.2. */
  xGroupCreateConsumer(key: Arg, group: Arg, consumer: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Deletes a consumer; returns how many of its entries were pending. See [XGROUP DELCONSUMER](https://redis.io/docs/latest/commands/xgroup-delconsumer/). */
  xGroupDelConsumer<N extends boolean = BigInts<D>>(key: Arg, group: Arg, consumer: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Deletes a group; false if there is none. See [XGROUP DESTROY](https://redis.io/docs/latest/commands/xgroup-destroy/). */
  xGroupDestroy(key: Arg, group: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Sets the id after which a group continues. See [XGROUP SETID](https://redis.io/docs/latest/commands/xgroup-setid/). */
  xGroupSetId(key: Arg, group: Arg, id: string, options?: In<Q, XGroupSetIdOptions>): Out<Q, D, "OK">;
  /** The consumers of a group. See [XINFO CONSUMERS](https://redis.io/docs/latest/commands/xinfo-consumers/). */
  xInfoConsumers<N extends boolean = BigInts<D>>(key: Arg, group: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, StreamConsumer<N, D>[]>;
  /** The groups of a stream. See [XINFO GROUPS](https://redis.io/docs/latest/commands/xinfo-groups/). */
  xInfoGroups<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, StreamGroup<N, D>[]>;
  /** What the server knows about a stream. See [XINFO STREAM](https://redis.io/docs/latest/commands/xinfo-stream/). */
  xInfoStream<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<B, N>>): Out<Q, D, StreamInfo<B, N, D>>;
  /** As xInfoStream, with entries and groups, 10 of each unless COUNT is given. See [XINFO STREAM](https://redis.io/docs/latest/commands/xinfo-stream/). Since Redis 6.0. */
  xInfoStreamFull<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CountOptions<B, N>>): Out<Q, D, StreamDetails<B, N, D>>;
  /** Number of entries. See [XLEN](https://redis.io/docs/latest/commands/xlen/). */
  xLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Gives pending entries back to their group; returns how many. See [XNACK](https://redis.io/docs/latest/commands/xnack/). Since Redis 8.8. */
  xNack<N extends boolean = BigInts<D>>(key: Arg, group: Arg, mode: "SILENT" | "FAIL" | "FATAL", ids: string | readonly string[], options?: In<Q, XNackOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** How many entries of a group are pending, by consumer. See [XPENDING](https://redis.io/docs/latest/commands/xpending/). */
  xPending<N extends boolean = BigInts<D>>(key: Arg, group: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { count: Int<N, D>; lowest: string | null; highest: string | null; consumers: Record<string, number> }>;
  /** The entries of a group that are pending. See [XPENDING](https://redis.io/docs/latest/commands/xpending/). */
  xPendingRange<N extends boolean = BigInts<D>>(key: Arg, group: Arg, start: string, end: string, count: number, options?: In<Q, XPendingRangeOptions<boolean, N>>): Out<Q, D, PendingEntry<N, D>[]>;
  xPendingRange<N extends boolean = BigInts<D>>(key: Arg, group: Arg, start: string, end: string, count: number, consumer: Arg, options?: In<Q, XPendingRangeOptions<boolean, N>>): Out<Q, D, PendingEntry<N, D>[]>;
  /** Entries in a range of ids; `-` and `+` are the ends. See [XRANGE](https://redis.io/docs/latest/commands/xrange/). */
  xRange<B extends boolean = ByteTexts<D>>(key: Arg, start: string, end: string, options?: In<Q, CountOptions<B>>): Out<Q, D, StreamEntry<B, D>[]>;
  /** Entries after an id, of several streams; `null` if there are none. Blocking is refused. See [XREAD](https://redis.io/docs/latest/commands/xread/). */
  xRead<B extends boolean = ByteTexts<D>>(streams: Pairs, options?: In<Q, XReadOptions<B>>): Out<Q, D, Named<StreamEntry<B, D>[], B, D> | null>;
  /** New entries for a consumer (id `">"`), or its pending ones after an id, whose fields are `null` if deleted. See [XREADGROUP](https://redis.io/docs/latest/commands/xreadgroup/). */
  xReadGroup<B extends boolean = ByteTexts<D>>(group: Arg, consumer: Arg, streams: NewEntries, options?: In<Q, XReadGroupOptions<B>>): Out<Q, D, Named<StreamEntry<B, D>[], B, D> | null>;
  xReadGroup<B extends boolean = ByteTexts<D>>(group: Arg, consumer: Arg, streams: Pairs, options?: In<Q, XReadGroupOptions<B>>): Out<Q, D, Named<(StreamEntry<B, D> | DeletedEntry)[], B, D> | null>;
  /** Entries in a range of ids, the last first. See [XREVRANGE](https://redis.io/docs/latest/commands/xrevrange/). */
  xRevRange<B extends boolean = ByteTexts<D>>(key: Arg, end: string, start: string, options?: In<Q, CountOptions<B>>): Out<Q, D, StreamEntry<B, D>[]>;
  /** Sets the last id of a stream. See [XSETID](https://redis.io/docs/latest/commands/xsetid/). */
  xSetId(key: Arg, id: string, options?: In<Q, XSetIdOptions>): Out<Q, D, "OK">;
  /** Removes the oldest entries, by number or by id; returns how many: `{ MAXLEN: ["~", 1000] }`. See [XTRIM](https://redis.io/docs/latest/commands/xtrim/). */
  xTrim<N extends boolean = BigInts<D>>(key: Arg, options: In<Q, XTrimOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Runs a script; `script` avoids sending it each time. See [EVAL](https://redis.io/docs/latest/commands/eval/). */
  eval<T = AnyReply<D>>(source: string, options?: In<Q, CallOptions>): Out<Q, D, T>;
  eval<T = AnyReply<D>>(source: string, keys: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  eval<T = AnyReply<D>>(source: string, keys: Args, args: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  /** As eval, for a script that only reads; replicas accept it too. See [EVAL_RO](https://redis.io/docs/latest/commands/eval_ro/). Since Redis 7.0. */
  evalRo<T = AnyReply<D>>(source: string, options?: In<Q, CallOptions>): Out<Q, D, T>;
  evalRo<T = AnyReply<D>>(source: string, keys: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  evalRo<T = AnyReply<D>>(source: string, keys: Args, args: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  /** Runs a script by the digest that scriptLoad returned. See [EVALSHA](https://redis.io/docs/latest/commands/evalsha/). */
  evalSha<T = AnyReply<D>>(digest: string, options?: In<Q, CallOptions>): Out<Q, D, T>;
  evalSha<T = AnyReply<D>>(digest: string, keys: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  evalSha<T = AnyReply<D>>(digest: string, keys: Args, args: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  /** As evalSha, for a script that only reads; replicas accept it too. See [EVALSHA_RO](https://redis.io/docs/latest/commands/evalsha_ro/). Since Redis 7.0. */
  evalShaRo<T = AnyReply<D>>(digest: string, options?: In<Q, CallOptions>): Out<Q, D, T>;
  evalShaRo<T = AnyReply<D>>(digest: string, keys: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  evalShaRo<T = AnyReply<D>>(digest: string, keys: Args, args: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  /** Calls a function of a library. See [FCALL](https://redis.io/docs/latest/commands/fcall/). Since Redis 7.0. */
  fCall<T = AnyReply<D>>(name: Arg, options?: In<Q, CallOptions>): Out<Q, D, T>;
  fCall<T = AnyReply<D>>(name: Arg, keys: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  fCall<T = AnyReply<D>>(name: Arg, keys: Args, args: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  /** As fCall, for a function that only reads; replicas accept it too. See [FCALL_RO](https://redis.io/docs/latest/commands/fcall_ro/). Since Redis 7.0. */
  fCallRo<T = AnyReply<D>>(name: Arg, options?: In<Q, CallOptions>): Out<Q, D, T>;
  fCallRo<T = AnyReply<D>>(name: Arg, keys: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  fCallRo<T = AnyReply<D>>(name: Arg, keys: Args, args: Args, options?: In<Q, CallOptions>): Out<Q, D, T>;
  /** Deletes a library. See [FUNCTION DELETE](https://redis.io/docs/latest/commands/function-delete/). Since Redis 7.0. */
  functionDelete(library: string, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** All libraries in serialised form, for functionRestore. See [FUNCTION DUMP](https://redis.io/docs/latest/commands/function-dump/). Since Redis 7.0. */
  functionDump(options?: In<Q, CallOptions>): Out<Q, D, Bytes<D>>;
  /** Deletes all libraries. See [FUNCTION FLUSH](https://redis.io/docs/latest/commands/function-flush/). Since Redis 7.0. */
  functionFlush(options?: In<Q, FlushOptions>): Out<Q, D, "OK">;
  /** Ends the function that is running, unless it has written. See [FUNCTION KILL](https://redis.io/docs/latest/commands/function-kill/). Since Redis 7.0. */
  functionKill(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The libraries. See [FUNCTION LIST](https://redis.io/docs/latest/commands/function-list/). Since Redis 7.0. */
  functionList(options?: In<Q, FunctionListOptions>): Out<Q, D, FunctionLibrary[]>;
  /** Stores a library; returns its name. See [FUNCTION LOAD](https://redis.io/docs/latest/commands/function-load/). Since Redis 7.0. */
  functionLoad<B extends boolean = ByteTexts<D>>(source: string, options?: In<Q, FunctionLoadOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Stores the libraries that functionDump returned. See [FUNCTION RESTORE](https://redis.io/docs/latest/commands/function-restore/). Since Redis 7.0. */
  functionRestore(dump: Uint8Array, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  functionRestore(dump: Uint8Array, policy: "APPEND" | "FLUSH" | "REPLACE", options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The running function, and the number of libraries and functions. See [FUNCTION STATS](https://redis.io/docs/latest/commands/function-stats/). Since Redis 7.0. */
  functionStats<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, FunctionStats<N, D>>;
  /** Whether the server has scripts with these digests. See [SCRIPT EXISTS](https://redis.io/docs/latest/commands/script-exists/). */
  scriptExists(...digests: Rest<Args, In<Q, CallOptions>>): Out<Q, D, boolean[]>;
  /** Forgets all scripts. See [SCRIPT FLUSH](https://redis.io/docs/latest/commands/script-flush/). */
  scriptFlush(options?: In<Q, FlushOptions>): Out<Q, D, "OK">;
  /** Ends the script that is running, unless it has written. See [SCRIPT KILL](https://redis.io/docs/latest/commands/script-kill/). */
  scriptKill(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Stores a script; returns its digest. See [SCRIPT LOAD](https://redis.io/docs/latest/commands/script-load/). */
  scriptLoad<B extends boolean = ByteTexts<D>>(source: string, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** The source of a script. See [SCRIPT SHOW](https://valkey.io/commands/script-show/). Since Valkey 8.0. */
  scriptShow<B extends boolean = ByteTexts<D>>(digest: string, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Adds a member with its vector, or replaces the vector; returns whether the member is new. See [VADD](https://redis.io/docs/latest/commands/vadd/). Since Redis 8.0. */
  vAdd(key: Arg, vector: Vector, member: Arg, options?: In<Q, VAddOptions>): Out<Q, D, boolean>;
  /** Number of members. See [VCARD](https://redis.io/docs/latest/commands/vcard/). Since Redis 8.0. */
  vCard<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Length of the vectors. See [VDIM](https://redis.io/docs/latest/commands/vdim/). Since Redis 8.0. */
  vDim<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The vector of a member, as exactly as the server stores it. See [VEMB](https://redis.io/docs/latest/commands/vemb/). Since Redis 8.0. */
  vEmb(key: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, Double<D>[] | null>;
  /** The vector of a member, as the server stores it. See [VEMB](https://redis.io/docs/latest/commands/vemb/). Since Redis 8.0. */
  vEmbRaw(key: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, RawVector | null>;
  /** The attributes of a member, a JSON text. See [VGETATTR](https://redis.io/docs/latest/commands/vgetattr/). Since Redis 8.0. */
  vGetAttr<B extends boolean = ByteTexts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** What the server knows about a vector set. See [VINFO](https://redis.io/docs/latest/commands/vinfo/). Since Redis 8.0. */
  vInfo<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, VectorSetInfo<N, D> | null>;
  /** Whether a value is a member. See [VISMEMBER](https://redis.io/docs/latest/commands/vismember/). Since Redis 8.2. */
  vIsMember(key: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** The neighbours of a member in each layer, the top one first. See [VLINKS](https://redis.io/docs/latest/commands/vlinks/). Since Redis 8.0. */
  vLinks<B extends boolean = ByteTexts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[][] | null>;
  /** As vLinks, with their similarity. See [VLINKS](https://redis.io/docs/latest/commands/vlinks/). Since Redis 8.0. */
  vLinksWithScores<B extends boolean = ByteTexts<D>>(key: Arg, member: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[][] | null>;
  /** A random member, or several; a negative count allows repetition. See [VRANDMEMBER](https://redis.io/docs/latest/commands/vrandmember/). Since Redis 8.0. */
  vRandMember<B extends boolean = ByteTexts<D>>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  vRandMember<B extends boolean = ByteTexts<D>>(key: Arg, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Members in a range of text, such as `[a` to `(b`; `-` and `+` are the ends. See [VRANGE](https://redis.io/docs/latest/commands/vrange/). Since Redis 8.4. */
  vRange<B extends boolean = ByteTexts<D>>(key: Arg, start: string, end: string, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  vRange<B extends boolean = ByteTexts<D>>(key: Arg, start: string, end: string, count: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Removes a member; returns whether it existed. See [VREM](https://redis.io/docs/latest/commands/vrem/). Since Redis 8.0. */
  vRem(key: Arg, member: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Sets the attributes of a member, a JSON text, or removes them if it is empty. See [VSETATTR](https://redis.io/docs/latest/commands/vsetattr/). Since Redis 8.0. */
  vSetAttr(key: Arg, member: Arg, json: string, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** The members most similar to a vector, or to a member (ELE). See [VSIM](https://redis.io/docs/latest/commands/vsim/). Since Redis 8.0. */
  vSim<B extends boolean = ByteTexts<D>>(key: Arg, vector: Vector, options?: In<Q, VSimOptions<B>>): Out<Q, D, Text<B, D>[]>;
  vSim<B extends boolean = ByteTexts<D>>(key: Arg, options: In<Q, VSimOptions<B> & { ELE: Arg }>): Out<Q, D, Text<B, D>[]>;
  /** As vSim, with their similarity and attributes. See [VSIM](https://redis.io/docs/latest/commands/vsim/). Since Redis 8.0. */
  vSimWithAttribs<B extends boolean = ByteTexts<D>>(key: Arg, vector: Vector, options?: In<Q, VSimOptions<B>>): Out<Q, D, SimilarMember<B, D>[]>;
  vSimWithAttribs<B extends boolean = ByteTexts<D>>(key: Arg, options: In<Q, VSimOptions<B> & { ELE: Arg }>): Out<Q, D, SimilarMember<B, D>[]>;
  /** As vSim, with their similarity: 1 is the same direction, 0 the opposite. See [VSIM](https://redis.io/docs/latest/commands/vsim/). Since Redis 8.0. */
  vSimWithScores<B extends boolean = ByteTexts<D>>(key: Arg, vector: Vector, options?: In<Q, VSimOptions<B>>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  vSimWithScores<B extends boolean = ByteTexts<D>>(key: Arg, options: In<Q, VSimOptions<B> & { ELE: Arg }>): Out<Q, D, Scored<Text<B, D>, Double<D>>[]>;
  /** Publishes a message; returns how many clients of this server got it. See [PUBLISH](https://redis.io/docs/latest/commands/publish/). */
  publish<N extends boolean = BigInts<D>>(channel: Arg, payload: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Channels with subscribers, all or those that match. See [PUBSUB CHANNELS](https://redis.io/docs/latest/commands/pubsub-channels/). */
  pubSubChannels<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  pubSubChannels<B extends boolean = ByteTexts<D>>(pattern: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Number of patterns with subscribers. See [PUBSUB NUMPAT](https://redis.io/docs/latest/commands/pubsub-numpat/). */
  pubSubNumPat<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Number of subscribers of channels. See [PUBSUB NUMSUB](https://redis.io/docs/latest/commands/pubsub-numsub/). */
  pubSubNumSub<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(...channels: Rest<Args, In<Q, CallOptions<B, N>>>): Out<Q, D, Named<Int<N, D>, B, D>>;
  /** Shard channels with subscribers, all or those that match. See [PUBSUB SHARDCHANNELS](https://redis.io/docs/latest/commands/pubsub-shardchannels/). Since Redis 7.0. */
  pubSubShardChannels<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  pubSubShardChannels<B extends boolean = ByteTexts<D>>(pattern: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Number of subscribers of shard channels. See [PUBSUB SHARDNUMSUB](https://redis.io/docs/latest/commands/pubsub-shardnumsub/). Since Redis 7.0. */
  pubSubShardNumSub<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(...channels: Rest<Args, In<Q, CallOptions<B, N>>>): Out<Q, D, Named<Int<N, D>, B, D>>;
  /** Publishes a message in a shard channel; returns how many clients got it. See [SPUBLISH](https://redis.io/docs/latest/commands/spublish/). Since Redis 7.0. */
  sPublish<N extends boolean = BigInts<D>>(channel: Arg, payload: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The categories of commands, or the commands of one. See [ACL CAT](https://redis.io/docs/latest/commands/acl-cat/). Since Redis 6.0. */
  aclCat<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  aclCat<B extends boolean = ByteTexts<D>>(category: string, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Deletes users; returns how many existed. See [ACL DELUSER](https://redis.io/docs/latest/commands/acl-deluser/). Since Redis 6.0. */
  aclDelUser<N extends boolean = BigInts<D>>(...names: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** Whether a user may run a command: `"OK"`, or why not. See [ACL DRYRUN](https://redis.io/docs/latest/commands/acl-dryrun/). Since Redis 7.0. */
  aclDryRun<B extends boolean = ByteTexts<D>>(user: string, command: string, ...words: Rest<Args, In<Q, CallOptions<B>>>): Out<Q, D, "OK" | Text<B, D>>;
  /** A random password, of 256 bits by default. See [ACL GENPASS](https://redis.io/docs/latest/commands/acl-genpass/). Since Redis 6.0. */
  aclGenPass<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  aclGenPass<B extends boolean = ByteTexts<D>>(bits: number, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** What a user may do. See [ACL GETUSER](https://redis.io/docs/latest/commands/acl-getuser/). Since Redis 7.0. */
  aclGetUser(name: string, options?: In<Q, CallOptions>): Out<Q, D, AclUser | null>;
  /** All users with their rules. See [ACL LIST](https://redis.io/docs/latest/commands/acl-list/). Since Redis 6.0. */
  aclList<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Reads the users from the server's file. See [ACL LOAD](https://redis.io/docs/latest/commands/acl-load/). Since Redis 6.0. */
  aclLoad(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Refused logins and commands, the latest first. See [ACL LOG](https://redis.io/docs/latest/commands/acl-log/). Since Redis 6.0. */
  aclLog<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, AclLogEntry<N, D>[]>;
  aclLog<N extends boolean = BigInts<D>>(count: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, AclLogEntry<N, D>[]>;
  /** Empties the log of aclLog. See [ACL LOG](https://redis.io/docs/latest/commands/acl-log/). Since Redis 6.0. */
  aclLogReset(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Writes the users to the server's file. See [ACL SAVE](https://redis.io/docs/latest/commands/acl-save/). Since Redis 6.0. */
  aclSave(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Creates a user, or changes what it may do, by rules such as `on`, `+get` and `~cache:*`. See [ACL SETUSER](https://redis.io/docs/latest/commands/acl-setuser/). Since Redis 6.0. */
  aclSetUser(name: string, ...rules: Rest<Args, In<Q, CallOptions>>): Out<Q, D, "OK">;
  /** The names of all users. See [ACL USERS](https://redis.io/docs/latest/commands/acl-users/). Since Redis 6.0. */
  aclUsers<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** The user of this connection. See [ACL WHOAMI](https://redis.io/docs/latest/commands/acl-whoami/). Since Redis 6.0. */
  aclWhoAmI<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Gives up a backup that is not sealed. See [BACKUP ABORT](https://redis.io/docs/latest/commands/backup-abort/). Since Redis 8.10. */
  backupAbort(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Deletes the files of a sealed backup. See [BACKUP CLEANUP](https://redis.io/docs/latest/commands/backup-cleanup/). Since Redis 8.10. */
  backupCleanup(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The files of the backup that no longer change. See [BACKUP LIST](https://redis.io/docs/latest/commands/backup-list/). Since Redis 8.10. */
  backupList<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Ends the backup: what is written from now on is not in it. See [BACKUP SEAL](https://redis.io/docs/latest/commands/backup-seal/). Since Redis 8.10. */
  backupSeal(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Starts a backup into the server's `backupdirname`. See [BACKUP START](https://redis.io/docs/latest/commands/backup-start/). Since Redis 8.10. */
  backupStart(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** What the server does about a backup. See [BACKUP STATUS](https://redis.io/docs/latest/commands/backup-status/). Since Redis 8.10. */
  backupStatus<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { state: string; error: string; startTime: Int<N, D>; endTime: Int<N, D> }>;
  /** Rewrites the append-only file in the background. See [BGREWRITEAOF](https://redis.io/docs/latest/commands/bgrewriteaof/). */
  bgRewriteAof(options?: In<Q, CallOptions>): Out<Q, D, string>;
  /** Saves the data in the background. See [BGSAVE](https://redis.io/docs/latest/commands/bgsave/). */
  bgSave(options?: In<Q, BgSaveOptions>): Out<Q, D, string>;
  /** The name of this connection, set by the option `clientName` of `connect`. See [CLIENT GETNAME](https://redis.io/docs/latest/commands/client-getname/). */
  clientGetName<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D> | null>;
  /** The server's number for this connection. See [CLIENT ID](https://redis.io/docs/latest/commands/client-id/). */
  clientId<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** What the server knows about this connection. See [CLIENT INFO](https://redis.io/docs/latest/commands/client-info/). Since Redis 6.2. */
  clientInfo(options?: In<Q, CallOptions>): Out<Q, D, ClientInfo>;
  /** Closes the connections that meet all conditions; returns how many. See [CLIENT KILL](https://redis.io/docs/latest/commands/client-kill/). */
  clientKill<N extends boolean = BigInts<D>>(options: In<Q, ClientKillOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The connections of the server. See [CLIENT LIST](https://redis.io/docs/latest/commands/client-list/). */
  clientList(options?: In<Q, ClientListOptions>): Out<Q, D, ClientInfo[]>;
  /** Sets whether the server keeps this connection when memory is short; until the connection is lost. See [CLIENT NO-EVICT](https://redis.io/docs/latest/commands/client-no-evict/). Since Redis 7.0. */
  clientNoEvict(on: "ON" | "OFF", options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Sets whether reads of this connection leave the last use of keys unchanged; until the connection is lost. See [CLIENT NO-TOUCH](https://redis.io/docs/latest/commands/client-no-touch/). Since Redis 7.2. */
  clientNoTouch(on: "ON" | "OFF", options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Pauses all connections, this one included, or only their writes. See [CLIENT PAUSE](https://redis.io/docs/latest/commands/client-pause/). */
  clientPause(milliseconds: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  clientPause(milliseconds: number, what: "WRITE" | "ALL", options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Unblocks a connection that waits in a blocking command; false if it does not wait. See [CLIENT UNBLOCK](https://redis.io/docs/latest/commands/client-unblock/). */
  clientUnblock(id: number, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  clientUnblock(id: number, how: "TIMEOUT" | "ERROR", options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Ends a pause. See [CLIENT UNPAUSE](https://redis.io/docs/latest/commands/client-unpause/). Since Redis 6.2. */
  clientUnpause(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Number of commands. See [COMMAND COUNT](https://redis.io/docs/latest/commands/command-count/). */
  commandCount<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The manual of commands, all if none is named. See [COMMAND DOCS](https://redis.io/docs/latest/commands/command-docs/). Since Redis 7.0. */
  commandDocs(...names: Rest<Args, In<Q, CallOptions>>): Out<Q, D, Record<string, CommandDoc>>;
  /** The keys in a command's words. See [COMMAND GETKEYS](https://redis.io/docs/latest/commands/command-getkeys/). */
  commandGetKeys<B extends boolean = ByteTexts<D>>(...words: Rest<Args, In<Q, CallOptions<B>>>): Out<Q, D, Text<B, D>[]>;
  /** The keys in a command's words, and what it does with each. See [COMMAND GETKEYSANDFLAGS](https://redis.io/docs/latest/commands/command-getkeysandflags/). Since Redis 7.0. */
  commandGetKeysAndFlags<B extends boolean = ByteTexts<D>>(...words: Rest<Args, In<Q, CallOptions<B>>>): Out<Q, D, { key: Text<B, D>; flags: string[] }[]>;
  /** What the server knows about commands, all if none is named. See [COMMAND INFO](https://redis.io/docs/latest/commands/command-info/). */
  commandInfo<N extends boolean = BigInts<D>>(...names: Rest<Args, In<Q, CallOptions<boolean, N>>>): Out<Q, D, (CommandInfo<N, D> | null)[]>;
  /** The names of all commands. See [COMMAND LIST](https://redis.io/docs/latest/commands/command-list/). Since Redis 7.0. */
  commandList<B extends boolean = ByteTexts<D>>(options?: In<Q, CommandListOptions<B>>): Out<Q, D, Text<B, D>[]>;
  /** Commands that took long or were large, the latest first. See [COMMANDLOG GET](https://valkey.io/commands/commandlog-get/). Since Valkey 8.1. */
  commandLogGet<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(count: number, log: "SLOW" | "LARGE-REQUEST" | "LARGE-REPLY", options?: In<Q, CallOptions<B, N>>): Out<Q, D, LoggedCommand<B, N, D>[]>;
  /** Number of entries of a log. See [COMMANDLOG LEN](https://valkey.io/commands/commandlog-len/). Since Valkey 8.1. */
  commandLogLen<N extends boolean = BigInts<D>>(log: "SLOW" | "LARGE-REQUEST" | "LARGE-REPLY", options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Empties a log. See [COMMANDLOG RESET](https://valkey.io/commands/commandlog-reset/). Since Valkey 8.1. */
  commandLogReset(log: "SLOW" | "LARGE-REQUEST" | "LARGE-REPLY", options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Parameters of the server whose names match. See [CONFIG GET](https://redis.io/docs/latest/commands/config-get/). */
  configGet<B extends boolean = ByteTexts<D>>(...patterns: Rest<Args, In<Q, CallOptions<B>>>): Out<Q, D, Named<Text<B, D>, B, D>>;
  /** Sets the counters of `info` to zero. See [CONFIG RESETSTAT](https://redis.io/docs/latest/commands/config-resetstat/). */
  configResetStat(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Writes what configSet has changed to the server's file. See [CONFIG REWRITE](https://redis.io/docs/latest/commands/config-rewrite/). */
  configRewrite(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Changes parameters of the server. See [CONFIG SET](https://redis.io/docs/latest/commands/config-set/). */
  configSet<P extends object = {}>(pairs: Pairs | Fields<P>, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  configSet(name: string, value: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Number of keys. See [DBSIZE](https://redis.io/docs/latest/commands/dbsize/). */
  dbSize<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** The same text. See [ECHO](https://redis.io/docs/latest/commands/echo/). */
  echo<B extends boolean = ByteTexts<D>>(text: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Deletes all keys of all databases. See [FLUSHALL](https://redis.io/docs/latest/commands/flushall/). */
  flushAll(options?: In<Q, FlushOptions>): Out<Q, D, "OK">;
  /** Deletes all keys. See [FLUSHDB](https://redis.io/docs/latest/commands/flushdb/). */
  flushDb(options?: In<Q, FlushOptions>): Out<Q, D, "OK">;
  /** The keys that the server works for most; `null` if nobody has asked to look. See [HOTKEYS GET](https://redis.io/docs/latest/commands/hotkeys-get/). Since Redis 8.6. */
  hotkeysGet<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Hotkeys<N, D> | null>;
  /** Forgets what was found. See [HOTKEYS RESET](https://redis.io/docs/latest/commands/hotkeys-reset/). Since Redis 8.6. */
  hotkeysReset(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Begins to look for the keys that the server works for most. See [HOTKEYS START](https://redis.io/docs/latest/commands/hotkeys-start/). Since Redis 8.6. */
  hotkeysStart(metrics: Metric | readonly Metric[], options?: In<Q, HotkeysStartOptions>): Out<Q, D, "OK">;
  /** Stops looking; what was found remains. `null` if the server did not look. See [HOTKEYS STOP](https://redis.io/docs/latest/commands/hotkeys-stop/). Since Redis 8.6. */
  hotkeysStop(options?: In<Q, CallOptions>): Out<Q, D, "OK" | null>;
  /** Information about the server, or some sections of it: lines of `name:value`. See [INFO](https://redis.io/docs/latest/commands/info/). */
  info<B extends boolean = ByteTexts<D>>(...sections: Rest<string, In<Q, CallOptions<B>>>): Out<Q, D, Text<B, D>>;
  /** When the data was last saved, in seconds since 1970. See [LASTSAVE](https://redis.io/docs/latest/commands/lastsave/). */
  lastSave<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Advice on latency, for humans. See [LATENCY DOCTOR](https://redis.io/docs/latest/commands/latency-doctor/). */
  latencyDoctor<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** The latencies of an event as a drawing. See [LATENCY GRAPH](https://redis.io/docs/latest/commands/latency-graph/). */
  latencyGraph<B extends boolean = ByteTexts<D>>(event: string, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** How long commands took: `[microseconds, calls up to that]`. See [LATENCY HISTOGRAM](https://redis.io/docs/latest/commands/latency-histogram/). Since Redis 7.0. */
  latencyHistogram<N extends boolean = BigInts<D>>(...commands: Rest<string, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Record<string, { calls: Int<N, D>; histogram: [Int<N, D>, Int<N, D>][] }>>;
  /** The latencies of an event: seconds since 1970, milliseconds. See [LATENCY HISTORY](https://redis.io/docs/latest/commands/latency-history/). */
  latencyHistory<N extends boolean = BigInts<D>>(event: string, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { time: Int<N, D>; latency: Int<N, D> }[]>;
  /** The latest latencies of all events: seconds since 1970, milliseconds. See [LATENCY LATEST](https://redis.io/docs/latest/commands/latency-latest/). */
  latencyLatest<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { event: string; time: Int<N, D>; latest: Int<N, D>; max: Int<N, D> }[]>;
  /** Forgets latencies of events, all if none is named; returns for how many. See [LATENCY RESET](https://redis.io/docs/latest/commands/latency-reset/). */
  latencyReset<N extends boolean = BigInts<D>>(...events: Rest<string, In<Q, CallOptions<boolean, N>>>): Out<Q, D, Int<N, D>>;
  /** A drawing and the version. See [LOLWUT](https://redis.io/docs/latest/commands/lolwut/). */
  lolwut<B extends boolean = ByteTexts<D>>(options?: In<Q, LolwutOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Advice on memory, for humans. See [MEMORY DOCTOR](https://redis.io/docs/latest/commands/memory-doctor/). */
  memoryDoctor<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Statistics of the allocator. See [MEMORY MALLOC-STATS](https://redis.io/docs/latest/commands/memory-malloc-stats/). */
  memoryMallocStats<B extends boolean = ByteTexts<D>>(options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Asks the allocator to free memory. See [MEMORY PURGE](https://redis.io/docs/latest/commands/memory-purge/). */
  memoryPurge(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Memory use in bytes; names in camel case, as `keysCount`. See [MEMORY STATS](https://redis.io/docs/latest/commands/memory-stats/). */
  memoryStats(options?: In<Q, CallOptions>): Out<Q, D, MemoryStats>;
  /** Bytes that a key takes. See [MEMORY USAGE](https://redis.io/docs/latest/commands/memory-usage/). */
  memoryUsage<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, MemoryUsageOptions<boolean, N>>): Out<Q, D, Int<N, D> | null>;
  /** Modules of the server. See [MODULE LIST](https://redis.io/docs/latest/commands/module-list/). */
  moduleList<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, { name: string; ver: Int<N, D>; path?: string; args?: string[] }[]>;
  /** Checks that the server answers. See [PING](https://redis.io/docs/latest/commands/ping/). */
  ping(options?: In<Q, CallOptions>): Out<Q, D, "PONG">;
  ping<B extends boolean = ByteTexts<D>>(text: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B, D>>;
  /** Whether the server is a primary, a replica or a sentinel. See [ROLE](https://redis.io/docs/latest/commands/role/). */
  role<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Role<N, D>>;
  /** Saves the data, and blocks the server meanwhile. See [SAVE](https://redis.io/docs/latest/commands/save/). */
  save(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Commands that took long, the latest first. See [SLOWLOG GET](https://redis.io/docs/latest/commands/slowlog-get/). */
  slowLogGet<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<B, N>>): Out<Q, D, LoggedCommand<B, N, D>[]>;
  slowLogGet<B extends boolean = ByteTexts<D>, N extends boolean = BigInts<D>>(count: number, options?: In<Q, CallOptions<B, N>>): Out<Q, D, LoggedCommand<B, N, D>[]>;
  /** Number of entries of the slow log. See [SLOWLOG LEN](https://redis.io/docs/latest/commands/slowlog-len/). */
  slowLogLen<N extends boolean = BigInts<D>>(options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N, D>>;
  /** Empties the slow log. See [SLOWLOG RESET](https://redis.io/docs/latest/commands/slowlog-reset/). */
  slowLogReset(options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Exchanges two databases. See [SWAPDB](https://redis.io/docs/latest/commands/swapdb/). */
  swapDb(database: number, other: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The server's clock. See [TIME](https://redis.io/docs/latest/commands/time/). */
  time(options?: In<Q, CallOptions>): Out<Q, D, { seconds: number; microseconds: number }>;
}

/** Iterators over the pages of a scan. */
export interface Iterators<D extends Mode = false> {
  /** All keys that match, by SCAN: one may come twice. See [SCAN](https://redis.io/docs/latest/commands/scan/). */
  scanIterator<B extends boolean = ByteTexts<D>>(options?: ScanOptions<B>): Scan<Text<B, D>>;
  /** The fields and values of a hash. See [HSCAN](https://redis.io/docs/latest/commands/hscan/). */
  hScanIterator<B extends boolean = ByteTexts<D>>(key: Arg, options?: MatchOptions<B>): Scan<[Text<B, D>, Text<B, D>]>;
  /** The fields of a hash. Needs Redis 7.4. See [HSCAN](https://redis.io/docs/latest/commands/hscan/). */
  hScanNoValuesIterator<B extends boolean = ByteTexts<D>>(key: Arg, options?: MatchOptions<B>): Scan<Text<B, D>>;
  /** The members of a set. See [SSCAN](https://redis.io/docs/latest/commands/sscan/). */
  sScanIterator<B extends boolean = ByteTexts<D>>(key: Arg, options?: MatchOptions<B>): Scan<Text<B, D>>;
  /** The members of a sorted set, with scores. See [ZSCAN](https://redis.io/docs/latest/commands/zscan/). */
  zScanIterator<B extends boolean = ByteTexts<D>>(key: Arg, options?: MatchOptions<B>): Scan<Scored<Text<B, D>, Double<D>>>;
}
