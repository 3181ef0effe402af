// Types of the npm package `redmux`.

/** What can be sent as an argument. Numbers and bigints are sent as decimal text. */
export type Arg = string | number | bigint | ArrayBuffer | ArrayBufferView;
/** One argument or several. */
export type Args = Arg | readonly Arg[];

/** A text, or bytes if the call was made with `{ bytes: true }`. */
export type Text<O> = O extends { bytes: true } ? Uint8Array : string;

/** What a reply can be, as `send` returns it. */
export type Reply =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | ServerError
  | Reply[]
  | Map<Reply, Reply>
  | Set<Reply>;

/** Options of every command. */
export interface CallOptions {
  /** Milliseconds for this call, queueing included; `Infinity` waits for ever. Default: `commandTimeout`. */
  timeout?: number;
  /** Rejects the call with the signal's reason; the command is withdrawn if it was not sent yet. */
  signal?: AbortSignal;
  /** Texts in the reply are `Uint8Array`s (status replies such as `OK` stay strings). */
  bytes?: boolean;
  /** All integers in the reply are `bigint`s, not only those beyond 2⁵³ − 1. */
  bigint?: boolean;
  /** The client-side cache may answer it, where `clientCache` is set. */
  cached?: boolean;
}

export interface ConnectOptions {
  /** User name of an ACL user; needs a password. */
  username?: string;
  password?: string;
  /** Number of the logical database. Default 0. */
  database?: number;
  /** Name of the connection in `CLIENT LIST`: printable ASCII without spaces. */
  clientName?: string;
  /** Milliseconds for one connection attempt, handshake included. Default 5000. */
  connectTimeout?: number;
  /** Milliseconds for one command, queueing included. Default 5000. */
  commandTimeout?: number;
  /** Attempts of the first connect before it fails. Default 3. */
  connectRetry?: number;
  /** Whether `connect` rejects when the gateway cannot be reached, or goes on trying. Default true. */
  abortOnConnectFail?: boolean;
  /** Milliseconds of silence on an idle connection before it is probed. Default 10000. */
  keepAlive?: number;
  /** Milliseconds of silence before a probe while replies are due. Default 2000. */
  probeAfter?: number;
  /** Milliseconds a probe may go unanswered before the connection is given up. Default 5000. */
  probeTimeout?: number;
  /** Speak this version of RESP only. Default: 3, or 2 where the server refuses it. */
  protocol?: 2 | 3;
  /** Whether the library tells its name and version to the server. Default true. */
  libraryInfo?: boolean;
  /** Unsent bytes beyond which commands wait for room. Default 16777216. */
  sendQueueBytes?: number;
  /** Messages that wait for a slow reader before the oldest are dropped. Default 1024. */
  subscriptionCapacity?: number;
  /** All integers in replies are `bigint`s. Default false: only those beyond 2⁵³ − 1. */
  bigint?: boolean;
  /** Keeps replies of calls with `{ cached: true }` until the server announces a change. Default: none. */
  clientCache?: boolean | { maxBytes?: number; maxReplyBytes?: number; maxAge?: number; prefixes?: string[] };
  /**
   * Milliseconds before the next attempt to connect. `code` is the close code of the WebSocket, where there
   * was one. Default: at once, then exponentially longer with full jitter, and longer where the code says so.
   */
  reconnect?: (outage: { attempt: number; outage: number; code: number | null; error: Error | null }) => number | undefined;
  /** Aborts the connect. */
  signal?: AbortSignal;
  /**
   * TLS for `redis:` and `unix:` URLs, and its options for these and `rediss:`: in Node, Deno and Bun those of
   * `tls.connect` (`ca`, `cert`, `key`, `servername`, …); workerd takes none. Default: as the URL says.
   */
  tls?: boolean | object;
  /** Opens the stream of bytes, instead of the runtime's own sockets. */
  transport?: Transport;
  /** The wasm file, if it is not where the entry for this runtime has it. */
  wasm?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
}

/** What a transport is to dial. */
export interface Address {
  /** Of `redis:` and `rediss:` URLs. An IPv6 address has no brackets. */
  host?: string;
  port?: number;
  /** Of `unix:` URLs. */
  path?: string;
  /** `false`, or options of TLS. */
  tls?: false | object;
  /** Of `ws:` and `wss:` URLs. */
  url?: string;
}

/** A stream of bytes to a Redis server: the sockets of `cloudflare:sockets` and of Deno are such. */
export interface ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Rejects when the connection breaks. */
  readonly closed?: Promise<unknown>;
  close?(): unknown;
}

/** Called for each connection, reconnects included; `signal` fires when it is not wanted any more. */
export type Transport = (address: Address, options: { signal: AbortSignal }) => ByteStream | Promise<ByteStream>;

/**
 * Connects to Redis; resolves when Redis has answered.
 *
 * `url` is `ws://…` or `wss://…` of a gateway, or relative to the page. Where there are sockets (Node, Deno, Bun,
 * workerd), or with `transport`, also `redis://user:password@host:port/database`, `rediss://…` (TLS) and
 * `unix:/path?db=0`. What `options` say goes before what the URL says.
 */
export declare function connect(url: string | URL, options?: ConnectOptions): Promise<Client>;

/** Loads the wasm file ahead of the first `connect`. */
export declare function load(wasm?: ConnectOptions["wasm"]): Promise<unknown>;

/** Whether the server may have executed the command. */
export type Delivery = "not-sent" | "maybe-executed" | "answered";

export type ErrorKind =
  | "config"
  | "connect"
  | "connection-lost"
  | "closed"
  | "timeout"
  | "command"
  | "queue-full"
  | "protocol"
  | "server"
  | "decode"
  | "conflict"
  | "circuit-open"
  | "internal";

/** The state of the connection when something failed. Times in milliseconds. */
export interface Diagnostics {
  elapsed: number;
  timeout: number;
  /** `disconnected`, `connecting`, `handshake`, `ready` or `closing`. */
  connection: string;
  queued: number;
  inFlight: number;
  bytesUnsent: number;
  bytesInFlight: number;
  /** Since the last byte was read; `null` before the first. */
  lastRead: number | null;
  lastWrite: number | null;
  failedAttempts: number;
}

/** The base of all errors of this package. Messages never hold arguments of commands. */
export declare class RedmuxError extends Error {
  /** Stable: `ERR_REDMUX_` and kind and stage, such as `ERR_REDMUX_TIMEOUT_RESPONSE`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** `resolve`, `dial`, `tls`, `upgrade`, `handshake`, `auth` of a connect; `connect`, `queue`, `write`, `response` of a timeout. */
  readonly stage: string | null;
  readonly delivery: Delivery;
  /** The command's name, where one was involved. */
  readonly command: string | null;
  readonly endpoint: string | null;
  /** Whether the same command may be sent again without running twice. */
  readonly retryable: boolean;
  readonly diagnostics: Diagnostics | null;
}
/** A connection could not be opened or was lost, or the client is closed. */
export declare class ConnectionError extends RedmuxError {}
/** A deadline passed: of a connection attempt or of a command. */
export declare class TimeoutError extends RedmuxError {}
/** The command was refused by this client and never sent. */
export declare class CommandError extends RedmuxError {}
/** The server answered with an error. */
export declare class ServerError extends RedmuxError {
  /** The error's first word, such as `WRONGTYPE`; empty if it has none. */
  readonly serverCode: string;
  /** The raw text. It may quote arguments: do not log it where those are secret. */
  readonly serverText: string;
}

/** What every event has. */
interface Logged {
  /** One line for a log. It never holds arguments of commands. */
  message: string;
}
export interface ConnectionFailed extends Logged {
  endpoint: string;
  connectionType: "interactive" | "subscription";
  /** `unableToResolve`, `unableToConnect`, `tlsFailure`, `authenticationFailure`, `handshakeFailure`, `socketClosed`, `socketFailure`, `unresponsive` or `protocolFailure`. */
  failure: string;
  error: RedmuxError;
  /** Commands that were lost with the connection and may have been executed. */
  maybeExecuted: number;
}
export interface ConnectionRestored extends Logged {
  endpoint: string;
  connectionType: "interactive" | "subscription";
  /** Milliseconds without a connection. */
  outage: number;
  /** Attempts it took, the successful one included. */
  attempts: number;
}
export interface Missed extends Logged {
  /** `events`: events of the client; `subscription`: messages of `channel`. */
  source: "events" | "subscription";
  channel?: Arg;
  /** Whatever was published while the connection was down, or the oldest of a full queue. */
  cause: "connectionLost" | "queueFull";
  /** How many, where it can be known. */
  count: number | null;
}
export interface Events {
  connectionFailed: ConnectionFailed;
  connectionRestored: ConnectionRestored;
  /** The server answered a command with an error. */
  errorMessage: Logged & { endpoint: string; command: string | null; serverCode: string };
  /** Something that should not happen inside the client; please report it. */
  internalError: Logged & { endpoint: string | null; connectionType: string | null; origin: string; detail: string };
  configurationChanged: Logged & { endpoint: string; detail: string };
  configurationChangedBroadcast: Logged & { endpoint: string };
  hashSlotMoved: Logged & { slot: number; oldEndpoint: string | null; newEndpoint: string };
  /** `startsIn` in milliseconds from now, where the server told it. */
  serverMaintenance: Logged & { endpoint: string; rawMessage: string; startsIn: number | null };
  missed: Missed;
}

export interface Message<P = string> {
  channel: string;
  /** Text (bytes that are not UTF-8 are replaced), or bytes if subscribed with `{ bytes: true }`. */
  payload: P;
  /** The pattern it came through, for pattern subscriptions. */
  pattern: string | null;
}
export interface SubscribeOptions {
  /** Payloads are `Uint8Array`s. */
  bytes?: boolean;
  /** Called when messages were lost, or may have been. */
  onMissed?: (gap: { cause: "connectionLost" | "queueFull"; count: number | null }) => void;
  /** Aborts the subscribe, or later unsubscribes. */
  signal?: AbortSignal;
}
/** Restored after a lost connection. Iterable unless it was given a callback. */
export declare class Subscription<P = string> implements AsyncIterable<Message<P>> {
  private constructor();
  readonly kind: "subscribe" | "pSubscribe" | "sSubscribe";
  readonly channel: Arg;
  readonly active: boolean;
  unsubscribe(): void;
  [Symbol.asyncIterator](): AsyncIterator<Message<P>>;
}

export interface Status {
  connections: {
    endpoint: string;
    connectionType: "interactive" | "subscription";
    /** `elapsed` and `timeout` are 0 here. */
    diagnostics: Diagnostics;
    protocol: 2 | 3;
    server: { product: string | null; version: string | null; mode: string | null; role: string | null } | null;
    lastError: RedmuxError | null;
  }[];
  subscriptions: number;
  cache: {
    tracking: boolean;
    entries: number;
    bytes: number;
    hits: number;
    misses: number;
    shared: number;
    invalidated: number;
    evicted: number;
    cleared: number;
  } | null;
}

interface Expiry {
  EX?: number;
  PX?: number;
  EXAT?: number;
  PXAT?: number;
}
interface When extends CallOptions {
  NX?: boolean;
  XX?: boolean;
  GT?: boolean;
  LT?: boolean;
}
type Pairs = Readonly<Record<string, Arg>> | ReadonlyMap<Arg, Arg> | readonly (readonly [Arg, Arg])[];
interface Scored<V = Arg> {
  value: V;
  score: number;
}
interface ScanOptions extends CallOptions {
  MATCH?: Arg;
  COUNT?: number;
}
interface RangeOptions extends CallOptions {
  BYSCORE?: boolean;
  BYLEX?: boolean;
  REV?: boolean;
  LIMIT?: readonly [offset: number, count: number];
}
type Members<O> = O extends { bytes: true } ? Uint8Array[] : Set<string>;
/** Arguments, then perhaps options. */
type Rest<A> = [...A[]] | [...A[], CallOptions];

/** Integers beyond 2^53 are bigints. Every method may be given `CallOptions` at the end. */
export interface Commands {
  append(key: Arg, value: Arg, options?: CallOptions): Promise<number>;
  decr(key: Arg, options?: CallOptions): Promise<number>;
  decrBy(key: Arg, by: number | bigint, options?: CallOptions): Promise<number>;
  get<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O> | null>;
  getDel<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O> | null>;
  getEx<O extends CallOptions & Expiry & { PERSIST?: boolean }>(key: Arg, options?: O): Promise<Text<O> | null>;
  getRange<O extends CallOptions>(key: Arg, start: number, end: number, options?: O): Promise<Text<O>>;
  incr(key: Arg, options?: CallOptions): Promise<number>;
  incrBy(key: Arg, by: number | bigint, options?: CallOptions): Promise<number>;
  incrByFloat(key: Arg, by: number, options?: CallOptions): Promise<number>;
  mGet<O extends CallOptions>(keys: Args, options?: O): Promise<(Text<O> | null)[]>;
  mGet(...keys: Rest<Args>): Promise<(string | null)[]>;
  mSet(pairs: Pairs, options?: CallOptions): Promise<"OK">;
  mSetNX(pairs: Pairs, options?: CallOptions): Promise<boolean>;
  /** `"OK"`, or `null` if NX or XX prevented it; the old value with GET. */
  set<O extends CallOptions & Expiry & { NX?: boolean; XX?: boolean; GET?: boolean; KEEPTTL?: boolean }>(key: Arg, value: Arg, options?: O): Promise<O extends { GET: true } ? Text<O> | null : "OK" | null>;
  setRange(key: Arg, offset: number, value: Arg, options?: CallOptions): Promise<number>;
  strLen(key: Arg, options?: CallOptions): Promise<number>;

  copy(from: Arg, to: Arg, options?: CallOptions & { DB?: number; REPLACE?: boolean }): Promise<boolean>;
  del(...keys: Rest<Args>): Promise<number>;
  exists(...keys: Rest<Args>): Promise<number>;
  expire(key: Arg, seconds: number, options?: When): Promise<boolean>;
  expireAt(key: Arg, unixSeconds: number, options?: When): Promise<boolean>;
  expireTime(key: Arg, options?: CallOptions): Promise<number>;
  keys<O extends CallOptions>(pattern: Arg, options?: O): Promise<Text<O>[]>;
  pExpire(key: Arg, milliseconds: number, options?: When): Promise<boolean>;
  pExpireAt(key: Arg, unixMilliseconds: number, options?: When): Promise<boolean>;
  persist(key: Arg, options?: CallOptions): Promise<boolean>;
  /** Milliseconds; -1 without expiry, -2 without key. */
  pTtl(key: Arg, options?: CallOptions): Promise<number>;
  randomKey<O extends CallOptions>(options?: O): Promise<Text<O> | null>;
  rename(key: Arg, newKey: Arg, options?: CallOptions): Promise<"OK">;
  renameNX(key: Arg, newKey: Arg, options?: CallOptions): Promise<boolean>;
  scan<O extends ScanOptions & { TYPE?: string }>(cursor: string | number, options?: O): Promise<{ cursor: string; items: Text<O>[] }>;
  touch(...keys: Rest<Args>): Promise<number>;
  /** Seconds; -1 without expiry, -2 without key. */
  ttl(key: Arg, options?: CallOptions): Promise<number>;
  type(key: Arg, options?: CallOptions): Promise<string>;
  unlink(...keys: Rest<Args>): Promise<number>;

  hDel(key: Arg, ...fields: Rest<Args>): Promise<number>;
  hExists(key: Arg, field: Arg, options?: CallOptions): Promise<boolean>;
  hGet<O extends CallOptions>(key: Arg, field: Arg, options?: O): Promise<Text<O> | null>;
  /** An object without prototype; empty if there is no such key. */
  hGetAll<O extends CallOptions>(key: Arg, options?: O): Promise<Record<string, Text<O>>>;
  hIncrBy(key: Arg, field: Arg, by: number | bigint, options?: CallOptions): Promise<number>;
  hIncrByFloat(key: Arg, field: Arg, by: number, options?: CallOptions): Promise<number>;
  hKeys<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O>[]>;
  hLen(key: Arg, options?: CallOptions): Promise<number>;
  hMGet<O extends CallOptions>(key: Arg, fields: Args, options?: O): Promise<(Text<O> | null)[]>;
  hScan<O extends ScanOptions>(key: Arg, cursor: string | number, options?: O): Promise<{ cursor: string; entries: [Text<O>, Text<O>][] }>;
  hSet(key: Arg, pairs: Pairs, options?: CallOptions): Promise<number>;
  hSet(key: Arg, field: Arg, value: Arg, options?: CallOptions): Promise<number>;
  hSetNX(key: Arg, field: Arg, value: Arg, options?: CallOptions): Promise<boolean>;
  hStrLen(key: Arg, field: Arg, options?: CallOptions): Promise<number>;
  hVals<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O>[]>;

  lIndex<O extends CallOptions>(key: Arg, index: number, options?: O): Promise<Text<O> | null>;
  lInsert(key: Arg, where: "BEFORE" | "AFTER", pivot: Arg, value: Arg, options?: CallOptions): Promise<number>;
  lLen(key: Arg, options?: CallOptions): Promise<number>;
  lMove<O extends CallOptions>(from: Arg, to: Arg, fromEnd: "LEFT" | "RIGHT", toEnd: "LEFT" | "RIGHT", options?: O): Promise<Text<O> | null>;
  lPop<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O> | null>;
  lPop<O extends CallOptions>(key: Arg, count: number, options?: O): Promise<Text<O>[] | null>;
  lPos(key: Arg, value: Arg, options?: CallOptions & { RANK?: number; MAXLEN?: number }): Promise<number | null>;
  lPos(key: Arg, value: Arg, options: CallOptions & { COUNT: number; RANK?: number; MAXLEN?: number }): Promise<number[]>;
  lPush(key: Arg, ...values: Rest<Args>): Promise<number>;
  lPushX(key: Arg, ...values: Rest<Args>): Promise<number>;
  lRange<O extends CallOptions>(key: Arg, start: number, stop: number, options?: O): Promise<Text<O>[]>;
  lRem(key: Arg, count: number, value: Arg, options?: CallOptions): Promise<number>;
  lSet(key: Arg, index: number, value: Arg, options?: CallOptions): Promise<"OK">;
  lTrim(key: Arg, start: number, stop: number, options?: CallOptions): Promise<"OK">;
  rPop<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O> | null>;
  rPop<O extends CallOptions>(key: Arg, count: number, options?: O): Promise<Text<O>[] | null>;
  rPush(key: Arg, ...values: Rest<Args>): Promise<number>;
  rPushX(key: Arg, ...values: Rest<Args>): Promise<number>;

  sAdd(key: Arg, ...members: Rest<Args>): Promise<number>;
  sCard(key: Arg, options?: CallOptions): Promise<number>;
  /** A `Set`, or an array of `Uint8Array`s with `{ bytes: true }`. */
  sDiff<O extends CallOptions>(keys: Args, options?: O): Promise<Members<O>>;
  sDiffStore(to: Arg, keys: Args, options?: CallOptions): Promise<number>;
  sInter<O extends CallOptions>(keys: Args, options?: O): Promise<Members<O>>;
  sInterStore(to: Arg, keys: Args, options?: CallOptions): Promise<number>;
  sIsMember(key: Arg, member: Arg, options?: CallOptions): Promise<boolean>;
  sMembers<O extends CallOptions>(key: Arg, options?: O): Promise<Members<O>>;
  smIsMember(key: Arg, members: Args, options?: CallOptions): Promise<boolean[]>;
  sMove(from: Arg, to: Arg, member: Arg, options?: CallOptions): Promise<boolean>;
  sPop<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O> | null>;
  sPop(key: Arg, count: number, options?: CallOptions): Promise<Reply>;
  sRandMember<O extends CallOptions>(key: Arg, options?: O): Promise<Text<O> | null>;
  sRandMember<O extends CallOptions>(key: Arg, count: number, options?: O): Promise<Text<O>[]>;
  sRem(key: Arg, ...members: Rest<Args>): Promise<number>;
  sScan<O extends ScanOptions>(key: Arg, cursor: string | number, options?: O): Promise<{ cursor: string; items: Text<O>[] }>;
  sUnion<O extends CallOptions>(keys: Args, options?: O): Promise<Members<O>>;
  sUnionStore(to: Arg, keys: Args, options?: CallOptions): Promise<number>;

  /** Members added (or changed, with CH); with INCR the new score. */
  zAdd(key: Arg, members: Scored | readonly Scored[], options?: When & { CH?: boolean; INCR?: boolean }): Promise<number | null>;
  zAdd(key: Arg, score: number, member: Arg, options?: When & { CH?: boolean; INCR?: boolean }): Promise<number | null>;
  zCard(key: Arg, options?: CallOptions): Promise<number>;
  zCount(key: Arg, min: number | string, max: number | string, options?: CallOptions): Promise<number>;
  zIncrBy(key: Arg, by: number, member: Arg, options?: CallOptions): Promise<number>;
  zPopMax<O extends CallOptions>(key: Arg, options?: O): Promise<Scored<Text<O>>[]>;
  zPopMax<O extends CallOptions>(key: Arg, count: number, options?: O): Promise<Scored<Text<O>>[]>;
  zPopMin<O extends CallOptions>(key: Arg, options?: O): Promise<Scored<Text<O>>[]>;
  zPopMin<O extends CallOptions>(key: Arg, count: number, options?: O): Promise<Scored<Text<O>>[]>;
  zRange<O extends RangeOptions>(key: Arg, start: number | string, stop: number | string, options?: O): Promise<Text<O>[]>;
  zRangeWithScores<O extends RangeOptions>(key: Arg, start: number | string, stop: number | string, options?: O): Promise<Scored<Text<O>>[]>;
  zRank(key: Arg, member: Arg, options?: CallOptions): Promise<number | null>;
  zRem(key: Arg, ...members: Rest<Args>): Promise<number>;
  zRemRangeByRank(key: Arg, start: number, stop: number, options?: CallOptions): Promise<number>;
  zRemRangeByScore(key: Arg, min: number | string, max: number | string, options?: CallOptions): Promise<number>;
  zRevRank(key: Arg, member: Arg, options?: CallOptions): Promise<number | null>;
  zScan<O extends ScanOptions>(key: Arg, cursor: string | number, options?: O): Promise<{ cursor: string; members: Scored<Text<O>>[] }>;
  zScore(key: Arg, member: Arg, options?: CallOptions): Promise<number | null>;

  dbSize(options?: CallOptions): Promise<number>;
  echo<O extends CallOptions>(text: Arg, options?: O): Promise<Text<O>>;
  flushDb(options?: CallOptions & { ASYNC?: boolean; SYNC?: boolean }): Promise<"OK">;
  info(...sections: Rest<string>): Promise<string>;
  ping(options?: CallOptions): Promise<"PONG">;
  ping<O extends CallOptions>(text: Arg, options?: O): Promise<Text<O>>;
  /** The number of subscribers that received it. */
  publish(channel: Arg, payload: Arg, options?: CallOptions): Promise<number>;
  sPublish(channel: Arg, payload: Arg, options?: CallOptions): Promise<number>;
  time(options?: CallOptions): Promise<{ seconds: number; microseconds: number }>;
}
// end of Commands

/** A connection, shared by everything in the page. It lives until it is closed. */
export interface Client extends Commands {}
export declare class Client {
  private constructor();
  /** Any command. Maps come as `Map`, sets as `Set`, errors inside of arrays as `ServerError`. */
  send(command: string, ...args: Rest<Args>): Promise<Reply>;
  subscribe<O extends SubscribeOptions>(channel: Arg, callback?: (message: Message<Text<O>>) => void, options?: O): Promise<Subscription<Text<O>>>;
  subscribe<O extends SubscribeOptions>(channel: Arg, options: O): Promise<Subscription<Text<O>>>;
  pSubscribe<O extends SubscribeOptions>(pattern: Arg, callback?: (message: Message<Text<O>>) => void, options?: O): Promise<Subscription<Text<O>>>;
  pSubscribe<O extends SubscribeOptions>(pattern: Arg, options: O): Promise<Subscription<Text<O>>>;
  sSubscribe<O extends SubscribeOptions>(channel: Arg, callback?: (message: Message<Text<O>>) => void, options?: O): Promise<Subscription<Text<O>>>;
  sSubscribe<O extends SubscribeOptions>(channel: Arg, options: O): Promise<Subscription<Text<O>>>;
  /** All keys that match, by SCAN: one may come twice. */
  scanIterator<O extends ScanOptions & { TYPE?: string }>(options?: O): AsyncGenerator<Text<O>>;
  hScanIterator<O extends ScanOptions>(key: Arg, options?: O): AsyncGenerator<[Text<O>, Text<O>]>;
  sScanIterator<O extends ScanOptions>(key: Arg, options?: O): AsyncGenerator<Text<O>>;
  zScanIterator<O extends ScanOptions>(key: Arg, options?: O): AsyncGenerator<Scored<Text<O>>>;
  /** Collects commands that are executed together, or not at all (`MULTI`). */
  multi(): Queue;
  /** Collects commands that are sent together. */
  pipeline(): Queue;
  /** An exception of a listener is reported and harms nothing. */
  on<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): this;
  once<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): this;
  off<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): this;
  /** The same events, as `CustomEvent`s whose `detail` they are. */
  readonly events: EventTarget;
  /** The same events from now on, until the client is closed; a slow reader loses the oldest of 256. */
  [Symbol.asyncIterator](): AsyncIterableIterator<{ [E in keyof Events]: { type: E; detail: Events[E] } }[keyof Events]>;
  status(): Status;
  /** Finishes what was sent, ends subscriptions and closes the connection. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Commands that go together: the methods of a client, each of which gives the queue again. */
export type Queue = {
  [M in keyof Commands]: (...args: Parameters<Commands[M]>) => Queue;
} & {
  readonly length: number;
  send(command: string, ...args: Rest<Args>): Queue;
  /** The replies, in order. Rejects with the first error; the others ran nevertheless. */
  exec(options?: { timeout?: number; signal?: AbortSignal }): Promise<any[]>;
  /** What became of each command, as `Promise.allSettled` tells it. */
  execSettled(options?: { timeout?: number; signal?: AbortSignal }): Promise<PromiseSettledResult<any>[]>;
};
