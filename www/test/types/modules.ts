// Checked by the compiler, never run: what the modules add to clients and queues.

import type { Client } from "redmux";
import type { JsonNumber, JsonType } from "redmux/json";
import "redmux/json";

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
