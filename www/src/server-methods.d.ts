// Commands that wait on the server.

import type { Arg, Args, ByteTexts, CallOptions, Double, Mode, Pairs, Text } from "./index.js";
import type { DeletedEntry, Scored, StreamEntry } from "./records.js";

/** How long a command waits: seconds, and 0 without end. */
type Seconds = number;
type End = "LEFT" | "RIGHT";

/**
 * Each has a connection of its own while it waits, from a small pool (`maxLeased`). `timeout` is for the lease and the wait
 * together; without one the command has what it waits for, and the `commandTimeout`. A `signal` that fires closes the
 * connection, so that no element is taken for nobody. An element that was taken just before a connection broke is lost.
 */
export interface BlockingCommands<D extends Mode = false> {
  /** Moves an element to another list, and waits for one. [BLMOVE](https://redis.io/docs/latest/commands/blmove/) */
  blMove<B extends boolean = ByteTexts<D>>(from: Arg, to: Arg, fromEnd: End, toEnd: End, wait: Seconds, options?: CallOptions<B>): Promise<Text<B, D> | null>;
  /** Moves several elements to another list, and waits for them. [BLMOVEM](https://redis.io/docs/latest/commands/blmovem/), since Redis 8.10 */
  blMoveM<B extends boolean = ByteTexts<D>>(from: Arg, to: Arg, fromEnd: End, toEnd: End, wait: Seconds, options?: CallOptions<B> & { COUNT?: number; EXACTLY?: number; OBO?: boolean; BULK?: boolean }): Promise<Text<B, D>[] | null>;
  /** Takes elements from the first list that is not empty, and waits for one. [BLMPOP](https://redis.io/docs/latest/commands/blmpop/) */
  blmPop<B extends boolean = ByteTexts<D>>(wait: Seconds, keys: Args, end: End, options?: CallOptions<B> & { COUNT?: number }): Promise<{ key: Text<B, D>; elements: Text<B, D>[] } | null>;
  /** Takes the first element of the first list that is not empty, and waits for one. [BLPOP](https://redis.io/docs/latest/commands/blpop/) */
  blPop<B extends boolean = ByteTexts<D>>(keys: Args, wait: Seconds, options?: CallOptions<B>): Promise<{ key: Text<B, D>; element: Text<B, D> } | null>;
  /** Takes the last element of the first list that is not empty, and waits for one. [BRPOP](https://redis.io/docs/latest/commands/brpop/) */
  brPop<B extends boolean = ByteTexts<D>>(keys: Args, wait: Seconds, options?: CallOptions<B>): Promise<{ key: Text<B, D>; element: Text<B, D> } | null>;
  /** Takes the last element and puts it first in another list, and waits for one. [BRPOPLPUSH](https://redis.io/docs/latest/commands/brpoplpush/) */
  brPopLPush<B extends boolean = ByteTexts<D>>(from: Arg, to: Arg, wait: Seconds, options?: CallOptions<B>): Promise<Text<B, D> | null>;
  /** Takes members from the first sorted set that is not empty, and waits for one. [BZMPOP](https://redis.io/docs/latest/commands/bzmpop/) */
  bzmPop<B extends boolean = ByteTexts<D>>(wait: Seconds, keys: Args, which: "MIN" | "MAX", options?: CallOptions<B> & { COUNT?: number }): Promise<{ key: Text<B, D>; members: Scored<Text<B, D>, Double<D>>[] } | null>;
  /** Takes the member with the highest score, and waits for one. [BZPOPMAX](https://redis.io/docs/latest/commands/bzpopmax/) */
  bzPopMax<B extends boolean = ByteTexts<D>>(keys: Args, wait: Seconds, options?: CallOptions<B>): Promise<{ key: Text<B, D>; value: Text<B, D>; score: Double<D> } | null>;
  /** Takes the member with the lowest score, and waits for one. [BZPOPMIN](https://redis.io/docs/latest/commands/bzpopmin/) */
  bzPopMin<B extends boolean = ByteTexts<D>>(keys: Args, wait: Seconds, options?: CallOptions<B>): Promise<{ key: Text<B, D>; value: Text<B, D>; score: Double<D> } | null>;
}

/** Commands that the server calls deprecated, for programs that have them. */
export interface FormerCommands<D extends Mode = false> {
  /** Sets a value and returns the former one: `set` with `{ GET: true }`. [GETSET](https://redis.io/docs/latest/commands/getset/) */
  getSet<B extends boolean = ByteTexts<D>>(key: Arg, value: Arg, options?: CallOptions<B>): Promise<Text<B, D> | null>;
  /** Sets fields of a hash: `hSet`. [HMSET](https://redis.io/docs/latest/commands/hmset/) */
  hmSet(key: Arg, fields: Pairs, options?: CallOptions): Promise<"OK">;
  /** Sets a value for some milliseconds: `set` with `{ PX }`. [PSETEX](https://redis.io/docs/latest/commands/psetex/) */
  pSetEx(key: Arg, milliseconds: number, value: Arg, options?: CallOptions): Promise<"OK">;
  /** Takes the last element and puts it first in another list: `lMove`. [RPOPLPUSH](https://redis.io/docs/latest/commands/rpoplpush/) */
  rPopLPush<B extends boolean = ByteTexts<D>>(from: Arg, to: Arg, options?: CallOptions<B>): Promise<Text<B, D> | null>;
  /** Sets a value for some seconds: `set` with `{ EX }`. [SETEX](https://redis.io/docs/latest/commands/setex/) */
  setEx(key: Arg, seconds: number, value: Arg, options?: CallOptions): Promise<"OK">;
  /** Sets a value if there is none: `set` with `{ NX: true }`. 1, or 0. [SETNX](https://redis.io/docs/latest/commands/setnx/) */
  setNX(key: Arg, value: Arg, options?: CallOptions): Promise<number>;
}

declare module "./methods.js" {
  interface XReadOptions<B extends boolean = boolean> {
    /** Milliseconds to wait for entries, on a connection of its own; 0 without end. */
    BLOCK?: number;
  }
  interface XReadGroupOptions<B extends boolean = boolean> {
    /** Milliseconds to wait for entries, on a connection of its own; 0 without end. */
    BLOCK?: number;
  }
}
