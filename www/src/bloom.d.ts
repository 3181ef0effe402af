// `import "redmux/bloom"`: Bloom and cuckoo filters, count-min sketches, top-k lists and t-digests. The import adds these
// methods to clients, and to `multi()` and `pipeline()`.

import type { Arg, Args, BigInts, CallOptions, Fields, In, Int, Mode, Out, Pairs, ServerError, Text } from "./index.js";

export interface BfReserveOptions extends CallOptions {
  /** How much larger each further filter is. */
  EXPANSION?: number;
  /** The filter does not grow: it may be full. */
  NONSCALING?: boolean;
}
export interface BfInsertOptions extends BfReserveOptions {
  /** Number of items that the filter is made for, if it is made. */
  CAPACITY?: number;
  /** How often it may be wrong, as 0.01, if it is made. */
  ERROR?: number;
  /** No filter is made. */
  NOCREATE?: boolean;
}
export interface CfReserveOptions extends CallOptions {
  BUCKETSIZE?: number;
  MAXITERATIONS?: number;
  EXPANSION?: number;
}
export interface CfInsertOptions<N extends boolean = boolean> extends CallOptions<boolean, N> {
  /** Number of items that the filter is made for, if it is made. */
  CAPACITY?: number;
  /** No filter is made. */
  NOCREATE?: boolean;
}
export interface TdigestCreateOptions extends CallOptions {
  /** Larger is more accurate, and takes more memory. Default: 100. */
  COMPRESSION?: number;
}
export interface TdigestMergeOptions extends TdigestCreateOptions {
  /** What the destination holds is dropped. */
  OVERRIDE?: boolean;
}
/** What is known of a filter or sketch: numbers by name, as `numberOfFilters`; what is unlimited is null. */
export type SketchInfo = Record<string, number | null>;
/** A part of a filter; `null` at the end, where `iterator` is 0. */
export interface FilterChunk {
  iterator: number;
  chunk: Uint8Array | null;
}

export interface BloomCommands<Q extends unknown[] | null, D extends Mode> {
  /** Adds an item; false if it was there, as far as the filter knows. */
  bfAdd(key: Arg, item: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Number of items that were added. */
  bfCard<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  /** Whether the item may have been added: never wrong with false. */
  bfExists(key: Arg, item: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  bfInfo(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, SketchInfo>;
  /** As bfMAdd, with the properties of a filter that is made. */
  bfInsert(key: Arg, items: Args, options?: In<Q, BfInsertOptions>): Out<Q, D, (boolean | ServerError)[]>;
  /** Restores a part that bfScanDump gave, in the same order. */
  bfLoadChunk(key: Arg, iterator: number | bigint, chunk: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Adds items. In a filter that is full, the list ends with an error, and the items behind it were not added. */
  bfMAdd(key: Arg, items: Args, options?: In<Q, CallOptions>): Out<Q, D, (boolean | ServerError)[]>;
  bfMExists(key: Arg, items: Args, options?: In<Q, CallOptions>): Out<Q, D, boolean[]>;
  /** Makes a filter that is wrong as often as `errorRate` (as 0.01), for `capacity` items. */
  bfReserve(key: Arg, errorRate: number, capacity: number, options?: In<Q, BfReserveOptions>): Out<Q, D, "OK">;
  /** A part of the filter; begins with iterator 0. */
  bfScanDump(key: Arg, iterator: number | bigint, options?: In<Q, CallOptions>): Out<Q, D, FilterChunk>;

  /** Adds an item, also another time. */
  cfAdd(key: Arg, item: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Adds an item if it is not there; false if it is, as far as the filter knows. */
  cfAddNX(key: Arg, item: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** How often the item was added: never too few. */
  cfCount<N extends boolean = BigInts<D>>(key: Arg, item: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  /** Removes an item once; removing what was never added harms others. */
  cfDel(key: Arg, item: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  cfExists(key: Arg, item: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  cfInfo(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, SketchInfo>;
  /** Adds items; false where the filter is full. */
  cfInsert(key: Arg, items: Args, options?: In<Q, CfInsertOptions>): Out<Q, D, (boolean | ServerError)[]>;
  /** Adds items that are not there: 1 added, 0 present, −1 full. */
  cfInsertNX<N extends boolean = BigInts<D>>(key: Arg, items: Args, options?: In<Q, CfInsertOptions<N>>): Out<Q, D, Int<N>[]>;
  cfLoadChunk(key: Arg, iterator: number | bigint, chunk: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  cfMExists(key: Arg, items: Args, options?: In<Q, CallOptions>): Out<Q, D, boolean[]>;
  cfReserve(key: Arg, capacity: number, options?: In<Q, CfReserveOptions>): Out<Q, D, "OK">;
  cfScanDump(key: Arg, iterator: number | bigint, options?: In<Q, CallOptions>): Out<Q, D, FilterChunk>;

  /** Adds to the counters of items; what they are. An error is in the place of a counter that is at its end. */
  cmsIncrBy<N extends boolean = BigInts<D>, P extends object = {}>(key: Arg, items: Pairs | Fields<P>, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | ServerError)[]>;
  cmsInfo(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, SketchInfo>;
  cmsInitByDim(key: Arg, width: number, depth: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Makes a sketch whose counts are too large by `error` of all counts, with the probability `probability`. */
  cmsInitByProb(key: Arg, error: number, probability: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Puts the sum of sketches into one that exists and has their dimensions. */
  cmsMerge(destination: Arg, sources: Args, options?: In<Q, CallOptions & { WEIGHTS?: readonly number[] }>): Out<Q, D, "OK">;
  /** How often items were counted: never too few. */
  cmsQuery<N extends boolean = BigInts<D>>(key: Arg, items: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>[]>;

  /** Counts items; for each, what it drove out of the list. */
  topkAdd<B extends boolean = false>(key: Arg, items: Args, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B> | null)[]>;
  /** How often items were counted, approximately. */
  topkCount<N extends boolean = BigInts<D>>(key: Arg, items: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>[]>;
  /** Adds 0 to 100,000 to the counts of items: the server has no right reply to more. */
  topkIncrBy<B extends boolean = false, P extends object = {}>(key: Arg, items: Pairs | Fields<P>, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B> | null)[]>;
  topkInfo(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, SketchInfo>;
  /** The most frequent items, the first first. */
  topkList<B extends boolean = false>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B>[]>;
  topkListWithCount<B extends boolean = false, N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<B, N>>): Out<Q, D, { item: Text<B>; count: Int<N> }[]>;
  /** Whether items are in the list. */
  topkQuery(key: Arg, items: Args, options?: In<Q, CallOptions>): Out<Q, D, boolean[]>;
  topkReserve(key: Arg, k: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  topkReserve(key: Arg, k: number, width: number, depth: number, decay: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;

  tdigestAdd(key: Arg, values: number | readonly number[], options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The values at ranks, counted from 0; infinite beyond the last, NaN if there are none. */
  tdigestByRank(key: Arg, ranks: number | readonly number[], options?: In<Q, CallOptions>): Out<Q, D, number[]>;
  tdigestByRevRank(key: Arg, ranks: number | readonly number[], options?: In<Q, CallOptions>): Out<Q, D, number[]>;
  /** Which part of the values is at most as large; NaN if there are none. */
  tdigestCdf(key: Arg, values: number | readonly number[], options?: In<Q, CallOptions>): Out<Q, D, number[]>;
  tdigestCreate(key: Arg, options?: In<Q, TdigestCreateOptions>): Out<Q, D, "OK">;
  tdigestInfo(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, SketchInfo>;
  /** NaN if there are no values. */
  tdigestMax(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, number>;
  /** Adds the values of digests to one, which is made if it does not exist. */
  tdigestMerge(destination: Arg, sources: Args, options?: In<Q, TdigestMergeOptions>): Out<Q, D, "OK">;
  /** NaN if there are no values. */
  tdigestMin(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, number>;
  /** The values below which these parts of all are, as 0.99; NaN if there are none. */
  tdigestQuantile(key: Arg, quantiles: number | readonly number[], options?: In<Q, CallOptions>): Out<Q, D, number[]>;
  /** How many values are smaller; −1 for less than all, −2 if there are none. */
  tdigestRank<N extends boolean = BigInts<D>>(key: Arg, values: number | readonly number[], options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>[]>;
  tdigestReset(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  tdigestRevRank<N extends boolean = BigInts<D>>(key: Arg, values: number | readonly number[], options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>[]>;
  /** The mean of the values between two quantiles; NaN if there are none. */
  tdigestTrimmedMean(key: Arg, low: number, high: number, options?: In<Q, CallOptions>): Out<Q, D, number>;
}

declare module "./methods.js" {
  interface Commands<Q extends unknown[] | null = null, D extends Mode = false> extends BloomCommands<Q, D> {}
}
