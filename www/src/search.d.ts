// `import "redmux/search"`: indexes, queries and aggregations of RediSearch and valkey-search. The import adds these methods to
// clients, and to `multi()` and `pipeline()`.

import type { Arg, Args, BigInts, CallOptions, In, Int, Mode, Out, Text } from "./index.js";

/** A query with values, as `query` makes it. It can be a value of another query. */
export declare class Query {
  private constructor();
  /** The query without its values. */
  toString(): string;
}
export type QueryValue = string | number | bigint | ArrayBuffer | ArrayBufferView | readonly (string | number | bigint | ArrayBuffer | ArrayBufferView)[] | Query;
/**
 * A query whose values are never read as its language: query`@title:${words} @genre:{${tags}} @price:[${low} (${high}]`.
 *
 * What becomes of a value depends on where it is:
 *
 * - among words, and in quotes: its words, without marks; beside `*` or `%` it must be one word
 * - in braces: a tag; an array is several, any of which will do
 * - in brackets, and behind `==`, `<`, `>=` and the like: a number, a shape, a vector (`Float32Array`), any parameter
 * - behind `@`: the name of a field
 * - a query: that query, in parentheses
 *
 * What no server could read (an empty list of tags, a text without words) is refused.
 */
export declare function query(strings: TemplateStringsArray, ...values: QueryValue[]): Query;

/**
 * An expression for APPLY or FILTER whose values are never read as its language: expression`@price < ${limit} && @genre == ${genre}`.
 *
 * A value is a finite number or a text. Throws for a text with a backslash, a line feed or a NUL, which servers cannot read there.
 */
export declare function expression(strings: TemplateStringsArray, ...values: (string | number | bigint)[]): string;
/** A string is taken as it is: put no values of strangers into it. */
export type AnyQuery = string | Query;

interface OfQueries {
  /** Values for `$name` in a query that is a string. */
  PARAMS?: Record<string, Arg>;
  /** Default: 2. */
  DIALECT?: 1 | 2 | 3 | 4;
}
export type SortDirection = "ASC" | "DESC";
export type FtSort = string | readonly [by: string, direction?: SortDirection] | { BY: string; DIRECTION?: SortDirection };
export type FtLimit = readonly [from: number, size: number] | { from: number; size: number };

interface OfAllFields {
  /** The name by which queries ask for it. */
  AS?: string;
  SORTABLE?: boolean | "UNF";
  NOINDEX?: boolean;
  /** Also finds documents without it: `ismissing(@field)`. Since Redis Stack 7.4. */
  INDEXMISSING?: boolean;
}
export interface TextField extends OfAllFields {
  type: "TEXT";
  WEIGHT?: number;
  NOSTEM?: boolean;
  PHONETIC?: "dm:en" | "dm:fr" | "dm:pt" | "dm:es";
  WITHSUFFIXTRIE?: boolean;
  INDEXEMPTY?: boolean;
}
export interface TagField extends OfAllFields {
  type: "TAG";
  SEPARATOR?: string;
  CASESENSITIVE?: boolean;
  WITHSUFFIXTRIE?: boolean;
  INDEXEMPTY?: boolean;
}
export interface PlainField extends OfAllFields {
  type: "NUMERIC" | "GEO";
}
export interface ShapeField extends OfAllFields {
  type: "GEOSHAPE";
  COORD_SYSTEM?: "FLAT" | "SPHERICAL";
}
export interface VectorField {
  type: "VECTOR";
  AS?: string;
  INDEXMISSING?: boolean;
  ALGORITHM: "FLAT" | "HNSW" | "SVS-VAMANA";
  TYPE: "FLOAT32" | "FLOAT64" | "FLOAT16" | "BFLOAT16" | "INT8" | "UINT8";
  DIM: number;
  DISTANCE_METRIC: "L2" | "IP" | "COSINE";
  INITIAL_CAP?: number;
  BLOCK_SIZE?: number;
  M?: number;
  EF_CONSTRUCTION?: number;
  EF_RUNTIME?: number;
  EPSILON?: number;
  COMPRESSION?: string;
  CONSTRUCTION_WINDOW_SIZE?: number;
  GRAPH_MAX_DEGREE?: number;
  SEARCH_WINDOW_SIZE?: number;
  TRAINING_THRESHOLD?: number;
  REDUCE?: number;
}
export type FtField = "TEXT" | "TAG" | "NUMERIC" | "GEO" | "GEOSHAPE" | TextField | TagField | PlainField | ShapeField | VectorField;
/** Fields by their name in a hash, or their path in a JSON document (`$.price`, with `AS`). */
export type FtSchema = Readonly<Record<string, FtField>> | ReadonlyMap<string, FtField>;

export interface FtCreateOptions extends CallOptions {
  ON?: "HASH" | "JSON";
  /** How keys of documents begin; otherwise all keys. */
  PREFIX?: string | readonly string[];
  FILTER?: string;
  LANGUAGE?: string;
  LANGUAGE_FIELD?: string;
  SCORE?: number;
  SCORE_FIELD?: string;
  PAYLOAD_FIELD?: string;
  MAXTEXTFIELDS?: boolean;
  /** Seconds without use after which the index is deleted. */
  TEMPORARY?: number;
  NOOFFSETS?: boolean;
  NOHL?: boolean;
  NOFIELDS?: boolean;
  NOFREQS?: boolean;
  /** An empty list is none. */
  STOPWORDS?: string | readonly string[];
  SKIPINITIALSCAN?: boolean;
  INDEXALL?: "ENABLE" | "DISABLE";
}

/** A range of numbers, ends included; `"(5"` is an end that is not. */
export type FtFilter = readonly [field: string, min: number | string, max: number | string];
export type FtGeoFilter = readonly [field: string, longitude: number, latitude: number, radius: number, unit: "m" | "km" | "ft" | "mi"];

interface OfSearches extends OfQueries {
  VERBATIM?: boolean;
  NOSTOPWORDS?: boolean;
  /** Documents must match all of them. */
  FILTER?: FtFilter | readonly FtFilter[];
  GEOFILTER?: FtGeoFilter | readonly FtGeoFilter[];
  INKEYS?: string | readonly string[];
  INFIELDS?: string | readonly string[];
  SLOP?: number;
  INORDER?: boolean;
  /** Milliseconds that the server may take. */
  TIMEOUT?: number;
  LANGUAGE?: string;
  EXPANDER?: string;
  SCORER?: string;
  SORTBY?: FtSort;
  /** Default: the first 10. `[0, 0]` only counts. */
  LIMIT?: FtLimit;
}
export interface FtSearchNoContentOptions extends OfSearches, CallOptions<boolean, boolean> {}
export interface FtSearchOptions<B extends boolean = boolean> extends OfSearches, CallOptions<B, boolean> {
  /** Only these fields; `"$.a", "AS", "b"` gives one another name. */
  RETURN?: string | readonly string[];
  SUMMARIZE?: boolean | { FIELDS?: string | readonly string[]; FRAGS?: number; LEN?: number; SEPARATOR?: string };
  HIGHLIGHT?: boolean | { FIELDS?: string | readonly string[]; TAGS?: { open: string; close: string } };
  /** Gives each document `score`. Redis 8 has another scorer than earlier servers. */
  WITHSCORES?: boolean;
  /** Gives each document `score` and `explanation`. */
  EXPLAINSCORE?: boolean;
  WITHPAYLOADS?: boolean;
  WITHSORTKEYS?: boolean;
}
export type ScoreExplanation = string | [text: string, parts?: ScoreExplanation[]];
export interface FtDocument<T, B extends boolean = false> {
  id: Text<B>;
  /**
   * Of a hash, its fields, as an object without prototype; of a JSON document (unless `RETURN` says what is wanted), the
   * document. Null if it is gone, or has none of the fields.
   */
  value: T | null;
  /** What comes beside a JSON document, such as the distance of a vector. */
  extra?: Record<string, string>;
  score?: number;
  explanation?: ScoreExplanation;
  payload?: Text<B> | null;
  /** What the document is sorted by, as the index has it. */
  sortKey?: Text<B> | number | null;
}
export interface FtPage<D> {
  /** How many match in all. */
  total: number;
  documents: D[];
  /** That the server has not looked at everything in time. RESP2 cannot say it. */
  warnings: string[];
}

export type FtProperty = `@${string}`;
/** A field of `LOAD`: `"@title"`; `"$.a", "AS", "b"` gives one another name. */
export type FtLoad = "*" | string | readonly string[];
export interface FtReducer {
  type: "COUNT" | "COUNT_DISTINCT" | "COUNT_DISTINCTISH" | "SUM" | "MIN" | "MAX" | "AVG" | "STDDEV" | "QUANTILE" | "TOLIST" | "FIRST_VALUE" | "RANDOM_SAMPLE";
  property?: FtProperty;
  /** Of `QUANTILE`, as 0.99. */
  quantile?: number;
  /** Of `RANDOM_SAMPLE`. */
  sampleSize?: number;
  /** Of `FIRST_VALUE`. */
  BY?: FtProperty | readonly [FtProperty, SortDirection?] | { BY: FtProperty; DIRECTION?: SortDirection };
  AS?: string;
}
export type FtStep =
  | { type: "GROUPBY"; properties?: FtProperty | readonly FtProperty[]; REDUCE?: FtReducer | readonly FtReducer[] }
  | { type: "SORTBY"; BY: FtSort | readonly FtSort[]; MAX?: number }
  | { type: "APPLY"; expression: string; AS: string }
  | { type: "FILTER"; expression: string }
  | { type: "LIMIT"; from: number; size: number };
export interface FtAggregateOptions<B extends boolean = boolean> extends OfQueries, CallOptions<B, boolean> {
  VERBATIM?: boolean;
  ADDSCORES?: boolean;
  SCORER?: string;
  TIMEOUT?: number;
  LOAD?: FtLoad;
  /** What is done with the documents, in this order. */
  STEPS?: readonly FtStep[];
}
export interface FtCursorOptions<B extends boolean = boolean> extends FtAggregateOptions<B> {
  /** Rows that are read at once. Default: 1000. */
  COUNT?: number;
  /** Milliseconds that the server keeps the cursor without being asked. Default: 60,000. */
  MAXIDLE?: number;
}
export interface FtHybridOptions<B extends boolean = boolean> extends CallOptions<B, boolean> {
  /** What is looked for by words, and the name by which rows have how well they match. */
  SEARCH: { query: AnyQuery; SCORER?: string; YIELD_SCORE_AS?: string };
  /** What is looked for by a vector, which is sent as a parameter; a string is the name of one in `PARAMS`, as `"$v"`. */
  VSIM: {
    field: FtProperty;
    vector: `$${string}` | ArrayBuffer | ArrayBufferView;
    /** Default: the nearest 10. */
    method?: { type: "KNN"; K: number; EF_RUNTIME?: number; SHARD_K_RATIO?: number } | { type: "RANGE"; RADIUS: number; EPSILON?: number };
    /** Only among these documents. */
    FILTER?: AnyQuery;
    /** How the filter is applied. Since Redis 8.6. */
    POLICY?: "ADHOC" | "BATCHES";
    BATCH_SIZE?: number;
    YIELD_SCORE_AS?: string;
  };
  /** How both lists become one; by default by ranks. `WINDOW` is how many of each list are looked at: 20. */
  COMBINE?: {
    method: { type: "RRF"; CONSTANT?: number; WINDOW?: number } | { type: "LINEAR"; ALPHA?: number; BETA?: number; WINDOW?: number };
    /** Default: `__score`. */
    YIELD_SCORE_AS?: string;
  };
  /** What rows have in place of `__key` and `__score`, which may be among it. */
  LOAD?: FtLoad;
  STEPS?: readonly FtStep[];
  TIMEOUT?: number;
  /** Gives rows a property `score`: a pair of the score and a `ScoreExplanation`. Since Redis 8.10. */
  EXPLAINSCORE?: boolean;
  PARAMS?: Record<string, Arg>;
}
export interface FtHybridPage<R> extends FtRows<R> {
  /** Milliseconds that the server took. */
  executionTime: number;
}
/** Texts, whatever their type; null where a group has no value; lists of `TOLIST`. */
export type FtRow<B extends boolean = false> = Record<string, Text<B> | null | Text<B>[]>;
export interface FtRows<R> {
  /** As the server counts: how many rows there are only behind a `GROUPBY` or `SORTBY`. */
  total: number;
  results: R[];
  warnings: string[];
}

/** What the server says of an index, names in camel case: `numDocs`, `percentIndexed`, `hashIndexingFailures` … */
export interface FtInfo {
  [name: string]: any;
  indexName: string;
  indexDefinition: { [name: string]: any; keyType: "HASH" | "JSON"; prefixes: string[] };
  attributes: { [name: string]: any; identifier: string; attribute: string; type: string; flags: string[] }[];
}
export interface FtSpelling {
  term: string;
  suggestions: { suggestion: string; score: number }[];
}
export interface FtSugAddOptions<N extends boolean = boolean> extends CallOptions<boolean, N> {
  /** Adds to the score of a suggestion that is there. */
  INCR?: boolean;
  PAYLOAD?: Arg;
}
export interface FtSugGetOptions<B extends boolean = boolean> extends CallOptions<B> {
  /** Also finds what differs by one letter. */
  FUZZY?: boolean;
  MAX?: number;
}

export interface SearchCommands<Q extends unknown[] | null, D extends Mode> {
  /** Aggregates what a query finds. */
  ftAggregate<R = FtRow, B extends boolean = false>(index: Arg, query: AnyQuery, options?: In<Q, FtAggregateOptions<B>>): Out<Q, D, FtRows<R>>;
  ftAliasAdd(alias: Arg, index: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  ftAliasDel(alias: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Needs Redis 8.10. */
  ftAliasList(index: Arg, options?: In<Q, CallOptions<false>>): Out<Q, D, string[]>;
  /** Adds an alias, or makes it that of another index. */
  ftAliasUpdate(alias: Arg, index: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** Adds fields to an index. */
  ftAlter(index: Arg, schema: FtSchema, options?: In<Q, CallOptions & { SKIPINITIALSCAN?: boolean }>): Out<Q, D, "OK">;
  ftConfigGet(name: string, options?: In<Q, CallOptions<false>>): Out<Q, D, Record<string, string | null>>;
  ftConfigSet(name: string, value: Arg, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  ftCreate(index: Arg, schema: FtSchema, options?: In<Q, FtCreateOptions>): Out<Q, D, "OK">;
  /** Deletes a cursor; ftAggregateWithCursor does it by itself. */
  ftCursorDel(index: Arg, cursor: number | bigint, options?: In<Q, CallOptions>): Out<Q, D, "OK">;
  /** The next rows of a cursor, which is 0 at the end. */
  ftCursorRead<R = FtRow, B extends boolean = false>(index: Arg, cursor: number | bigint, options?: In<Q, CallOptions<B, boolean> & { COUNT?: number }>): Out<Q, D, FtRows<R> & { cursor: number | bigint }>;
  /** Adds words to a dictionary; how many are new. */
  ftDictAdd<N extends boolean = BigInts<D>>(dictionary: Arg, terms: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  ftDictDel<N extends boolean = BigInts<D>>(dictionary: Arg, terms: Args, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  ftDictDump<B extends boolean = false>(dictionary: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B>[]>;
  /** Deletes an index; with `DD` its documents, too. */
  ftDropIndex(index: Arg, options?: In<Q, CallOptions & { DD?: boolean }>): Out<Q, D, "OK">;
  /** How the server reads a query, as a tree of text. */
  ftExplain(index: Arg, query: AnyQuery, options?: In<Q, OfQueries & CallOptions<false>>): Out<Q, D, string>;
  /** Finds documents by words and by vectors, as one list. Needs Redis 8.4. */
  ftHybrid<R = FtRow, B extends boolean = false>(index: Arg, options: In<Q, FtHybridOptions<B>>): Out<Q, D, FtHybridPage<R>>;
  ftInfo(index: Arg, options?: In<Q, CallOptions<false, boolean>>): Out<Q, D, FtInfo>;
  /** The names of all indexes. */
  ftList(options?: In<Q, CallOptions<false>>): Out<Q, D, string[]>;
  /** As ftAggregate, with what the server did; `profile` is as `send` gives it, and differs by version and protocol. */
  ftProfileAggregate<R = FtRow, B extends boolean = false>(index: Arg, query: AnyQuery, options?: In<Q, FtAggregateOptions<B> & { LIMITED?: boolean }>): Out<Q, D, FtRows<R> & { profile: unknown }>;
  /** As ftHybrid, with what the server did. Needs Redis 8.8. */
  ftProfileHybrid<R = FtRow, B extends boolean = false>(index: Arg, options: In<Q, FtHybridOptions<B> & { LIMITED?: boolean }>): Out<Q, D, FtHybridPage<R> & { profile: unknown }>;
  /** As ftSearch, with what the server did. */
  ftProfileSearch<T = Record<string, string>, B extends boolean = false>(index: Arg, query: AnyQuery, options?: In<Q, FtSearchOptions<B> & { LIMITED?: boolean }>): Out<Q, D, FtPage<FtDocument<T, B>> & { profile: unknown }>;
  /** Documents that match. Fields that are no text (vectors) need `bytes`, or a `RETURN` without them. */
  ftSearch<T = Record<string, string>>(index: Arg, query: AnyQuery, options?: In<Q, FtSearchOptions<false>>): Out<Q, D, FtPage<FtDocument<T>>>;
  ftSearch(index: Arg, query: AnyQuery, options: In<Q, FtSearchOptions<true> & { bytes: true }>): Out<Q, D, FtPage<FtDocument<Record<string, Uint8Array>, true>>>;
  /** The keys of documents that match. */
  ftSearchNoContent(index: Arg, query: AnyQuery, options?: In<Q, FtSearchNoContentOptions>): Out<Q, D, FtPage<string>>;
  /** Words of the query that no document has, and others that are like them. */
  ftSpellCheck(index: Arg, query: string, options?: In<Q, CallOptions<false> & { DISTANCE?: number; TERMS?: FtTerms | readonly FtTerms[]; DIALECT?: 1 | 2 | 3 | 4 }>): Out<Q, D, FtSpelling[]>;
  /** Adds a suggestion; how many there are. */
  ftSugAdd<N extends boolean = BigInts<D>>(key: Arg, suggestion: Arg, score: number, options?: In<Q, FtSugAddOptions<N>>): Out<Q, D, Int<N>>;
  /** Deletes a suggestion; whether it was there. */
  ftSugDel(key: Arg, suggestion: Arg, options?: In<Q, CallOptions>): Out<Q, D, boolean>;
  /** Suggestions that begin like this, the best first. */
  ftSugGet<B extends boolean = false>(key: Arg, prefix: Arg, options?: In<Q, FtSugGetOptions<B>>): Out<Q, D, Text<B>[]>;
  ftSugGetWithPayloads<B extends boolean = false>(key: Arg, prefix: Arg, options?: In<Q, FtSugGetOptions<B>>): Out<Q, D, { suggestion: Text<B>; payload: Text<B> | null }[]>;
  ftSugGetWithScores<B extends boolean = false>(key: Arg, prefix: Arg, options?: In<Q, FtSugGetOptions<B>>): Out<Q, D, { suggestion: Text<B>; score: number }[]>;
  ftSugGetWithScoresWithPayloads<B extends boolean = false>(key: Arg, prefix: Arg, options?: In<Q, FtSugGetOptions<B>>): Out<Q, D, { suggestion: Text<B>; score: number; payload: Text<B> | null }[]>;
  ftSugLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  /** The groups of each word. */
  ftSynDump(index: Arg, options?: In<Q, CallOptions<false>>): Out<Q, D, Record<string, string[]>>;
  /** Makes words mean the same. */
  ftSynUpdate(index: Arg, group: Arg, terms: Args, options?: In<Q, CallOptions & { SKIPINITIALSCAN?: boolean }>): Out<Q, D, "OK">;
  /** All tags of a field. */
  ftTagVals<B extends boolean = false>(index: Arg, field: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, Text<B>[]>;
}
export interface FtTerms {
  mode: "INCLUDE" | "EXCLUDE";
  dictionary: string;
}
export interface SearchIterators {
  /**
   * The rows of an aggregation, one after the other, read `COUNT` at a time:
   * `for await (const row of redis.ftAggregateWithCursor("books", "*", { LOAD: "@title" })) …`
   *
   * A loop that is left deletes the cursor on the server.
   */
  ftAggregateWithCursor<R = FtRow, B extends boolean = false>(index: Arg, query: AnyQuery, options?: FtCursorOptions<B>): AsyncGenerator<R, void, undefined>;
}

declare module "./methods.js" {
  interface Commands<Q extends unknown[] | null = null, D extends Mode = false> extends SearchCommands<Q, D> {}
  interface Iterators extends SearchIterators {}
}
