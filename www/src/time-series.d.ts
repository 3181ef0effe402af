// `import "redmux/time-series"`: the commands of RedisTimeSeries. The import adds these methods to clients, and to `multi()` and
// `pipeline()`.

import type { Arg, Args, BigInts, CallOptions, In, Int, Mode, Out, ServerError } from "./index.js";

/** Milliseconds since 1970. */
export type TsTime = number | bigint | Date;
/** An end of a range: `-` is the first sample, `+` the last. */
export type TsEnd = TsTime | "-" | "+";
export type TsAggregator = "avg" | "first" | "last" | "min" | "max" | "sum" | "range" | "count" | "std.p" | "std.s" | "var.p" | "var.s" | "twa" | "countNaN" | "countAll";
export type TsDuplicatePolicy = "BLOCK" | "FIRST" | "LAST" | "MIN" | "MAX" | "SUM";
export type TsLabels = Record<string, Arg> | ReadonlyMap<string, Arg>;
/** Conditions on labels, all of which must be met: `room=7`, `room!=7`, `room=(7,8)`, `room!=`, at least one with `=` and a value. */
export type TsFilter = string | readonly string[];

export interface TsSample {
  /** Milliseconds since 1970; a `bigint` beyond 2⁵³ − 1, which the type does not express. */
  timestamp: number;
  /** NaN for a bucket without samples (`EMPTY`). */
  value: number;
  /** One for each aggregator, if there are several. */
  values?: number[];
}
/** Without `WITHLABELS` or `SELECTED_LABELS` there are no labels; null is a label that the series has not. */
export interface TsSeries {
  key: string;
  labels: Record<string, string | null>;
  samples: TsSample[];
  /** With `GROUPBY`: how series were made one. */
  reducers?: string[];
  /** With `GROUPBY`: the keys of the series that were made one. In RESP2 keys with a comma look like several. */
  sources?: string[];
}
export interface TsLastSample {
  key: string;
  labels: Record<string, string | null>;
  /** Null if the series is empty. */
  sample: TsSample | null;
}
export interface TsInfo {
  totalSamples: number;
  memoryUsage: number;
  firstTimestamp: number;
  lastTimestamp: number;
  /** Milliseconds that samples are kept; 0 is without end. */
  retentionTime: number;
  chunkCount: number;
  chunkSize: number;
  chunkType: string;
  duplicatePolicy: string | null;
  labels: Record<string, string | null>;
  sourceKey: string | null;
  rules: { destination: string; bucket: number; aggregator: string; align: number }[];
  ignoreMaxTimeDiff?: number;
  ignoreMaxValDiff?: number;
}

interface Kept<N extends boolean> extends CallOptions<boolean, N> {
  /** Milliseconds that samples are kept; 0 is without end. */
  RETENTION?: number;
  CHUNK_SIZE?: number;
  /** What becomes of a sample at the time of another one. */
  DUPLICATE_POLICY?: TsDuplicatePolicy;
  /** Samples so close to the last one are left out. */
  IGNORE?: readonly [milliseconds: number, value: number];
  LABELS?: TsLabels;
}
export interface TsAlterOptions extends Kept<boolean> {}
export interface TsCreateOptions<N extends boolean = boolean> extends Kept<N> {
  ENCODING?: "COMPRESSED" | "UNCOMPRESSED";
}
export interface TsAddOptions<N extends boolean = boolean> extends TsCreateOptions<N> {
  /** For this sample, in place of DUPLICATE_POLICY. */
  ON_DUPLICATE?: TsDuplicatePolicy;
}
export interface TsIncrByOptions<N extends boolean = boolean> extends Kept<N> {
  /** Default: now. */
  TIMESTAMP?: number | bigint | "*";
  UNCOMPRESSED?: boolean;
}
export interface TsRangeOptions extends CallOptions<false, boolean> {
  /** Of a series that is made of another one: the bucket that is not over, too. */
  LATEST?: boolean;
  /** Only samples at these times. */
  FILTER_BY_TS?: number | readonly number[];
  /** Only samples with values from the first to the second. */
  FILTER_BY_VALUE?: readonly [min: number, max: number];
  /** At most this number of samples. */
  COUNT?: number;
  /** Where a bucket begins. */
  ALIGN?: number | "-" | "+" | "start" | "end";
  /** One sample for each bucket of this many milliseconds. Several aggregators need Redis 8.8. */
  AGGREGATION?: readonly [aggregator: TsAggregator | readonly TsAggregator[], bucket: number];
  /** Which time of a bucket is reported: its begin, its end, its middle. */
  BUCKETTIMESTAMP?: "-" | "+" | "~";
  /** Buckets without samples, too; the range must have two ends. */
  EMPTY?: boolean;
}
export interface TsMGetOptions extends CallOptions<false, boolean> {
  LATEST?: boolean;
  WITHLABELS?: boolean;
  SELECTED_LABELS?: string | readonly string[];
}
export interface TsMRangeOptions extends TsRangeOptions {
  WITHLABELS?: boolean;
  SELECTED_LABELS?: string | readonly string[];
  /** Series without samples are left out. Needs Redis 8.10. */
  EXCLUDEEMPTY?: boolean;
  /** Makes one of the series with the same value of this label; labels are always given then. */
  GROUPBY?: readonly [label: string, reducer: TsAggregator];
}

export interface TimeSeriesCommands<Q extends unknown[] | null, D extends Mode> {
  /** Adds a sample, at `*` now; its time. A series is made if there is none. */
  tsAdd<N extends boolean = BigInts<D>>(key: Arg, timestamp: TsTime | "*", value: number, options?: In<Q, TsAddOptions<N>>): Out<Q, D, Int<N>>;
  tsAlter(key: Arg, options?: In<Q, TsAlterOptions>): Out<Q, D, "OK">;
  tsCreate(key: Arg, options?: In<Q, TsCreateOptions>): Out<Q, D, "OK">;
  /** Makes a series of another one from now on: both must exist. */
  tsCreateRule(source: Arg, destination: Arg, aggregator: TsAggregator, bucket: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  tsCreateRule(source: Arg, destination: Arg, aggregator: TsAggregator, bucket: number, align: number, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Subtracts from the last value; the time of the new sample. */
  tsDecrBy<N extends boolean = BigInts<D>>(key: Arg, value: number, options?: In<Q, TsIncrByOptions<N>>): Out<Q, D, Int<N>>;
  /** Deletes the samples from `from` to `to`, both included; how many. */
  tsDel<N extends boolean = BigInts<D>>(key: Arg, from: TsEnd, to: TsEnd, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  tsDeleteRule(source: Arg, destination: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The last sample; null if the series is empty. */
  tsGet(key: Arg, options?: In<Q, CallOptions & { LATEST?: boolean }>): Out<Q, D, TsSample | null>;
  /** Adds to the last value; the time of the new sample. */
  tsIncrBy<N extends boolean = BigInts<D>>(key: Arg, value: number, options?: In<Q, TsIncrByOptions<N>>): Out<Q, D, Int<N>>;
  tsInfo(key: Arg, options?: In<Q, CallOptions<false, boolean>>): Out<Q, D, TsInfo>;
  /** Adds samples to series that exist; the time of each, or an error in its place. The others are added all the same. */
  tsMAdd<N extends boolean = BigInts<D>>(samples: readonly { key: Arg; timestamp: TsTime | "*"; value: number }[], options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | ServerError)[]>;
  /** The last samples of all series that match. */
  tsMGet(filter: TsFilter, options?: In<Q, TsMGetOptions>): Out<Q, D, TsLastSample[]>;
  /** The samples of all series that match. */
  tsMRange(from: TsEnd, to: TsEnd, filter: TsFilter, options?: In<Q, TsMRangeOptions>): Out<Q, D, TsSeries[]>;
  /** As tsMRange, the last sample first. */
  tsMRevRange(from: TsEnd, to: TsEnd, filter: TsFilter, options?: In<Q, TsMRangeOptions>): Out<Q, D, TsSeries[]>;
  /** The keys of all series that match. */
  tsQueryIndex(filter: TsFilter, options?: In<Q, CallOptions<false>>): Out<Q, D, string[]>;
  /** The samples from `from` to `to`, both included. */
  tsRange(key: Arg, from: TsEnd, to: TsEnd, options?: In<Q, TsRangeOptions>): Out<Q, D, TsSample[]>;
  /** As tsRange, the last sample first. */
  tsRevRange(key: Arg, from: TsEnd, to: TsEnd, options?: In<Q, TsRangeOptions>): Out<Q, D, TsSample[]>;
}

declare module "./methods.js" {
  interface Commands<Q extends unknown[] | null = null, D extends Mode = false> extends TimeSeriesCommands<Q, D> {}
}
