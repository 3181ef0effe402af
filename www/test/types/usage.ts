// Checked by the compiler, never run: typical uses and what they give, and typical mistakes.

import { connect, type Client, type Reply, type Scored, type SetOptions, type StreamEntry } from "redmux/page";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the value has exactly this type. */
function is<Wanted>() {
  return <Given>(_value: Given, ..._proof: Same<Given, Wanted> extends true ? [] : [never]): void => {};
}

export async function uses(url: string): Promise<void> {
  const redis = await connect(url, { commandTimeout: 1000, clientCache: { maxBytes: 1 << 20 } });
  is<Client<false>>()(redis);

  is<string | null>()(await redis.get("k"));
  is<string | null>()(await redis.get("k", { cached: true, timeout: 5 }));
  is<Uint8Array | null>()(await redis.get("k", { bytes: true }));
  is<"OK" | null>()(await redis.set("k", new Uint8Array(3), { EX: 10, NX: true }));
  is<string | null>()(await redis.set("k", 1n, { GET: true }));
  is<Uint8Array | null>()(await redis.set("k", "v", { GET: true, bytes: true }));
  is<number>()(await redis.incr("k"));
  is<bigint>()(await redis.incr("k", { bigint: true }));
  is<number>()(await redis.del("a", "b"));
  is<number>()(await redis.del(["a", "b"], { timeout: 5 }));
  is<bigint>()(await redis.del(["a", "b"], { bigint: true }));
  is<(string | null)[]>()(await redis.mGet(["a", "b"]));
  is<(string | null)[]>()(await redis.mGet("a", "b"));
  is<(Uint8Array | null)[]>()(await redis.mGet("a", ["b"], { bytes: true }));
  is<Record<string, string>>()(await redis.hGetAll("h"));
  is<Record<string, Uint8Array>>()(await redis.hGetAll("h", { bytes: true }));
  is<number>()(await redis.hSet("h", { name: "Ada", born: 1815 }));
  is<number>()(await redis.hSet("h", new Map([["f", new Uint8Array()]]), { timeout: 1 }));
  is<number[] | null>()(await redis.hExpire("h", 60, ["a", "b"], { NX: true }));
  is<boolean>()(await redis.hSetEx("h", { a: 1 }, { EX: 60, FNX: true }));
  is<Set<string>>()(await redis.sMembers("s"));
  is<Uint8Array[]>()(await redis.sMembers("s", { bytes: true }));
  is<string | null>()(await redis.sPop("s"));
  is<Set<string>>()(await redis.sPop("s", 2));
  is<string | null>()(await redis.lPop("l"));
  is<string[] | null>()(await redis.lPop("l", 2));
  is<number | null>()(await redis.lPos("l", "a", { RANK: 2 }));
  is<number[]>()(await redis.lPos("l", "a", { COUNT: 0 }));
  is<{ key: string; elements: string[] } | null>()(await redis.lmPop(["a", "b"], "LEFT", { COUNT: 2 }));

  is<number>()(await redis.zAdd("z", { score: 1, value: "a" }));
  is<number | null>()(await redis.zAdd("z", [{ score: 1, value: "a" }], { INCR: true }));
  is<Scored<string>[]>()(await redis.zRangeWithScores("z", 0, -1, { REV: true, LIMIT: [0, 10] }));
  is<Scored<Uint8Array>[]>()(await redis.zUnionWithScores(["a", "b"], { WEIGHTS: [1, 2], AGGREGATE: "MAX", bytes: true }));
  is<{ rank: number; score: number } | null>()(await redis.zRankWithScore("z", "a"));

  const near = await redis.geoSearchWith("g", { FROMLONLAT: [13.4, 52.5], BYRADIUS: [5, "km"], COUNT: 3, ASC: true });
  is<number | undefined>()(near[0]?.distance);
  await redis.geoAdd("g", { longitude: 13.4, latitude: 52.5, member: "berlin" });

  is<string | null>()(await redis.xAdd("x", "*", { a: 1 }, { MAXLEN: ["~", 1000] }));
  is<StreamEntry[]>()(await redis.xRange("x", "-", "+", { COUNT: 10 }));
  const read = await redis.xReadGroup("g", "me", { x: ">" }, { COUNT: 10, NOACK: true });
  is<string | undefined>()(read?.["x"]?.[0]?.fields["a"]);

  is<Reply>()(await redis.eval("return 1", ["k"], ["a"]));
  const increment = redis.script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  is<Reply>()(await increment(["k"], [5], { bigint: true }));
  is<string[]>()(await redis.vSim("v", new Float32Array(3), { COUNT: 5 }));
  is<Scored<string>[]>()(await redis.vSimWithScores("v", { ELE: "a", FILTER: ".year > 1950" }));
  const client = (await redis.clientList({ TYPE: "normal" }))[0];
  is<number | undefined>()(client?.id);

  const results = await redis.multi().set("a", 1).incr("b").get("c", { bytes: true }).send("PING").exec();
  is<["OK" | null, number, Uint8Array | null, Reply]>()(results);
  const settled = await redis.pipeline().get("a").del("b").execSettled({ timeout: 5 });
  is<[PromiseSettledResult<string | null>, PromiseSettledResult<number>]>()(settled);
  const many = redis.multi<any[]>();
  for (const key of ["a", "b"]) many.get(key);
  is<any[]>()(await many.exec());

  for await (const key of redis.scanIterator({ MATCH: "user:*", TYPE: "hash" })) is<string>()(key);
  for await (const [field] of redis.hScanIterator("h", { bytes: true })) is<Uint8Array>()(field);
  for await (const page of redis.zScanIterator("z").batches()) is<Scored<string>[]>()(page);

  const feed = await redis.subscribe("c", ({ payload }) => is<Uint8Array>()(payload), { bytes: true });
  feed.unsubscribe();
  for await (const { payload } of await redis.pSubscribe("c.*")) is<string>()(payload);
  redis.on("missed", (gap) => is<number | null>()(gap.count));
  for await (const event of redis) if (event.type === "connectionRestored") is<number>()(event.detail.outage);

  const exact = await connect(url, { bigint: true });
  is<bigint>()(await exact.incr("k"));
  is<number>()(await exact.incr("k", { bigint: false }));
  is<[bigint]>()(await exact.multi().incr("k").exec());

  interface User {
    name: string;
    born: number;
  }
  const user: User = { name: "Ada", born: 1815 };
  await redis.hSet("h", user);
  await redis.hSet("h", user, { timeout: 5 });
  await redis.hSetEx("h", user, { EX: 60 });
  await redis.mSet(user);
  await redis.xAdd("x", "*", user, { NOMKSTREAM: true });
  redis.multi().hSet("h", user).xAdd("x", "*", user);
  await redis.hSet("h", [["f", 1]]);
  await redis.hSet("h", "f", 1);

  is<string>()(await redis.send<string>("GETDEL", "k"));
  is<number>()(await redis.eval<number>("return 1"));
  is<number>()(await redis.script<number>("return 1")(["k"]));
  is<[number]>()(await redis.multi().send<number>("INCR", "k").exec());

  redis.events.addEventListener("errorMessage", ({ type, detail }) => {
    is<"errorMessage">()(type);
    is<string>()(detail.serverCode);
  });
  const target: EventTarget = redis.events;
  target.dispatchEvent(new Event("x"));
  await redis.get("k", undefined);
  await redis.set("k", "v", Math.random() > 0.5 ? { EX: 1 } : undefined);
  is<string>()((redis as Client).status().connections[0]?.endpoint ?? "");

  const options: SetOptions = { EX: 5 };
  await redis.set("k", "v", options);
  await using scoped = await connect(url);
  is<Reply>()(await scoped.send("OBJECT", "HELP", ["x"], { timeout: 5 }));
}

export async function mistakes(redis: Client): Promise<void> {
  // @ts-expect-error: a field is not a value
  await redis.hSet("h", { name: { first: "Ada" } });
  // @ts-expect-error: a field may be undefined
  await redis.hSet("h", { name: "Ada" } as { name: string | undefined });
  // @ts-expect-error: fields without values
  await redis.hSet("h", "name");
  // @ts-expect-error: there are no fields
  await redis.hSet("h", true);
  // @ts-expect-error: there is no such event
  redis.events.addEventListener("disconnect", () => {});
  // @ts-expect-error: options are spelt as Redis spells them
  await redis.set("k", "v", { ex: 10 });
  // @ts-expect-error: also beside a right one
  await redis.set("k", "v", { NX: true, ex: 10 });
  // @ts-expect-error: seconds are a number
  await redis.set("k", "v", { EX: "10" });
  // @ts-expect-error: a value is missing
  await redis.set("k");
  // @ts-expect-error: an object is not a value
  await redis.set("k", { a: 1 });
  // @ts-expect-error: nor is a boolean
  await redis.set("k", true);
  // @ts-expect-error: it may be null
  (await redis.get("k")).length;
  // @ts-expect-error: a misspelt option of calls
  await redis.get("k", { timout: 5 });
  // @ts-expect-error: among keys too
  await redis.del("k", { timout: 5 });
  // @ts-expect-error: LEFT or RIGHT
  await redis.lMove("a", "b", "left", "right");
  // @ts-expect-error: score and value
  await redis.zAdd("z", { score: 1, member: "a" });
  // @ts-expect-error: a search needs to know where
  await redis.geoSearch("g");
  // @ts-expect-error: a unit of length
  await redis.geoSearch("g", { FROMMEMBER: "a", BYRADIUS: [5, "miles"] });
  // @ts-expect-error: blocking is refused
  await redis.xRead({ x: "$" }, { BLOCK: 0 });
  // @ts-expect-error: and so are blocking commands
  redis.blPop("k", 0);
  // @ts-expect-error: transactions are multi().…exec()
  redis.watch("k");
  // @ts-expect-error: a queue's method does not return a promise of a reply
  (await redis.multi().get("k")).trim();
  // @ts-expect-error: a queue has one timeout
  redis.multi().get("k", { timeout: 5 });
  // @ts-expect-error: a queue is not answered by the cache
  redis.pipeline().del("k", { cached: true });
  // @ts-expect-error: the first reply is a number
  const [text]: [string] = await redis.multi().incr("k").exec();
  // @ts-expect-error: there is no such event
  redis.on("disconnect", () => {});
  // @ts-expect-error: clients are made by connect
  new (redis.constructor as typeof import("redmux/page").Client)();
  return void text;
}
