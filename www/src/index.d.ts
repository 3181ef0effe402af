// Types of the npm package `redmux`.

// Names of browsers and of newer versions of the language, which the compiler may not know. Where it does, these
// declarations add nothing to them.
declare global {
  interface AbortSignal {}
  interface CustomEvent<T = any> {}
  interface EventTarget {}
  interface Request {}
  interface Response {}
  interface URL {}
  namespace WebAssembly {
    interface Module {}
  }
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/** A value that can be sent as an argument. Numbers and bigints are sent as decimal text. */
export type Arg = string | number | bigint | ArrayBuffer | ArrayBufferView;
/** One argument or several. */
export type Args = Arg | readonly Arg[];

/** How clients on servers can give replies: see `withReplies` of `redmux/server`. */
export interface Replies {
  /** Texts: strings, `Uint8Array`s, or the `Buffer`s of Node, Deno and Bun. Default `string`. Status replies such as `OK` stay strings. */
  text?: "string" | "bytes" | "buffer";
  /**
   * What becomes of a text that is not UTF-8, where texts are strings. `error`, the default: the command is rejected, with all that is in its
   * reply. `replace`: letters that cannot be read are replaced, and what they were is lost. `bytes`: this one text is a `Uint8Array`.
   */
  invalidText?: "error" | "replace" | "bytes";
  /** Sets are always arrays where texts are bytes. Default `set`. */
  sets?: "set" | "array";
  /**
   * Maps with names of programs: fields of hashes and of entries of streams, streams by key, `CONFIG GET`, and all maps of `send`, `eval` and
   * `fCall`. `pairs` are arrays of `[name, value]`, the only form that holds names that are not UTF-8. Default: objects, and `Map`s of `send`.
   */
  maps?: "object" | "map" | "pairs";
  /** `number`: those beyond 2⁵³ − 1 lose digits. Default: these are `bigint`s, or all with `bigint: true`. */
  integers?: "number" | "bigint" | "string";
  /** Scores, distances, and other numbers with a fraction. `string`: with all the digits of the server. Default `number`. */
  doubles?: "number" | "string";
}
/** How a client gives replies: whether all integers are `bigint`s, or more than that. */
export type Mode = boolean | Replies;
/** Whether texts are bytes in calls that do not say it. */
export type ByteTexts<D extends Mode> = D extends { text: "bytes" | "buffer" } ? true : false;
/** Whether all integers are `bigint`s in calls that do not say it. */
export type BigInts<D extends Mode> = D extends boolean ? D : D extends { integers: "bigint" } ? true : false;

/** The `Buffer` of the runtime, if the compiler knows it. */
type RuntimeBuffer = typeof globalThis extends { Buffer: { alloc(size: number): infer T } } ? T : Uint8Array;
/** Bytes in a reply. */
export type Bytes<D extends Mode = false> = D extends { text: "buffer" } ? RuntimeBuffer : Uint8Array;
/** A text, or bytes in calls with `{ bytes: true }`. */
export type Text<B extends boolean = false, D extends Mode = false> = B extends true ? Bytes<D> : D extends { invalidText: "bytes" } ? string | Uint8Array : string;
/**
 * An integer: a `number`, or a `bigint` beyond 2⁵³ − 1, which the type does not express. Always a `bigint` where the
 * call or the client has `{ bigint: true }`.
 */
export type Int<N extends boolean = false, D extends Mode = false> = N extends true ? bigint : D extends { integers: "string" } ? string : number;
/** A number that may have a fraction. */
export type Double<D extends Mode = false> = D extends { doubles: "string" } ? string : number;
/** Values by name. */
export type Named<V, B extends boolean = false, D extends Mode = false> = D extends { maps: "map" } ? Map<string, V> : D extends { maps: "pairs" } ? [name: Text<B, D>, value: V][] : Record<string, V>;

/** Any reply, as `send` returns it. */
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
type ObjectReply = string | number | bigint | boolean | null | Uint8Array | ServerError | ObjectReply[] | { [name: string]: ObjectReply } | Set<ObjectReply>;
/** Any reply of a client that gives replies like this. */
export type AnyReply<D extends Mode = false> = D extends { maps: "object" } ? ObjectReply : Reply;

/** Options of every command. */
export interface CallOptions<B extends boolean = boolean, N extends boolean = boolean> {
  /** Milliseconds for this call, queueing included; `Infinity` waits without end. Default: `commandTimeout`. */
  timeout?: number;
  /** Rejects the call with the signal's reason; a command that was not sent yet is withdrawn. */
  signal?: AbortSignal;
  /** Texts in the reply are `Uint8Array`s (status replies such as `OK` stay strings). */
  bytes?: B;
  /** All integers in the reply are `bigint`s, not only those beyond 2⁵³ − 1. Default: the option of `connect`. */
  bigint?: N;
  /** The client-side cache may answer the command, if `clientCache` is set. */
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
  /** Whether `connect` rejects when the server cannot be reached; otherwise it keeps trying. Default true. */
  abortOnConnectFail?: boolean;
  /** Milliseconds of silence on an idle connection before it is probed. Default 10000. */
  keepAlive?: number;
  /** Milliseconds of silence before a probe while replies are expected. Default 2000. */
  probeAfter?: number;
  /** Milliseconds that a probe may stay unanswered before the connection is given up. Default 5000. */
  probeTimeout?: number;
  /** Speaks only this version of RESP. Default: 3, or 2 if the server refuses it. */
  protocol?: 2 | 3;
  /** Whether the library tells its name and version to the server. Default true. */
  libraryInfo?: boolean;
  /**
   * Unsent bytes beyond which commands wait for room. Default 16777216. Without a connection commands wait too: up
   * to 100,000 of them, or 64 MiB; any further command fails with `ERR_REDMUX_QUEUE_FULL`.
   */
  sendQueueBytes?: number;
  /**
   * Messages that wait for the reader of an iterator from one turn of the event loop to the next before the oldest
   * are dropped. Default 1024. Within a turn more may wait, up to `subscriptionBytes`. Callbacks lose nothing.
   */
  subscriptionCapacity?: number;
  /**
   * Bytes of messages (payload and channel as UTF-8, and 100 for each) that may wait for the reader of an iterator
   * before the oldest are dropped; the newest message waits however large it is. Default 16777216.
   */
  subscriptionBytes?: number;
  /**
   * Whether the client connects again when a server answers `READONLY`: the name, or the gateway, may lead to another
   * server now. The command fails with that error and was not executed. Default true.
   */
  redialOnReadonly?: boolean;
  /** All integers in replies are `bigint`s. Default false: only those beyond 2⁵³ − 1. */
  bigint?: boolean;
  /** Caches replies of calls with `{ cached: true }` until the server announces a change. Default: no cache. */
  clientCache?: boolean | { maxBytes?: number; maxReplyBytes?: number; maxAge?: number; prefixes?: string[] };
  /**
   * Returns the milliseconds before the next attempt to connect. `false`, `null` or an `Error` (which becomes the
   * `cause`) give up: the event `gaveUp` follows, and the client is closed. `code` is the close code of the WebSocket,
   * if there was one. The default, also for `undefined`: at once, then exponentially longer with full jitter, at most
   * 1 to 1.5 s while a command waits. After a close code that asks to come later (1013) or refuses (1008, 4000 to 4999)
   * the wait is at least half of 5 or 10 s, and no command cuts it short. Two failed attempts are at least 10 ms apart.
   * Any other returned value, or an exception, is a `listenerError`, and the default applies.
   */
  reconnect?: (outage: { attempt: number; outage: number; code: number | null; error: Error | null }) => number | false | null | undefined | Error;
  /** Aborts the connect: it rejects with the signal's reason, and the attempts end. */
  signal?: AbortSignal;
  /**
   * TLS for `redis:` and `unix:` URLs, and its options for these and `rediss:`: in Node, Deno and Bun those of
   * `tls.connect` (`ca`, `cert`, `key`, `servername`, …); workerd takes none. Default: as the URL says.
   */
  tls?: boolean | object;
  /** Opens the stream of bytes in place of the runtime's own sockets. */
  transport?: Transport;
  /** The wasm file, if it is not where the entry of this runtime expects it. The first call loads it, once. */
  wasm?: string | URL | Request | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;
}

/** What a transport dials. */
export interface Address {
  /** Of `redis:` and `rediss:` URLs. An IPv6 address has no brackets. */
  host?: string;
  port?: number;
  /** The version of IP, 4 or 6, if the URL has it (`?family=4`); 0 is either. */
  family?: number;
  /** Of `unix:` URLs. */
  path?: string;
  /** `false`, or options of TLS. */
  tls?: false | object;
  /** Of `ws:` and `wss:` URLs. */
  url?: string;
}

/** A stream of bytes to a Redis server: the sockets of `cloudflare:sockets` and of Deno are such. */
export interface ByteStream {
  /** A `ReadableStream` of `Uint8Array`s. */
  readonly readable: { getReader(): any };
  /** A `WritableStream` of `Uint8Array`s. */
  readonly writable: { getWriter(): any };
  /** Rejects when the connection breaks. */
  readonly closed?: Promise<unknown>;
  close?(): unknown;
}

/** Called for each connection, reconnects included; `signal` fires when the client no longer wants the connection. */
export type Transport = (address: Address, options: { signal: AbortSignal }) => ByteStream | Promise<ByteStream>;

/**
 * Connects to Redis; resolves when the server has answered.
 *
 * `url` is `ws://…` or `wss://…` of a gateway, or relative to the page. In runtimes with sockets (Node, Deno, Bun,
 * workerd), or with `transport`, also `redis://user:password@host:port/database`, `rediss://…` (TLS) and
 * `unix:/path?db=0`. `options` take precedence over the URL.
 */
export declare function connect<D extends boolean = false>(url: string | URL, options?: ConnectOptions & { bigint?: D }): Promise<Client<D>>;

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
  // With `redmux/server`.
  | "conflict"
  | "circuit-open"
  | "no-replica"
  | "unhealthy"
  | "internal";

/** The state of the connection at the time of a failure. Times in milliseconds. */
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
  /** The command's name, if a command was involved. */
  readonly command: string | null;
  readonly endpoint: string | null;
  /** Whether sending the command again cannot run it twice. */
  readonly retryable: boolean;
  readonly diagnostics: Diagnostics | null;
}
/** A connection could not be opened or was lost, or the client is closed. */
export declare class ConnectionError extends RedmuxError {}
/** A deadline passed: of a connection attempt or of a command. */
export declare class TimeoutError extends RedmuxError {}
/** This client refused the command and did not send it. */
export declare class CommandError extends RedmuxError {}
/** The server answered with an error. */
export declare class ServerError extends RedmuxError {
  /** The error's first word, such as `WRONGTYPE`; empty if it has none. */
  readonly serverCode: string;
  /** The raw text. It may quote arguments: do not log it if those are secret. */
  readonly serverText: string;
}

/** The field of every event. */
export interface Logged {
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
  /** Number of attempts, the successful one included. */
  attempts: number;
}
export interface Missed extends Logged {
  /** `events`: events of the client; `subscription`: messages of `channel`. */
  source: "events" | "subscription";
  channel?: Arg;
  /**
   * `connectionLost`: what was published while the connection was down. `queueFull`: the oldest of a full queue.
   * `notRestored`: the server refuses to subscribe again; no messages come until `connectionLost` reports that it has.
   */
  cause: "connectionLost" | "notRestored" | "queueFull";
  /** How many, if that is known. */
  count: number | null;
}
export interface Events {
  connectionFailed: ConnectionFailed;
  connectionRestored: ConnectionRestored;
  /** `reconnect` gave up, and the client is closed. `attempts`: how many there were in this outage. */
  gaveUp: Logged & { endpoint: string; attempts: number; outage: number; error: ConnectionError };
  /** The server answered a command with an error. */
  errorMessage: Logged & { endpoint: string; command: string | null; serverCode: string };
  /**
   * Code of the program threw, or rejected, where no caller could catch it: a listener, the callback of a
   * subscription, `onMissed`, `reconnect`, a transport; `origin` says which. The console shows it too.
   */
  listenerError: Logged & { origin: string; error: unknown };
  /** The server refused to restore subscriptions; the client asks again after `retryIn` milliseconds. */
  subscriptionRefused: Logged & {
    endpoint: string;
    command: string;
    channels: string[];
    error: RedmuxError;
    retryIn: number;
  };
  /** A fault inside the client; please report it. */
  internalError: Logged & { endpoint: string | null; connectionType: string | null; origin: string; detail: string };
  configurationChanged: Logged & { endpoint: string; detail: string };
  missed: Missed;
}
/** The events as an `EventTarget`: each is a `CustomEvent` with the event as its `detail`. */
export interface EventsTarget extends EventTarget {
  addEventListener<E extends keyof Events>(
    type: E,
    listener: ((event: ClientEvent<E>) => void) | { handleEvent(event: ClientEvent<E>): void } | null,
    options?: boolean | { once?: boolean; signal?: AbortSignal; passive?: boolean; capture?: boolean },
  ): void;
  removeEventListener<E extends keyof Events>(
    type: E,
    listener: ((event: ClientEvent<E>) => void) | { handleEvent(event: ClientEvent<E>): void } | null,
    options?: boolean | { capture?: boolean },
  ): void;
}
export type ClientEvent<E extends keyof Events> = CustomEvent<Events[E]> & { readonly type: E; readonly detail: Events[E] };

export interface Message<P = string> {
  channel: string;
  /** Text (bytes that are not UTF-8 are replaced), or bytes if subscribed with `{ bytes: true }`. */
  payload: P;
  /** The pattern that matched, for pattern subscriptions. */
  pattern: string | null;
}
export interface SubscribeOptions<B extends boolean = boolean> {
  /** Payloads are `Uint8Array`s. */
  bytes?: B;
  /** Called when messages were lost, or may have been. */
  onMissed?: (gap: { cause: "connectionLost" | "notRestored" | "queueFull"; count: number | null }) => void;
  /** Aborts the call, or unsubscribes later. */
  signal?: AbortSignal;
}
/** A subscription, restored after a lost connection. Iterable unless it has a callback. */
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

/** Arguments, optionally followed by options. */
export type Rest<A, O = CallOptions> = [...A[]] | [...A[], O];
/** Options of a method. In a queue, the options of the whole belong to `exec`. */
export type In<Q extends unknown[] | null, O> = Q extends unknown[] ? O & { timeout?: undefined; signal?: undefined; cached?: undefined } : O;
/** What a method returns: a promise, or in a queue the queue with one more reply. */
export type Out<Q extends unknown[] | null, D extends Mode, T> = Q extends unknown[] ? Queue<[...Q, T], D> : Promise<T>;

export * from "./methods.js";
export * from "./records.js";
import type { Commands, Iterators } from "./methods.js";

/** All items one after another, or page by page. */
export interface Scan<T> extends AsyncGenerator<T, void, undefined> {
  /** The pages as they come; empty ones are left out. */
  batches(): AsyncGenerator<T[], void, undefined>;
}

/** A connection that the whole program can share. It lives until it is closed. */
export interface Client<D extends Mode = false> extends Commands<null, D>, Iterators<D> {}
export declare class Client<D extends Mode = false> {
  protected constructor();
  /** Sends any command. Maps come as `Map`, sets as `Set`, errors inside of arrays as `ServerError`. */
  send<T = AnyReply<D>>(command: string, ...args: Rest<Args>): Promise<T>;
  /** A function that runs a script, which is sent once and then called by its digest. */
  script<T = AnyReply<D>>(source: string): (keys?: Args, args?: Args, options?: CallOptions) => Promise<T>;
  subscribe<B extends boolean = false>(channel: Arg, callback?: (message: Message<Text<B>>) => void, options?: SubscribeOptions<B>): Promise<Subscription<Text<B>>>;
  subscribe<B extends boolean = false>(channel: Arg, options: SubscribeOptions<B>): Promise<Subscription<Text<B>>>;
  pSubscribe<B extends boolean = false>(pattern: Arg, callback?: (message: Message<Text<B>>) => void, options?: SubscribeOptions<B>): Promise<Subscription<Text<B>>>;
  pSubscribe<B extends boolean = false>(pattern: Arg, options: SubscribeOptions<B>): Promise<Subscription<Text<B>>>;
  sSubscribe<B extends boolean = false>(channel: Arg, callback?: (message: Message<Text<B>>) => void, options?: SubscribeOptions<B>): Promise<Subscription<Text<B>>>;
  sSubscribe<B extends boolean = false>(channel: Arg, options: SubscribeOptions<B>): Promise<Subscription<Text<B>>>;
  /**
   * The same client for the database with this index, over the same connection: no command runs in another
   * database than its own. Each one for another database than that of the options goes out in one piece with
   * `SELECT`: five commands instead of one. `close`, events and subscriptions are those of the one connection.
   */
  database(index: number): Client<D>;
  /** Collects commands that are executed together, or not at all (`MULTI`). */
  multi<R extends unknown[] = []>(): Queue<R, D>;
  /** Collects commands that are sent together. */
  pipeline<R extends unknown[] = []>(): Queue<R, D>;
  /** Adds a listener; its exceptions are reported and harm nothing. */
  on<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): this;
  once<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): this;
  off<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): this;
  /** The same events as an `EventTarget`. */
  readonly events: EventsTarget;
  /** The same events from now on, until the client is closed; a slow reader loses the oldest of 256. */
  [Symbol.asyncIterator](): AsyncIterableIterator<{ [E in keyof Events]: { type: E; detail: Events[E] } }[keyof Events]>;
  status(): Status;
  /** Finishes what was sent, ends subscriptions and closes the connection. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Commands that are sent together. It has the methods of a client, each of which returns the queue; `R` are the
 * replies.
 *
 * For commands that are added in a loop, use `multi<any[]>()`.
 */
export interface Queue<R extends unknown[] = any[], D extends Mode = false> extends Commands<R, D> {
  readonly length: number;
  send<T = AnyReply<D>>(command: string, ...args: Rest<Args>): Queue<[...R, T], D>;
  /** The replies, in order. Rejects with the first error; the other commands ran nevertheless. */
  exec(options?: { timeout?: number; signal?: AbortSignal }): Promise<R>;
  /** The outcome of each command, as `Promise.allSettled` gives it. */
  execSettled(options?: { timeout?: number; signal?: AbortSignal }): Promise<{ [I in keyof R]: PromiseSettledResult<R[I]> }>;
}
