// Checked by the compiler, never run: how clients on servers give replies, with the `Buffer` of Node.

import { connect, type ServerClient, type StreamEntry } from "redmux";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the value has exactly this type. */
function is<Wanted>() {
  return <Given>(_value: Given, ..._proof: Same<Given, Wanted> extends true ? [] : [never]): void => {};
}

/** `Buffer` as the installed types have it for memory of its own. */
type Bytes = ReturnType<typeof Buffer.alloc>;

export async function gives(plain: ServerClient): Promise<void> {
  const buffers = await connect("redis://a", { replies: { text: "buffer" } });
  is<Bytes | null>()(await buffers.get("k"));
  is<(Bytes | null)[]>()(await buffers.mGet(["a", "b"]));
  is<string | null>()(await buffers.get("k", { bytes: false }));
  is<Record<string, Bytes>>()(await buffers.hGetAll("h"));
  is<Bytes[]>()(await buffers.sMembers("s"));
  is<{ key: Bytes; element: Bytes } | null>()(await buffers.blPop("l", 1));
  is<[Bytes | null, number]>()(await buffers.multi().get("k").incr("n").exec());
  is<Bytes | null>()(await buffers.dump("k"));
  for await (const key of buffers.scanIterator()) is<Bytes>()(key);
  is<Uint8Array | null>()(await plain.withReplies({ text: "bytes" }).get("k"));

  const shaped = plain.withReplies({ maps: "map", sets: "array" });
  is<Map<string, string>>()(await shaped.hGetAll("h"));
  is<string[]>()(await shaped.sMembers("s"));
  is<Map<string, StreamEntry<false, { maps: "map"; sets: "array" }>[]> | null>()(await shaped.xRead({ s: "0" }));
  is<[name: Bytes, value: Bytes][]>()(await buffers.withReplies({ maps: "pairs" }).database(1).configGet("*"));
  is<Record<string, string>>()(await shaped.withReplies({ maps: "object" }).hGetAll("h"));
  const entry: StreamEntry<false, { maps: "map" }> = { id: "1-0", fields: new Map([["f", "v"]]) };
  void entry;

  const exact = plain.withReplies({ integers: "string", doubles: "string" });
  is<string>()(await exact.incr("n"));
  is<bigint>()(await exact.incr("n", { bigint: true }));
  is<string | null>()(await exact.zScore("z", "m"));
  is<{ value: string; score: string }[]>()((await exact.zRangeWithScores("z", 0, -1)).map(({ value, score }) => ({ value, score })));
  is<(string | Uint8Array | null)[]>()(await plain.withReplies({ invalidText: "bytes" }).mGet(["a"]));
  const big = await connect("redis://a", { bigint: true, replies: { sets: "array" } });
  is<bigint>()(await big.incr("n"));
  is<string[]>()(await big.sMembers("s"));
  is<Bytes | null>()(await (await buffers.duplicate({ replies: { sets: "array" } })).get("k"));
  is<Bytes | null>()(await buffers.watch("k", (tx) => tx.get("k")));
  is<Bytes | null>()(await (await buffers.lease()).get("k"));
  is<string | null>()(await plain.get("k"));

  // @ts-expect-error: no such choice
  plain.withReplies({ text: "blob" });
  // @ts-expect-error: no such option
  plain.withReplies({ set: "array" });
  // @ts-expect-error: no such choice
  await connect("a", { replies: { maps: "array" } });
}
