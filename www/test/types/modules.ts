// Checked by the compiler, never run: what the modules add to clients and queues.

import type { Client } from "redmux/page";
import type { FilterChunk, SketchInfo } from "redmux/bloom";
import type { ServerError } from "redmux/page";
import type { JsonNumber, JsonType } from "redmux/json";
import { expression, query, type FtDocument, type FtHybridPage, type FtPage, type FtRow, type FtRows, type FtSchema, type Query } from "redmux/search";
import type { TsInfo, TsLastSample, TsSample, TsSeries } from "redmux/time-series";
import "redmux/bloom";
import "redmux/json";
import "redmux/time-series";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the value has exactly this type. */
function is<Wanted>() {
  return <Given>(_value: Given, ..._proof: Same<Given, Wanted> extends true ? [] : [never]): void => {};
}
interface Book {
  title: string;
  price: number;
}

export async function json(redis: Client): Promise<void> {
  is<"OK" | null>()(await redis.jsonSet("b", "$", { title: "Emma" }, { NX: true, timeout: 5 }));
  is<Book | undefined>()(await redis.jsonGet<Book>("b"));
  is<number[] | undefined>()(await redis.jsonGet<number>("b", "$.price", { bigint: true }));
  is<Record<string, number[]> | undefined>()(await redis.jsonGet<number>("b", ["$.a", "$.b"]));
  is<string | undefined>()(await redis.jsonGet("b", { raw: true, INDENT: "  " }));
  is<Uint8Array | undefined>()(await redis.jsonGet("b", "$.a", { raw: true, bytes: true }));
  is<(Book | undefined)[]>()(await redis.jsonMGet<Book>(["a", "b"]));
  is<(number[] | undefined)[]>()(await redis.jsonMGet<number>(["a", "b"], "$.price"));
  is<(JsonNumber | null)[]>()(await redis.jsonNumIncrBy("b", "$.price", 0.5));
  is<(number | null)[]>()(await redis.jsonArrAppend("b", "$.tags", ["novel", { a: 1 }]));
  is<(bigint | null)[]>()(await redis.jsonArrLen("b", "$.tags", { bigint: true }));
  is<JsonType[] | null>()(await redis.jsonType("b"));
  is<(string[] | null)[]>()(await redis.jsonObjKeys("b"));
  is<["OK" | null, Book | undefined, number]>()(await redis.multi().jsonSet("b", "$", 1).jsonGet<Book>("b").jsonDel("b").exec());
  // @ts-expect-error: an array of values
  await redis.jsonArrAppend("b", "$.tags", "novel");
  // @ts-expect-error: a path comes before the value
  await redis.jsonSet("b", { title: "Emma" });
  // @ts-expect-error: a queue has one timeout
  redis.multi().jsonGet("b", { timeout: 5 });
}

export async function series(redis: Client): Promise<void> {
  is<number>()(await redis.tsAdd("a", new Date(), 1.5, { RETENTION: 0, LABELS: { room: 7 }, ON_DUPLICATE: "LAST" }));
  is<bigint>()(await redis.tsAdd("a", "*", 1.5, { bigint: true }));
  is<(number | ServerError)[]>()(await redis.tsMAdd([{ key: "a", timestamp: 1, value: 2 }]));
  is<TsSample | null>()(await redis.tsGet("a", { LATEST: true }));
  is<TsSample[]>()(await redis.tsRange("a", "-", new Date(), { AGGREGATION: [["min", "max"], 60_000], COUNT: 5 }));
  is<TsSeries[]>()(await redis.tsMRange("-", "+", ["room=7", "floor!="], { GROUPBY: ["room", "max"], WITHLABELS: true }));
  is<TsLastSample[]>()(await redis.tsMGet("room=7", { SELECTED_LABELS: ["room"] }));
  is<TsInfo>()(await redis.tsInfo("a"));
  is<["OK", number, string[]]>()(await redis.multi().tsCreate("a").tsDel("a", "-", "+").tsQueryIndex("room=7").exec());
  // @ts-expect-error: a number
  await redis.tsAdd("a", 1, "1.5");
  // @ts-expect-error: an aggregator has a bucket
  await redis.tsRange("a", "-", "+", { AGGREGATION: "avg" });
  // @ts-expect-error: texts could not be told from numbers
  await redis.tsRange("a", "-", "+", { bytes: true });
}

export async function sketches(redis: Client): Promise<void> {
  is<boolean>()(await redis.bfAdd("b", "x", { timeout: 5 }));
  is<(boolean | ServerError)[]>()(await redis.bfInsert("b", ["x", 1], { CAPACITY: 100, ERROR: 0.01 }));
  is<FilterChunk>()(await redis.bfScanDump("b", 0));
  is<SketchInfo>()(await redis.cfInfo("c"));
  is<bigint[]>()(await redis.cfInsertNX("c", ["a"], { bigint: true }));
  is<(number | ServerError)[]>()(await redis.cmsIncrBy("s", { a: 1 }));
  is<(string | null)[]>()(await redis.topkAdd("k", ["a"]));
  is<{ item: Uint8Array; count: number }[]>()(await redis.topkListWithCount("k", { bytes: true }));
  is<number[]>()(await redis.tdigestQuantile("t", [0.5, 0.99]));
  is<[boolean, number]>()(await redis.multi().bfExists("b", "x").tdigestMax("t").exec());
  // @ts-expect-error: width needs depth and decay
  await redis.topkReserve("k", 3, 8);
  // @ts-expect-error: numbers
  await redis.tdigestAdd("t", ["1"]);
}

export async function search(redis: Client, words: string, vector: Float32Array): Promise<void> {
  const schema: FtSchema = { title: { type: "TEXT", SORTABLE: true }, price: "NUMERIC", v: { type: "VECTOR", ALGORITHM: "FLAT", TYPE: "FLOAT32", DIM: 2, DISTANCE_METRIC: "L2" } };
  is<"OK">()(await redis.ftCreate("books", schema, { ON: "HASH", PREFIX: ["book:"] }));
  is<string>()(expression`@price < ${10} && @genre == ${"novel"}`);
  const cheap = query`@price:[${0} ${10}] @genre:{${["novel", "poetry"]}}`;
  is<Query>()(cheap);
  is<FtPage<FtDocument<Record<string, string>>>>()(await redis.ftSearch("books", query`@title:${words} ${cheap}`, { LIMIT: [0, 5], SORTBY: ["price", "DESC"], timeout: 5 }));
  is<FtPage<FtDocument<Book>>>()(await redis.ftSearch<Book>("books", query`*=>[KNN 5 @v ${vector}]`));
  is<FtPage<FtDocument<Record<string, Uint8Array>, true>>>()(await redis.ftSearch("books", "*", { bytes: true }));
  is<FtPage<string>>()(await redis.ftSearchNoContent("books", "@title:$t", { PARAMS: { t: "emma" } }));
  const page = await redis.ftSearch<Book>("books", "*", { WITHSCORES: true });
  is<number | undefined>()(page.documents[0]?.score);
  is<Book | null | undefined>()(page.documents[0]?.value);
  is<FtRows<{ n: string }>>()(await redis.ftAggregate<{ n: string }>("books", "*", { STEPS: [{ type: "GROUPBY", REDUCE: { type: "COUNT", AS: "n" } }] }));
  await redis.ftSearch("books", "*", { FILTER: [["price", "(5", Infinity]], GEOFILTER: ["place", 13.4, 52.5, 10, "km"] });
  const hybrid = { SEARCH: { query: cheap }, VSIM: { field: "@v", vector, method: { type: "KNN", K: 5 }, FILTER: cheap } } as const;
  const best = await redis.ftHybrid<Book>("books", { ...hybrid, COMBINE: { method: { type: "RRF", WINDOW: 50 } }, LOAD: ["@title"], timeout: 5 });
  is<FtHybridPage<Book>>()(best);
  is<number>()((await redis.ftProfileHybrid("books", { ...hybrid, LIMITED: true })).executionTime);
  // @ts-expect-error: what is looked for by vectors is missing
  await redis.ftHybrid("books", { SEARCH: { query: cheap } });
  for await (const row of redis.ftAggregateWithCursor("books", "*", { LOAD: ["@title"], COUNT: 100 })) is<FtRow>()(row);
  is<string[]>()((await redis.ftInfo("books")).indexDefinition.prefixes);
  is<{ suggestion: string; score: number }[]>()(await redis.ftSugGetWithScores("s", "em", { FUZZY: true }));
  is<["OK", string[]]>()(await redis.multi().ftAliasAdd("b", "books").ftList().exec());
  // @ts-expect-error: a type of field that there is not
  await redis.ftCreate("books", { title: "STRING" });
  // @ts-expect-error: a property has a mark before it
  await redis.ftAggregate("books", "*", { STEPS: [{ type: "GROUPBY", properties: "genre" }] });
  // @ts-expect-error: a list of numbers has no type that the server could know
  query`*=>[KNN 5 @v ${{ x: 1 }}]`;
  // @ts-expect-error: a queue has no loops
  redis.multi().ftAggregateWithCursor("books", "*");
}
