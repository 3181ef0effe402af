// `import "redmux/json"`: the commands of RedisJSON and of Valkey's JSON module. The import adds these methods to
// clients, and to `multi()` and `pipeline()`.

import type { Arg, BigInts, CallOptions, In, Int, Mode, Out, Text } from "./index.js";

/**
 * Where in a document: `$.price`, `$..price`, `$.tags[0]`. `price` and `.price` mean `$.price`. The reply is a list, with
 * an element for each value that the path finds.
 */
export type JsonPath = string;

/** Options of methods that write values. */
export interface JsonWriteOptions<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {
  /** The value is a JSON text, which is sent as it is. */
  raw?: boolean;
}
export interface JsonSetOptions extends JsonWriteOptions {
  /** Only where nothing is. */
  NX?: boolean;
  /** Only where something is. */
  XX?: boolean;
  /** The width of numbers in an array of floats. Needs Redis 8.8. */
  FPHA?: "FP16" | "BF16" | "FP32" | "FP64";
}
/** Options of methods that read documents; `bytes` gives their JSON texts as bytes. */
export interface JsonReadOptions<B extends boolean = boolean> extends CallOptions<B, boolean> {
  /** Integers beyond ±(2⁵³ − 1) are `bigint`s; otherwise they lose digits, as with `JSON.parse`. */
  bigint?: boolean;
}
/** The JSON text instead of the value. */
export interface JsonTextOptions<B extends boolean = boolean> extends JsonReadOptions<B> {
  raw: true;
  /** How levels are indented. */
  INDENT?: string;
  /** What ends a line. */
  NEWLINE?: string;
  /** What follows the colon of a name. */
  SPACE?: string;
}
/** A number of a document; beyond ±(2⁵³ − 1) integers are `bigint`s. */
export type JsonNumber = number | bigint;
export type JsonType = "null" | "boolean" | "string" | "number" | "integer" | "object" | "array";

/** The methods; in lists, `null` is a value of another type than the command is for. */
export interface JsonCommands<Q extends unknown[] | null, D extends Mode> {
  /** Appends values to arrays; their lengths afterwards. */
  jsonArrAppend<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, values: readonly unknown[], options?: In<Q, JsonWriteOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** The place of a value in arrays, −1 where it is not; without `stop`, up to the end. */
  jsonArrIndex<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, value: unknown, options?: In<Q, JsonWriteOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  jsonArrIndex<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, value: unknown, start: number, options?: In<Q, JsonWriteOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  jsonArrIndex<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, value: unknown, start: number, stop: number, options?: In<Q, JsonWriteOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** Inserts values before the place `index`; the lengths afterwards. */
  jsonArrInsert<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, index: number, values: readonly unknown[], options?: In<Q, JsonWriteOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** The lengths of arrays. */
  jsonArrLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  jsonArrLen<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** Removes the last value of arrays, or that at `index`, and returns it; `undefined` where there is none. */
  jsonArrPop<T = any>(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, (T | undefined)[]>;
  jsonArrPop<T = any>(key: Arg, path: JsonPath, options?: In<Q, CallOptions>): Out<Q, D, (T | undefined)[]>;
  jsonArrPop<T = any>(key: Arg, path: JsonPath, index: number, options?: In<Q, CallOptions>): Out<Q, D, (T | undefined)[]>;
  /** Keeps the elements from `start` to `stop`, both included; the lengths afterwards. */
  jsonArrTrim<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, start: number, stop: number, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** Empties arrays and objects and sets numbers to 0; how many were changed. */
  jsonClear<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  jsonClear<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  /** Bytes that values take. */
  jsonDebugMemory<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>[]>;
  jsonDebugMemory<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>[]>;
  /** Deletes the document, or values; how many. */
  jsonDel<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  jsonDel<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, Int<N>>;
  /** The document; `undefined` if there is no such key, while `null` is a document. */
  jsonGet<T = any>(key: Arg, options?: In<Q, JsonReadOptions<false>>): Out<Q, D, T | undefined>;
  jsonGet<B extends boolean = false>(key: Arg, options: In<Q, JsonTextOptions<B>>): Out<Q, D, Text<B> | undefined>;
  /** What the path finds, as a list. */
  jsonGet<T = any>(key: Arg, path: JsonPath, options?: In<Q, JsonReadOptions<false>>): Out<Q, D, T[] | undefined>;
  jsonGet<B extends boolean = false>(key: Arg, path: JsonPath, options: In<Q, JsonTextOptions<B>>): Out<Q, D, Text<B> | undefined>;
  /** What each of the paths finds, by path: an object without prototype. */
  jsonGet<T = any>(key: Arg, paths: readonly JsonPath[], options?: In<Q, JsonReadOptions<false>>): Out<Q, D, Record<string, T[]> | undefined>;
  jsonGet<B extends boolean = false>(key: Arg, paths: readonly JsonPath[], options: In<Q, JsonTextOptions<B>>): Out<Q, D, Text<B> | undefined>;
  /** Merges a value into the document: members that are `null` are deleted. Valkey has no such command. */
  jsonMerge(key: Arg, path: JsonPath, value: unknown, options?: In<Q, JsonWriteOptions>): Out<Q, D, "OK">;
  /** Documents, `undefined` for keys that do not exist; or what the path finds in each. */
  jsonMGet<T = any>(keys: readonly Arg[], options?: In<Q, JsonReadOptions<false>>): Out<Q, D, (T | undefined)[]>;
  jsonMGet<B extends boolean = false>(keys: readonly Arg[], options: In<Q, JsonTextOptions<B>>): Out<Q, D, (Text<B> | undefined)[]>;
  jsonMGet<T = any>(keys: readonly Arg[], path: JsonPath, options?: In<Q, JsonReadOptions<false>>): Out<Q, D, (T[] | undefined)[]>;
  jsonMGet<B extends boolean = false>(keys: readonly Arg[], path: JsonPath, options: In<Q, JsonTextOptions<B>>): Out<Q, D, (Text<B> | undefined)[]>;
  /** Sets several values, all or none; without `path`, whole documents. */
  jsonMSet(items: readonly { key: Arg; path?: JsonPath; value: unknown }[], options?: In<Q, JsonWriteOptions>): Out<Q, D, "OK">;
  /** Adds to numbers; what they are afterwards. */
  jsonNumIncrBy(key: Arg, path: JsonPath, by: number | bigint, options?: In<Q, CallOptions>): Out<Q, D, (JsonNumber | null)[]>;
  /** Multiplies numbers; what they are afterwards. */
  jsonNumMultBy(key: Arg, path: JsonPath, by: number | bigint, options?: In<Q, CallOptions>): Out<Q, D, (JsonNumber | null)[]>;
  /** The names of the members of objects. */
  jsonObjKeys<B extends boolean = false>(key: Arg, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B>[] | null)[]>;
  jsonObjKeys<B extends boolean = false>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<B>>): Out<Q, D, (Text<B>[] | null)[]>;
  /** The numbers of members of objects. */
  jsonObjLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  jsonObjLen<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** Sets the document (`$`), or values in it; `null` if a condition was not met. */
  jsonSet(key: Arg, path: JsonPath, value: unknown, options?: In<Q, JsonSetOptions>): Out<Q, D, "OK" | null>;
  /** Appends to texts; their lengths afterwards, in bytes. */
  jsonStrAppend<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, text: string, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** The lengths of texts in bytes. */
  jsonStrLen<N extends boolean = BigInts<D>>(key: Arg, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  jsonStrLen<N extends boolean = BigInts<D>>(key: Arg, path: JsonPath, options?: In<Q, CallOptions<boolean, N>>): Out<Q, D, (Int<N> | null)[]>;
  /** Makes true of false, and false of true; what the values are afterwards. */
  jsonToggle(key: Arg, path: JsonPath, options?: In<Q, CallOptions>): Out<Q, D, (boolean | null)[]>;
  /** The types of values; `null` if there is no such key. */
  jsonType(key: Arg, options?: In<Q, CallOptions>): Out<Q, D, JsonType[] | null>;
  jsonType(key: Arg, path: JsonPath, options?: In<Q, CallOptions>): Out<Q, D, JsonType[] | null>;
}

declare module "./methods.js" {
  interface Commands<Q extends unknown[] | null = null, D extends Mode = false> extends JsonCommands<Q, D> {}
}
