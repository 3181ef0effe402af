// Checked by the compiler, never run: `redmux/ioredis` in the call style of ioredis.

import Redis, { type Cluster, Command, ReplyError, type RedisOptions } from "redmux/ioredis";
import { Redis as Named } from "redmux/ioredis";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the value has exactly this type. */
function is<Wanted>() {
  return <Given>(_value: Given, ..._proof: Same<Given, Wanted> extends true ? [] : [never]): void => {};
}

declare module "redmux/ioredis" {
  interface RedisCommander<Context> {
    double(key: string): Result<number, Context>;
  }
}

export async function uses(): Promise<void> {
  const options: RedisOptions = { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: (times) => (times > 3 ? null : 100) };
  const clients: Redis[] = [new Redis(), new Redis(6379, "localhost", options), new Redis("redis://localhost"), new Named(options), new Redis(6379)];
  const redis = clients[0]!;
  is<string | null>()(await redis.get("k"));
  is<Buffer | null>()(await redis.getBuffer(Buffer.from("k")));
  is<Record<string, string>>()(await redis.hgetall("h"));
  is<Record<string, Buffer>>()(await redis.hgetallBuffer("h"));
  is<number>()(await redis.hset("h", { name: "Ada", born: 1815 }));
  is<number>()(await redis.hset("h", "name", "Ada"));
  is<"OK">()(await redis.mset(new Map([["a", 1]])));
  is<string[]>()(await redis.zrange("z", 0, -1, "WITHSCORES"));
  is<[key: string, item: string] | null>()(await redis.blpop("q", 0));
  is<unknown>()(await redis.call("JSON.GET", "d", "$"));
  is<number>()(await redis.double("k"));
  redis.get("k", (error, value) => is<string | null | undefined>()(error ? null : value));
  const outcomes = await redis.multi().set("a", 1).double("a").get("a").exec();
  is<[error: Error | null, result: unknown][] | null>()(outcomes);
  await redis.pipeline([["set", "a", 1]]).getBuffer("a").exec();
  redis.on("message", (channel, message) => is<string>()(channel + message));
  redis.on("pmessageBuffer", (pattern, _channel, message) => is<Buffer>()(pattern ? message : message));
  for await (const page of redis.scanStream({ match: "a*", count: 10 })) is<any>()(page);
  await redis.sendCommand(new Command("get", ["k"], { replyEncoding: "utf8" }));
  const cluster = new Redis.Cluster([{ host: "localhost", port: 7000 }, "redis://localhost:7001"], { redisOptions: { maxRetriesPerRequest: null }, scaleReads: "slave" });
  is<Redis[]>()(cluster.nodes("master"));
  is<string | null>()(await cluster.duplicate().get("k"));
  const everything: Redis | Cluster = await redis.monitor();
  everything.on("monitor", (_time, args) => is<string[]>()(args));
  await redis.duplicate({ db: 1 }).quit().catch((error: unknown) => error instanceof ReplyError && error.command?.name);
}

export function mistakes(redis: Redis): void {
  // @ts-expect-error: no such command
  redis.gett("k");
  // @ts-expect-error: an object is no argument of GET
  redis.get({ key: "k" });
  // @ts-expect-error: a port is a number or a text
  new Redis({ port: true });
}
