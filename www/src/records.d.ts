// What commands take and return, beyond texts and numbers: members with scores, entries of streams, places, records of
// the server.

import type { Arg, Double, Int, Mode, Named, Text } from "./index.js";

/** Fields and values, keys and values, or names and values. */
export type Pairs = Readonly<Record<string, Arg>> | ReadonlyMap<Arg, Arg> | readonly (readonly [Arg, Arg])[];
/** An object of a type with known fields, such as an interface. */
export type Fields<P extends object> = { readonly [K in keyof P]-?: Arg };
/** A place of an array, or an end: `-` is the first, `+` the last. */
export type ArrayEnd = number | bigint | "-" | "+";
/** A member of a sorted set. */
export interface Scored<V = Arg, S = number> {
  value: V;
  score: S;
}
/** Members, each once. With `bytes` they come as an array: a `Set` never takes two byte strings for the same. */
export type Members<B extends boolean = false, D extends Mode = false> = B extends true ? Text<B, D>[] : D extends { sets: "array" } ? Text<B, D>[] : Set<Text<B, D>>;
/** A page of SCAN; the last one has the cursor `"0"`. */
export interface ScanPage<T> {
  cursor: string;
  items: T[];
}
/** Numbers, or a `Float32Array` or its bytes, which are sent as they are. */
export type Vector = readonly number[] | Float64Array | Float32Array | Uint8Array;

export interface GeoPosition<S = number> {
  longitude: S;
  latitude: S;
}
export interface Place extends GeoPosition {
  member: Arg;
}
export interface FoundPlace<B extends boolean = false, N extends boolean = false, D extends Mode = false> extends GeoPosition<Double<D>> {
  member: Text<B, D>;
  /** From the centre, in the unit of the search. */
  distance: Double<D>;
  hash: Int<N, D>;
}
export type GeoUnit = "m" | "km" | "ft" | "mi";

/** An entry of a stream. */
export interface StreamEntry<B extends boolean = false, D extends Mode = false> {
  id: string;
  /** An object without prototype. */
  fields: Named<Text<B, D>, B, D>;
  /** With CLAIM: milliseconds since the last delivery; 0 for a new entry. */
  idle?: number | bigint;
  /** With CLAIM: how often the entry was delivered before. */
  deliveries?: number | bigint;
}
/** Streams of which to read the entries that no consumer of the group has got. */
export type NewEntries = Readonly<Record<string, ">">>;
/** A pending entry that was deleted. */
export interface DeletedEntry {
  id: string;
  fields: null;
}
export interface PendingEntry<N extends boolean = false, D extends Mode = false> {
  id: string;
  consumer: string;
  /** Milliseconds since the last delivery; -1 if a consumer gave the entry back (xNack), so that anybody may take it. */
  idle: Int<N, D>;
  deliveries: Int<N, D>;
}
/** Information about a stream; newer servers give more. */
export interface StreamInfo<B extends boolean = false, N extends boolean = false, D extends Mode = false> {
  length: Int<N, D>;
  groups: Int<N, D>;
  lastGeneratedId: string;
  maxDeletedEntryId?: string;
  entriesAdded?: Int<N, D>;
  firstEntry: StreamEntry<B, D> | null;
  lastEntry: StreamEntry<B, D> | null;
}
export interface StreamDetails<B extends boolean = false, N extends boolean = false, D extends Mode = false> {
  length: Int<N, D>;
  lastGeneratedId: string;
  maxDeletedEntryId?: string;
  entriesAdded?: Int<N, D>;
  entries: StreamEntry<B, D>[];
  groups: {
    name: string;
    lastDeliveredId: string;
    entriesRead?: Int<N, D> | null;
    lag?: Int<N, D> | null;
    pelCount: Int<N, D>;
    /** `deliveredAt` in milliseconds since 1970. */
    pending: { id: string; consumer: string; deliveredAt: Int<N, D>; deliveries: Int<N, D> }[];
    consumers: {
      name: string;
      seenTime: Int<N, D>;
      activeTime?: Int<N, D>;
      pelCount: Int<N, D>;
      pending: { id: string; deliveredAt: Int<N, D>; deliveries: Int<N, D> }[];
    }[];
  }[];
}
export interface StreamGroup<N extends boolean = false, D extends Mode = false> {
  name: string;
  consumers: Int<N, D>;
  pending: Int<N, D>;
  lastDeliveredId: string;
  entriesRead?: Int<N, D> | null;
  lag?: Int<N, D> | null;
}
export interface StreamConsumer<N extends boolean = false, D extends Mode = false> {
  name: string;
  pending: Int<N, D>;
  /** Milliseconds since the consumer last tried to read. */
  idle: Int<N, D>;
  /** Milliseconds since the consumer last got an entry; -1 if never. */
  inactive?: Int<N, D>;
}
/** What HOTKEYS counts: the time of the processor, or the bytes that come and go. */
export type Metric = "CPU" | "NET";
/** The keys that a server works for most; newer servers give more. */
export interface Hotkeys<N extends boolean = false, D extends Mode = false> {
  trackingActive: Int<N, D>;
  /** It looks at one of this number of commands. */
  sampleRatio: Int<N, D>;
  collectionStartTimeUnixMs: Int<N, D>;
  collectionDurationMs: Int<N, D>;
  /** Keys and microseconds, the most first. */
  byCpuTimeUs: [key: string, microseconds: Int<N, D>][];
  /** Keys and bytes, the most first. */
  byNetBytes: [key: string, bytes: Int<N, D>][];
}
/** Ranges in the first and the second value, both ends included. */
export interface LcsMatches<N extends boolean = false, D extends Mode = false> {
  matches: { first: [Int<N, D>, Int<N, D>]; second: [Int<N, D>, Int<N, D>]; length: Int<N, D> }[];
  length: Int<N, D>;
}

export interface RawVector {
  /** `f32`, `int8` or `bin`. */
  quantization: string;
  /** The numbers of the vector, normalised to length 1. */
  data: Uint8Array;
  /** The length before normalisation. */
  norm: number;
  /** The number that the greatest value of one byte, 127, represents. */
  range: number | null;
}
export interface SimilarMember<B extends boolean = false, D extends Mode = false> extends Scored<Text<B, D>, Double<D>> {
  /** A JSON text. */
  attributes: Text<B, D> | null;
}
/** Information about a vector set; newer servers give more. */
export interface VectorSetInfo<N extends boolean = false, D extends Mode = false> {
  quantType: string;
  vectorDim: Int<N, D>;
  size: Int<N, D>;
  maxLevel: Int<N, D>;
  hnswM?: Int<N, D>;
  attributesCount?: Int<N, D>;
}

export interface FunctionLibrary {
  libraryName: string;
  engine: string;
  functions: { name: string; description: string | null; flags: string[] }[];
  /** With WITHCODE. */
  libraryCode?: string;
}
export interface FunctionStats<N extends boolean = false, D extends Mode = false> {
  runningScript: { name: string; command: string[]; durationMs: Int<N, D> } | null;
  engines: Record<string, { librariesCount: Int<N, D>; functionsCount: Int<N, D> }>;
}

export interface AclUser {
  flags: string[];
  /** Digests of the passwords. */
  passwords: string[];
  commands: string;
  keys: string;
  channels: string;
  selectors: { commands: string; keys: string; channels: string }[];
}
export interface AclLogEntry<N extends boolean = false, D extends Mode = false> {
  count: Int<N, D>;
  reason: string;
  context: string;
  object: string;
  username: string;
  ageSeconds: number;
  clientInfo: ClientInfo;
}
/** A connection, as the server describes it: names in camel case, as `totMem`; numbers are numbers. */
export interface ClientInfo {
  [name: string]: string | number;
  id: number;
  /** `address:port`. */
  addr: string;
  /** Empty if the connection has none. */
  name: string;
  /** Seconds since the connection was opened. */
  age: number;
  /** Seconds since the last command. */
  idle: number;
  flags: string;
  db: number;
  sub: number;
  psub: number;
  /** The last command, as in `client|list`. */
  cmd: string;
}
export interface CommandInfo<N extends boolean = false, D extends Mode = false> {
  /** In lower case, as in `config|get`. */
  name: string;
  /** Number of words; a negative number is a minimum. */
  arity: Int<N, D>;
  flags: string[];
  /** Index of the first key; 0 if there is none. */
  firstKey: Int<N, D>;
  /** Index of the last key; negative ones count from the end. */
  lastKey: Int<N, D>;
  step: Int<N, D>;
  categories: string[];
}
/** The description of a command; newer servers give more. */
export interface CommandDoc {
  summary: string;
  since: string;
  group: string;
  complexity?: string;
  arguments?: CommandArgument[];
  subcommands?: Record<string, CommandDoc>;
}
export interface CommandArgument {
  name: string;
  type: string;
  /** The word before the argument, or the argument itself. */
  token?: string;
  flags?: string[];
  arguments?: CommandArgument[];
}
export interface LoggedCommand<B extends boolean = false, N extends boolean = false, D extends Mode = false> {
  id: Int<N, D>;
  /** Seconds since 1970. */
  time: Int<N, D>;
  /** Microseconds for slow commands, bytes for large ones. */
  amount: Int<N, D>;
  /** The name and the arguments, which the server truncates. */
  args: Text<B, D>[];
  /** `address:port` of the connection. */
  address: string;
  /** Name of the connection; empty if it has none. */
  name: string;
}
export interface MemoryStats {
  [name: string]: number | MemoryStats;
}
export type Role<N extends boolean = false, D extends Mode = false> =
  | { role: "master"; offset: Int<N, D>; replicas: { host: string; port: number; offset: number }[] }
  | { role: "slave"; host: string; port: number; state: string; offset: Int<N, D> }
  | { role: "sentinel"; masters: string[] };
