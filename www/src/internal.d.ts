// Types that the files of this folder share, for the compiler that checks them (`test/types/sources.json`). They are
// not packed: what the package promises is in index.d.ts.

import type { Address, ByteStream, CallOptions, ConnectOptions, Delivery, Diagnostics, ErrorKind, Events } from "./index.js";
import type { Host, RawClient, Sink } from "./raw.js";
import type { GaveUp } from "./reconnect.js";
import type { Subscription } from "./subscription.js";

/** Values that only the caller's code or the server knows the type of. */
export type Unknown = any;

/** The module of wasm-bindgen, as far as it is used after the instance is there. */
export interface Glue {
  RawClient: typeof RawClient;
  start(host: Host): void;
  run(): void;
  fire(timer: number): void;
  intern(name: string): number;
  initSync(from: { module: WebAssembly.Module }): { memory: { buffer: ArrayBufferLike } };
  __wbg_reset_state(): void;
}

/**
 * From the reply of a command to the value that its method promises. Most replies are arrays, and the types of
 * their items depend on the command; a shape that also gets maps or texts looks which it has.
 */
export interface Shape {
  (reply: Unknown[], bytes: boolean): unknown;
  /** Whether it also gets a reply that is null; otherwise null is returned as it is. */
  nulls?: boolean;
  /** What reads texts; without it, bytes that are not UTF-8 fail the call. */
  text?: ReadText;
}
/** Reads the text in a part of a memory, or what is in its place. */
export type ReadText = (memory: Uint8Array, start: number, end: number) => Unknown;

/** How a reply is read. */
export interface Reading {
  /** Texts are bytes. */
  bytes: boolean;
  /** All integers are `bigint`s. */
  bigint: boolean;
  shape: Shape | undefined;
}

/** A promise that waits for the wasm side. */
export interface Waiter {
  /** The number that the wasm side knows; set when the entry is opened. */
  id: number;
  resolve(value?: Unknown): void;
  reject(reason: unknown): void;
  /** Removes the listener of the abort signal. */
  release: (() => void) | null;
  signal?: AbortSignal;
  subscription?: undefined;
}
export interface Command extends Waiter, Reading {}
export interface Subscribed extends Omit<Waiter, "subscription"> {
  subscription: Subscription;
  /** The `KIND` of what was sent. */
  kind: number;
  /** The channel or pattern, as bytes and as text. */
  packed: Uint8Array;
  name: string;
  bytes: boolean;
}
export type Entry = Waiter | Command | Subscribed;

/** A command in a queue. */
export interface Queued extends Reading {
  name: string;
  words: unknown[];
}

/** A row of a table of commands, read. */
export interface Spec {
  method: string;
  command: string;
  /** The words behind the command's name; modifiers are a list of their names. */
  parts: (string | string[])[];
  /** The parts that take an argument. */
  takers: string[];
  /** Beyond this number, arguments that are `undefined` are left out. */
  least: number;
  /** Fewer arguments than this cannot be sent. */
  needs: number;
  /** From this argument on, counted from 1, lists are possible. */
  lists: number;
  /** Names of modifiers. */
  options: string[];
  /** Names of all options. */
  known: string[];
  shape: Shape | undefined;
  /** The reply is always read as bytes. */
  binary: boolean;
  /** Without options, its arguments are sent as they are. */
  plain: boolean;
}
export type ReplyName = keyof typeof import("./replies.js").REPLIES;

/** Options of a call, checked for unknown names only. */
export type GivenOptions = { [N in keyof CallOptions]?: CallOptions[N] | undefined };

/** What a failed attempt to connect looks like to `reconnect`. */
export interface Outage {
  attempt: number;
  outage: number;
  code: number | null;
  error: Error | null;
}
export type Threw = (error: unknown) => void;
/** Milliseconds until the next attempt, as `backOff` gives them. */
export type Delay = (outage: Outage, threw: Threw) => number | GaveUp;

/** Where a client connects to, and how. */
export interface Dial {
  transport: AnyTransport;
  address: Address;
  /** How errors name the server. */
  endpoint: string;
  delay: Delay;
}
export type AnyTransport = (address: Address, options: { signal: AbortSignal }) => ByteStream | Channel | Promise<ByteStream | Channel>;

/** `lent`: the bytes may be kept only for as long as the call takes. */
export type OnData = (bytes: Uint8Array, lent?: boolean) => void;
export type OnEnd = (error: Unknown) => void;
/** A stream of bytes as the package's own transports make it: `channel.js` says what each method promises. */
export interface Channel {
  readonly buffered: number;
  write(bytes: Uint8Array): void;
  writeParts?(parts: Uint8Array[]): void;
  open(onData: OnData, onEnd: OnEnd): void;
  close(): void;
  destroy?(): void;
}
/** `Sink`, guarded against calls into an instance that is gone. */
export interface GuardedSink extends Omit<Sink, "free"> {
  /** A transport's own exception that concerns no caller. */
  threw: Threw;
}

/** Fields of an error, as the wasm side reports them. */
export interface ErrorFields {
  kind?: ErrorKind;
  stage?: string | null;
  delivery?: Delivery;
  command?: string | null;
  endpoint?: string | null;
  retryable?: boolean;
  diagnostics?: Diagnostics | null;
  serverCode?: string;
  serverText?: string;
}
/** How a socket ended. */
export interface Ended {
  message: string;
  isAuth?: boolean;
}

/** Options of `connect` that reach the engine. */
export type EngineOptions = Omit<ConnectOptions, "reconnect" | "signal" | "tls" | "transport" | "wasm">;
export type Listener = (payload: Unknown) => unknown;
export type EventName = keyof Events;
