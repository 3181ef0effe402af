// What commands take and return, beyond texts and numbers: members with scores, entries of streams, places, records of
// the server.

import type { Arg, Int, Text } from "./index.js";

/** Fields and values, keys and values, or names and values. */
export type Pairs = Readonly<Record<string, Arg>> | ReadonlyMap<Arg, Arg> | readonly (readonly [Arg, Arg])[];
/** An object of a type with known fields, such as an interface. */
export type Fields<P extends object> = { readonly [K in keyof P]-?: Arg };
/** A place of an array, or an end: `-` is the first, `+` the last. */
export type ArrayEnd = number | bigint | "-" | "+";
/** A member of a sorted set. */
export interface Scored<V = Arg> {
  value: V;
  score: number;
}
/** Members, each once. With `bytes` they come as an array: a `Set` never takes two byte strings for the same. */
export type Members<B extends boolean = false> = B extends true ? Uint8Array[] : Set<string>;
/** A page of SCAN; the last one has the cursor `"0"`. */
export interface ScanPage<T> {
  cursor: string;
  items: T[];
}
/** Numbers, or a `Float32Array` or its bytes, which are sent as they are. */
export type Vector = readonly number[] | Float64Array | Float32Array | Uint8Array;

export interface GeoPosition {
  longitude: number;
  latitude: number;
}
export interface Place extends GeoPosition {
  member: Arg;
}
export interface FoundPlace<B extends boolean = false, N extends boolean = false> extends GeoPosition {
  member: Text<B>;
  /** From the centre, in the unit of the search. */
  distance: number;
  hash: Int<N>;
}
export type GeoUnit = "m" | "km" | "ft" | "mi";

/** An entry of a stream. */
export interface StreamEntry<B extends boolean = false> {
  id: string;
  /** An object without prototype. */
  fields: Record<string, Text<B>>;
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
export interface PendingEntry<N extends boolean = false> {
  id: string;
  consumer: string;
  /** Milliseconds since the last delivery; -1 if a consumer gave the entry back (xNack), so that anybody may take it. */
  idle: Int<N>;
  deliveries: Int<N>;
}
/** Information about a stream; newer servers give more. */
export interface StreamInfo<B extends boolean = false, N extends boolean = false> {
  length: Int<N>;
  groups: Int<N>;
  lastGeneratedId: string;
  maxDeletedEntryId?: string;
  entriesAdded?: Int<N>;
  firstEntry: StreamEntry<B> | null;
  lastEntry: StreamEntry<B> | null;
}
export interface StreamDetails<B extends boolean = false, N extends boolean = false> {
  length: Int<N>;
  lastGeneratedId: string;
  maxDeletedEntryId?: string;
  entriesAdded?: Int<N>;
  entries: StreamEntry<B>[];
  groups: {
    name: string;
    lastDeliveredId: string;
    entriesRead?: Int<N> | null;
    lag?: Int<N> | null;
    pelCount: Int<N>;
    /** `deliveredAt` in milliseconds since 1970. */
    pending: { id: string; consumer: string; deliveredAt: Int<N>; deliveries: Int<N> }[];
    consumers: {
      name: string;
      seenTime: Int<N>;
      activeTime?: Int<N>;
      pelCount: Int<N>;
      pending: { id: string; deliveredAt: Int<N>; deliveries: Int<N> }[];
    }[];
  }[];
}
export interface StreamGroup<N extends boolean = false> {
  name: string;
  consumers: Int<N>;
  pending: Int<N>;
  lastDeliveredId: string;
  entriesRead?: Int<N> | null;
  lag?: Int<N> | null;
}
export interface StreamConsumer<N extends boolean = false> {
  name: string;
  pending: Int<N>;
  /** Milliseconds since the consumer last tried to read. */
  idle: Int<N>;
  /** Milliseconds since the consumer last got an entry; -1 if never. */
  inactive?: Int<N>;
}
/** What HOTKEYS counts: the time of the processor, or the bytes that come and go. */
export type Metric = "CPU" | "NET";
/** The keys that a server works for most; newer servers give more. */
export interface Hotkeys<N extends boolean = false> {
  trackingActive: Int<N>;
  /** It looks at one of this number of commands. */
  sampleRatio: Int<N>;
  collectionStartTimeUnixMs: Int<N>;
  collectionDurationMs: Int<N>;
  /** Keys and microseconds, the most first. */
  byCpuTimeUs: [key: string, microseconds: Int<N>][];
  /** Keys and bytes, the most first. */
  byNetBytes: [key: string, bytes: Int<N>][];
}
/** Ranges in the first and the second value, both ends included. */
export interface LcsMatches<N extends boolean = false> {
  matches: { first: [Int<N>, Int<N>]; second: [Int<N>, Int<N>]; length: Int<N> }[];
  length: Int<N>;
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
export interface SimilarMember<B extends boolean = false> extends Scored<Text<B>> {
  /** A JSON text. */
  attributes: Text<B> | null;
}
/** Information about a vector set; newer servers give more. */
export interface VectorSetInfo<N extends boolean = false> {
  quantType: string;
  vectorDim: Int<N>;
  size: Int<N>;
  maxLevel: Int<N>;
  hnswM?: Int<N>;
  attributesCount?: Int<N>;
}

export interface FunctionLibrary {
  libraryName: string;
  engine: string;
  functions: { name: string; description: string | null; flags: string[] }[];
  /** With WITHCODE. */
  libraryCode?: string;
}
export interface FunctionStats<N extends boolean = false> {
  runningScript: { name: string; command: string[]; durationMs: Int<N> } | null;
  engines: Record<string, { librariesCount: Int<N>; functionsCount: Int<N> }>;
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
export interface AclLogEntry<N extends boolean = false> {
  count: Int<N>;
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
export interface CommandInfo<N extends boolean = false> {
  /** In lower case, as in `config|get`. */
  name: string;
  /** Number of words; a negative number is a minimum. */
  arity: Int<N>;
  flags: string[];
  /** Index of the first key; 0 if there is none. */
  firstKey: Int<N>;
  /** Index of the last key; negative ones count from the end. */
  lastKey: Int<N>;
  step: Int<N>;
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
export interface LoggedCommand<B extends boolean = false, N extends boolean = false> {
  id: Int<N>;
  /** Seconds since 1970. */
  time: Int<N>;
  /** Microseconds for slow commands, bytes for large ones. */
  amount: Int<N>;
  /** The name and the arguments, which the server truncates. */
  args: Text<B>[];
  /** `address:port` of the connection. */
  address: string;
  /** Name of the connection; empty if it has none. */
  name: string;
}
export interface MemoryStats {
  [name: string]: number | MemoryStats;
}
export type Role<N extends boolean = false> =
  | { role: "master"; offset: Int<N>; replicas: { host: string; port: number; offset: number }[] }
  | { role: "slave"; host: string; port: number; state: string; offset: Int<N> }
  | { role: "sentinel"; masters: string[] };
