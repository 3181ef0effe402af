// The options of methods that are modifiers of commands: their types, and what they mean.

const RANGE_LIMIT = "readonly [offset: number, count: number]";

/** Modifiers with a value, and what they mean; all others are `true` or left out. */
export const OPTIONS = {
  ADDR: ["string", "Connections from this `address:port`."],
  AGGREGATE: ['"SUM" | "MIN" | "MAX" | "COUNT"', "How scores are combined; COUNT (Redis 8.8) counts. Default: SUM."],
  BY: ["Arg", "Order by these keys, the first `*` being the element."],
  BYBOX: ['readonly [width: number, height: number, unit: GeoUnit]', "In a rectangle around the centre."],
  BYRADIUS: ['readonly [radius: number, unit: GeoUnit]', "In a circle around the centre."],
  CLAIM: ["number", "Takes over what other consumers have not confirmed for this number of milliseconds, first; such entries have `idle` and `deliveries`. Needs Redis 8.4."],
  COUNT: ["number", "At most this number; for a page, approximately."],
  DB: ["number", "The database of the copy."],
  DURATION: ["number", "Stops by itself after this number of seconds."],
  EF: ["number", "Number of candidates that are examined."],
  ELE: ["Arg", "The member whose vector is used."],
  ENTRIESADDED: ["number", "Number of entries ever added."],
  ENTRIESREAD: ["number", "Number of entries that the group has read."],
  EPSILON: ["number", "Only members at least as similar as 1 minus this."],
  EX: ["number", "Expires after this number of seconds."],
  EXAT: ["number", "Expires at this time, in seconds since 1970."],
  FILTER: ["string", "Only members whose attributes match, as in `.year > 1950`."],
  FILTERBY: ['readonly ["MODULE" | "ACLCAT" | "PATTERN", string]', "Only commands of a module, of a category, or with names that match."],
  "FILTER-EF": ["number", "Number of members that are examined to find matches of the filter."],
  FREQ: ["number", "How often the key is used, logarithmically."],
  FROMLONLAT: ["readonly [longitude: number, latitude: number]", "The centre."],
  FROMMEMBER: ["Arg", "The place that is the centre."],
  EXACT: ["Arg", "Values that are equal to this one."],
  EXACTLY: ["number", "This number, or none."],
  GLOB: ["string", "Values that match this pattern."],
  GET: ["Args", "Values of these keys instead of the elements, the first `*` being the element; `#` is itself."],
  ID: ["number | readonly number[]", "The server's numbers for connections."],
  IDLE: ["number", "Milliseconds since the last delivery."],
  IDLETIME: ["number", "Seconds since the key was used."],
  IFEQ: ["Arg", "Only if the key has this value."],
  IDMP: ["readonly [producer: Arg, id: Arg]", "An entry that this producer has added with this id is not added again. Needs Redis 8.6."],
  IDMPAUTO: ["Arg", "As IDMP, where equal fields are the same entry. Needs Redis 8.6."],
  "IDMP-DURATION": ["number", "Seconds; 100 by default."],
  "IDMP-MAXSIZE": ["number", "Entries of each producer; 100 by default."],
  IFDEQ: ["string", "Only if the value has this digest. Needs Redis 8.4."],
  IFDNE: ["string", "Only if the value has another digest. Needs Redis 8.4."],
  IFNE: ["Arg", "Only if the key has another value. Needs Redis 8.4."],
  LADDR: ["string", "Connections to this `address:port` of the server."],
  LBOUND: ["number | bigint", "The least number that there may be."],
  LASTID: ["string", "Sets the group's last id to this one, if it is greater."],
  LIBRARYNAME: ["string", "Only libraries whose names match."],
  LIMIT: [RANGE_LIMIT, "Only a part of the result."],
  M: ["number", "Number of neighbours that each member is linked to."],
  MATCH: ["Arg", "Only those that match this pattern."],
  MAXAGE: ["number", "Connections older than this number of seconds."],
  MAXCOUNT: ["number", "At most this number of entries of all streams. Needs Redis 8.10."],
  MAXSIZE: ["number", "About this number of bytes of all streams. Needs Redis 8.10."],
  MAXDELETEDID: ["string", "The highest id that was deleted."],
  MAXLEN: ["number", "At most this number of elements is examined."],
  MINID: ['string | readonly ["=" | "~", string]', "Removes entries before this id; with `~`, approximately."],
  MINMATCHLEN: ["number", "Only matches of at least this number of bytes."],
  PX: ["number", "Expires after this number of milliseconds."],
  PXAT: ["number", "Expires at this time, in milliseconds since 1970."],
  RANK: ["number", "Begins with the match of this number; negative numbers count from the end."],
  RE: ["string", "Values that match this regular expression."],
  REDUCE: ["number", "Shortens the vector to this length by random projection."],
  RETRYCOUNT: ["number", "Sets the number of deliveries."],
  SAMPLE: ["number", "Looks at one of this number of commands."],
  SAMPLES: ["number", "Number of nested elements that are examined; 0: all."],
  SETATTR: ["string", "The attributes of the member, a JSON text."],
  SKIPME: ['"YES" | "NO"', "Whether this connection stays open. Default: yes."],
  TIME: ["number", "Sets the time of the last delivery, in milliseconds since 1970."],
  TYPE: ["string", "Only of this type."],
  UBOUND: ["number | bigint", "The greatest number that there may be."],
  USER: ["string", "Connections of this user."],
  VERSION: ["number | readonly number[]", "The drawing, and its parameters."],
  WEIGHTS: ["number | readonly number[]", "A factor for the scores of each set."],
};

const TRIM = {
  LIMIT: ["number", "With `~`, removes at most this number of entries."],
  MAXLEN: ['number | readonly ["=" | "~", number]', "Keeps this number of entries; with `~`, approximately."],
};
const GEO = { COUNT: ['number | readonly [count: number, any: "ANY"]', "At most this number; with ANY, the first that are found instead of the nearest."] };
const GREP = { LIMIT: ["number", "At most this number."], MATCH: ["Arg", "Values that have this in them."] };
const CARD = { LIMIT: ["number", "Counting stops at this number."] };

/** Where a modifier is something else than in OPTIONS. */
export const OPTIONS_OF = {
  arGrep: GREP,
  arGrepWithValues: GREP,
  arScan: { LIMIT: GREP.LIMIT },
  clientKill: { ID: ["number", "The server's number for the connection."] },
  geoSearch: GEO,
  geoSearchStore: GEO,
  geoSearchWith: GEO,
  hotkeysStart: { COUNT: ["number", "How many keys to keep of each measure."] },
  lPos: { COUNT: ["number", "Number of indexes; 0: all."] },
  set: { GET: ["boolean", "Returns the old value."] },
  sDiffCard: CARD,
  sInterCard: CARD,
  sUnionCard: CARD,
  xAdd: TRIM,
  xClaim: { IDLE: ["number", "Sets the milliseconds since the last delivery."] },
  xClaimJustId: { IDLE: ["number", "Sets the milliseconds since the last delivery."] },
  xPendingRange: { IDLE: ["number", "Only entries whose last delivery is at least this number of milliseconds ago."] },
  xTrim: TRIM,
  zInterCard: CARD,
};

/** Names for options that several methods share, by the first of these. */
export const SHARED = {
  functionFlush: "FlushOptions",
  hScan: "MatchOptions",
  lmPop: "CountOptions",
  sInterCard: "LimitOptions",
  xAckDel: "ReferenceOptions",
  zInter: "CombineOptions",
  zRangeByLex: "PartOptions",
};

/** Modifiers without a value. */
export const FLAGS = new Set([
  ..."ABSTTL ACKED ALPHA AND APPROX ASC BULK ENX NOCASE OBO SATURATE ASYNC BIN BYLEX BYSCORE CAS CH DELREF DESC FNX FORCE FXX GT INCR".split(" "),
  ..."KEEPREF KEEPTTL LT MKSTREAM NOACK NOMKSTREAM NOQUANT NOTHREAD NX PERSIST Q8 REPLACE REV".split(" "),
  ..."SCHEDULE STOREDIST SYNC TRUTH WITHCODE XX".split(" "),
]);
