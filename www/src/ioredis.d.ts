// Types of `redmux/ioredis`: the classes and the call style of ioredis, which docs/ioredis.md compares.

/// <reference types="node" />
import { EventEmitter } from "node:events";
import { Readable, type ReadableOptions } from "node:stream";

/** A key: a text, or bytes. */
export type RedisKey = string | Buffer;
/** A value: bytes, or what is sent as text. */
export type RedisValue = string | Buffer | number;
/** An argument, or a list of arguments. */
export type Argument = RedisValue | bigint | Uint8Array | null | undefined | readonly (RedisValue | bigint | Uint8Array | null | undefined)[];
export type Callback<T = any> = (error: Error | null | undefined, result?: T) => void;

/** Whose methods they are: of a client, or of a pipeline, which returns itself. */
export interface ClientContext {
  type: "default" | "pipeline";
}
export type Result<T, Context extends ClientContext> = Context["type"] extends "pipeline" ? ChainableCommander : Promise<T>;

/** Texts as Buffers. */
export type Buffered<T> = T extends string ? Buffer : T extends (infer U)[] ? Buffered<U>[] : T extends Record<string, string> ? Record<string, Buffer> : T;
type Method<T, Context extends ClientContext> = (...args: [...Argument[]] | [...Argument[], Callback<T>]) => Result<T, Context>;
/** Commands that take an object, too. */
type DataMethod<T, Context extends ClientContext, Before extends unknown[]> = Method<T, Context> &
  ((...args: [...Before, object] | [...Before, object, Callback<T>]) => Result<T, Context>);

type Entry = [id: string, fields: string[]];
/** What each command answers: the shapes are those of RESP2. */
interface Replies {
  acl: unknown; append: number; asking: "OK"; auth: "OK"; bgrewriteaof: string; bgsave: string; bitcount: number; bitfield: (number | null)[];
  bitfield_ro: unknown[]; bitop: number; bitpos: number; blmove: string | null; blmpop: [key: string, items: string[]] | null;
  blpop: [key: string, item: string] | null; brpop: [key: string, item: string] | null; brpoplpush: string | null;
  bzmpop: [key: string, members: [member: string, score: string][]] | null; bzpopmax: [key: string, member: string, score: string] | null;
  bzpopmin: [key: string, member: string, score: string] | null; client: any; cluster: any; command: any; config: any; copy: number;
  dbsize: number; debug: any; decr: number; decrby: number; del: number; delex: number; digest: string | null; discard: "OK";
  dump: string | null; echo: string; eval: any; eval_ro: any; evalsha: any; evalsha_ro: any; exists: number; expire: number;
  expireat: number; expiretime: number; failover: "OK"; fcall: any; fcall_ro: any; flushall: "OK"; flushdb: "OK"; function: any;
  geoadd: number; geodist: string | null; geohash: (string | null)[]; geopos: ([longitude: string, latitude: string] | null)[];
  georadius: any[]; georadius_ro: any[]; georadiusbymember: any[]; georadiusbymember_ro: any[]; geosearch: any[]; geosearchstore: number;
  get: string | null; getbit: number; getdel: string | null; getex: string | null; getrange: string; getset: string | null; hdel: number;
  hello: any[]; hexists: number; hexpire: number[]; hexpireat: number[]; hexpiretime: number[]; hget: string | null;
  hgetall: Record<string, string>; hgetdel: (string | null)[]; hgetex: (string | null)[]; hincrby: number; hincrbyfloat: string;
  hkeys: string[]; hlen: number; hmget: (string | null)[]; hpersist: number[]; hpexpire: number[]; hpexpireat: number[];
  hpexpiretime: number[]; hpttl: number[]; hrandfield: any; hscan: [cursor: string, elements: string[]]; hsetex: number; hsetnx: number;
  hstrlen: number; httl: number[]; hvals: string[]; incr: number; incrby: number; incrbyfloat: string; info: string; keys: string[];
  lastsave: number; latency: any; lcs: any; lindex: string | null; linsert: number; llen: number; lmove: string | null;
  lmpop: [key: string, items: string[]] | null; lolwut: string; lpop: any; lpos: any; lpush: number; lpushx: number; lrange: string[];
  lrem: number; lset: "OK"; ltrim: "OK"; memory: any; mget: (string | null)[]; migrate: string; module: any; move: number; msetex: number;
  object: any; persist: number; pexpire: number; pexpireat: number; pexpiretime: number; pfadd: number; pfcount: number; pfdebug: any;
  pfmerge: "OK"; pfselftest: "OK"; ping: string; psetex: "OK"; psubscribe: number; psync: any; pttl: number; publish: number; pubsub: any;
  punsubscribe: number; quit: "OK"; randomkey: string | null; readonly: "OK"; readwrite: "OK"; rename: "OK"; renamenx: number; replconf: any;
  replicaof: "OK"; reset: "OK"; restore: "OK"; role: any[]; rpop: any; rpoplpush: string | null; rpush: number; rpushx: number; sadd: number;
  save: "OK"; scan: [cursor: string, elements: string[]]; scard: number; script: any; sdiff: string[]; sdiffstore: number; select: "OK";
  sentinel: any; set: any; setbit: number; setex: "OK"; setnx: number; setrange: number; shutdown: "OK"; sinter: string[]; sintercard: number;
  sinterstore: number; sismember: number; slaveof: "OK"; slowlog: any; smembers: string[]; smismember: number[]; smove: number; sort: any;
  sort_ro: any; spop: any; spublish: number; srandmember: any; srem: number; sscan: [cursor: string, elements: string[]]; ssubscribe: number;
  strlen: number; subscribe: number; substr: string; sunion: string[]; sunionstore: number; sunsubscribe: number; swapdb: "OK"; sync: any;
  time: [seconds: string, microseconds: string]; touch: number; ttl: number; type: string; unlink: number; unsubscribe: number; unwatch: "OK";
  vadd: number; vcard: number; vdim: number; vemb: any; vgetattr: string | null; vinfo: any[]; vismember: number; vlinks: any; vrandmember: any;
  vrange: string[]; vrem: number; vsetattr: number; vsim: string[]; wait: number; waitaof: number[]; watch: "OK"; xack: number;
  xackdel: number[]; xadd: string | null; xautoclaim: any[]; xcfgset: any; xclaim: any[]; xdel: number; xdelex: number[]; xgroup: any; xinfo: any;
  xlen: number; xpending: any[]; xrange: Entry[]; xread: [key: string, entries: Entry[]][] | null;
  xreadgroup: [key: string, entries: any[]][] | null; xrevrange: Entry[]; xsetid: "OK"; xtrim: number; zadd: any; zcard: number; zcount: number;
  zdiff: string[]; zdiffstore: number; zincrby: string; zinter: string[]; zintercard: number; zinterstore: number; zlexcount: number;
  zmpop: [key: string, members: [member: string, score: string][]] | null; zmscore: (string | null)[]; zpopmax: string[]; zpopmin: string[];
  zrandmember: any; zrange: string[]; zrangebylex: string[]; zrangebyscore: string[]; zrangestore: number; zrank: any; zrem: number;
  zremrangebylex: number; zremrangebyrank: number; zremrangebyscore: number; zrevrange: string[]; zrevrangebylex: string[];
  zrevrangebyscore: string[]; zrevrank: any; zscan: [cursor: string, elements: string[]]; zscore: string | null; zunion: string[];
  zunionstore: number;
  arcount: number; ardel: any; ardelrange: any; arget: any; argetrange: any; argrep: any; arinfo: any; arinsert: any; arlastitems: any;
  arlen: number; armget: any[]; armset: any; arnext: any; arop: any; arring: any; arscan: any; arseek: any; arset: any; backup: any;
  blmovem: any; himport: any; hotkeys: any; increx: any; lmovem: any; sdiffcard: number; sunioncard: number; trimslots: any;
  xidmprecord: any; xnack: number; "restore-asking": "OK";
}
/** Commands that take an object or a Map: behind which arguments. */
interface DataReplies {
  mset: ["OK", []];
  msetnx: [number, []];
  hset: [number, [key: RedisKey]];
  hmset: ["OK", [key: RedisKey]];
}
type Commands<Context extends ClientContext> = {
  [Name in keyof Replies]: Method<Replies[Name], Context>;
} & {
  [Name in keyof Replies as `${Name}Buffer`]: Method<Buffered<Replies[Name]>, Context>;
} & {
  [Name in keyof DataReplies]: DataMethod<DataReplies[Name][0], Context, DataReplies[Name][1]>;
} & {
  [Name in keyof DataReplies as `${Name}Buffer`]: DataMethod<Buffered<DataReplies[Name][0]>, Context, DataReplies[Name][1]>;
};

/** The commands, in lower case; each has a twin for Buffers. Own commands are declared by adding to this interface. */
export interface RedisCommander<Context extends ClientContext = { type: "default" }> extends Commands<Context> {
  /** Sends any command. */
  call(command: string, ...args: [...Argument[]] | [...Argument[], Callback]): Result<unknown, Context>;
  callBuffer(command: string, ...args: [...Argument[]] | [...Argument[], Callback]): Result<unknown, Context>;
  /** Adds a method that runs a script; without `numberOfKeys`, its first argument is the number of keys. */
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number | undefined; readOnly?: boolean | undefined }): void;
  addBuiltinCommand(name: string): void;
  getBuiltinCommands(): string[];
}

export interface CommandOptions {
  /** Texts in the reply are Buffers if this is null or missing. */
  replyEncoding?: BufferEncoding | null | undefined;
  keyPrefix?: string | Buffer | undefined;
  errorStack?: Error | undefined;
  readOnly?: boolean | undefined;
}
export declare class Command {
  static setArgumentTransformer(name: string, transform: (args: any[]) => any[]): void;
  static setReplyTransformer(name: string, transform: (reply: any, context: { commandName: string }) => any): void;
  constructor(name: string, args?: readonly Argument[] | null, options?: CommandOptions | Callback, callback?: Callback);
  readonly name: string;
  args: unknown[];
  readonly promise: Promise<any>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Commands that are sent together. */
export interface ChainableCommander extends RedisCommander<{ type: "pipeline" }> {
  readonly length: number;
  multi(): this;
  /** `[error, result]` of each command; of a `multi`, null if a watched key has changed. */
  exec(callback?: Callback<[error: Error | null, result: unknown][] | null>): Promise<[error: Error | null, result: unknown][] | null>;
  addBatch(commands: readonly (readonly unknown[])[]): this;
}
export interface Pipeline extends ChainableCommander {}
export declare class Pipeline {
  constructor(redis: Redis);
  readonly isPipeline: true;
}

export interface ScanStreamOptions extends ReadableOptions {
  match?: string | undefined;
  type?: string | undefined;
  count?: number | string | undefined;
  noValues?: boolean | undefined;
}
/** Pages of a scan: an array for each. */
export declare class ScanStream extends Readable {
  /** No further page is asked for. */
  close(): void;
}

/** The server answered with an error; the message is its text. */
export declare class ReplyError extends Error {
  /** What was sent. Loggers do not print the arguments, which are not enumerable. */
  command?: { name: string; args: unknown[] };
  /** Why the server refused a transaction. */
  previousErrors?: Error[];
}
export declare class MaxRetriesPerRequestError extends Error {}

export interface RedisOptions {
  port?: number | string | undefined;
  host?: string | undefined;
  /** Path of a Unix socket. */
  path?: string | undefined;
  family?: number | undefined;
  username?: string | null | undefined;
  password?: string | null | undefined;
  db?: number | string | undefined;
  /** Sentinels, which know the primary by `name`. */
  sentinels?: readonly { host?: string | undefined; port?: number | undefined }[] | null | undefined;
  name?: string | null | undefined;
  role?: "master" | "slave" | undefined;
  /** Options of TLS, or whether there is TLS. */
  tls?: object | boolean | undefined;
  connectionName?: string | null | undefined;
  /** Milliseconds; default 10000. */
  connectTimeout?: number | undefined;
  /** Milliseconds for one command; default: without end. */
  commandTimeout?: number | undefined;
  lazyConnect?: boolean | undefined;
  /** Is put in front of every key. */
  keyPrefix?: string | Buffer | undefined;
  /** Milliseconds before the next attempt; anything that is no number gives up. */
  retryStrategy?: ((times: number) => number | void | null) | null | undefined;
  /** Whether an error of the server makes the client connect again (1, true), and send the command again (2). */
  reconnectOnError?: ((error: Error) => boolean | 1 | 2) | null | undefined;
  /** Failed attempts after which waiting commands fail; null: never. */
  maxRetriesPerRequest?: number | null | undefined;
  /** Whether commands wait for a connection. */
  enableOfflineQueue?: boolean | undefined;
  /** Whether the client waits until the server has loaded its data. */
  enableReadyCheck?: boolean | undefined;
  maxLoadingRetryTime?: number | undefined;
  autoResubscribe?: boolean | undefined;
  /** Whether commands that have no reply when the connection is lost are sent again: they may run twice. */
  autoResendUnfulfilledCommands?: boolean | undefined;
  /** Integers as texts. */
  stringNumbers?: boolean | undefined;
  showFriendlyErrorStack?: boolean | undefined;
  disableClientInfo?: boolean | undefined;
  scripts?: Record<string, { lua: string; numberOfKeys?: number | undefined; readOnly?: boolean | undefined }> | undefined;
  [option: string]: any;
}
export type RedisStatus = "wait" | "connecting" | "connect" | "ready" | "close" | "reconnecting" | "end" | "monitoring";

export interface Redis extends RedisCommander {}
export declare class Redis extends EventEmitter {
  static readonly Command: typeof Command;
  static readonly Pipeline: typeof Pipeline;
  static readonly Cluster: typeof Cluster;
  static defaultOptions: RedisOptions;
  static createClient(options?: RedisOptions | string | number): Redis;

  constructor(port: number, host: string, options: RedisOptions);
  constructor(path: string, options: RedisOptions);
  constructor(port: number, options: RedisOptions);
  constructor(port: number, host: string);
  constructor(options?: RedisOptions | string | number);

  status: RedisStatus;
  options: RedisOptions;
  readonly isCluster: boolean;
  readonly mode: "normal" | "subscriber" | "monitor";
  /** Resolves when the connection is ready. */
  connect(callback?: Callback<void>): Promise<void>;
  /** Closes the connection at once, for good unless `reconnect`. */
  disconnect(reconnect?: boolean): void;
  end(): void;
  /** A client with the same options, and with others. */
  duplicate(override?: RedisOptions): Redis;
  /** An instance that emits `monitor` for each command that the server executes. It shows arguments, secrets included. */
  monitor(callback?: Callback<Redis>): Promise<Redis>;
  sendCommand(command: Command): Promise<any>;
  pipeline(commands?: readonly (readonly unknown[])[]): ChainableCommander;
  multi(options: { pipeline: false }): Promise<"OK">;
  multi(commands?: readonly (readonly unknown[])[] | { pipeline: true }): ChainableCommander;
  exec(callback?: Callback<[error: Error | null, result: unknown][] | null>): Promise<[error: Error | null, result: unknown][] | null>;
  scanStream(options?: ScanStreamOptions): ScanStream;
  scanBufferStream(options?: ScanStreamOptions): ScanStream;
  sscanStream(key: RedisKey, options?: ScanStreamOptions): ScanStream;
  sscanBufferStream(key: RedisKey, options?: ScanStreamOptions): ScanStream;
  hscanStream(key: RedisKey, options?: ScanStreamOptions): ScanStream;
  hscanBufferStream(key: RedisKey, options?: ScanStreamOptions): ScanStream;
  zscanStream(key: RedisKey, options?: ScanStreamOptions): ScanStream;
  zscanBufferStream(key: RedisKey, options?: ScanStreamOptions): ScanStream;

  on(event: "message" | "smessage", listener: (channel: string, message: string) => void): this;
  on(event: "messageBuffer" | "smessageBuffer", listener: (channel: Buffer, message: Buffer) => void): this;
  on(event: "pmessage", listener: (pattern: string, channel: string, message: string) => void): this;
  on(event: "pmessageBuffer", listener: (pattern: string, channel: Buffer, message: Buffer) => void): this;
  on(event: "monitor", listener: (time: string, args: string[], source: string, database: string) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "reconnecting", listener: (delay: number) => void): this;
  on(event: "connecting" | "connect" | "ready" | "close" | "end" | "wait", listener: () => void): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;
}
export { Redis as default };

export type ClusterNode = string | number | { host?: string | undefined; port?: number | string | undefined };
export interface ClusterOptions {
  /** Options of the connections, and of what they do with commands. */
  redisOptions?: RedisOptions | undefined;
  /** Milliseconds before the next attempt to reach any node; anything that is no number gives up. */
  clusterRetryStrategy?: ((times: number) => number | void | null) | null | undefined;
  /** Which nodes commands that only read go to. */
  scaleReads?: "master" | "slave" | "all" | undefined;
  enableOfflineQueue?: boolean | undefined;
  enableReadyCheck?: boolean | undefined;
  lazyConnect?: boolean | undefined;
  keyPrefix?: string | undefined;
  scripts?: RedisOptions["scripts"];
  [option: string]: any;
}
/** A cluster. Commands go to the node of their key; those of a pipeline may go to several. */
export declare class Cluster extends Redis {
  constructor(startupNodes: readonly ClusterNode[], options?: ClusterOptions);
  /** Clients of the nodes, which connect when they are used. */
  nodes(role?: "all" | "master" | "slave"): Redis[];
  duplicate(startupNodes?: readonly ClusterNode[], override?: ClusterOptions): Cluster;
}

/** A callback that prints. */
export declare function print(error: Error | null, reply?: unknown): void;
