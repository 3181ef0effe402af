// Checked by the compiler, never run: what the build for servers has beside the one for pages.

import { connect, connectGroup, createClient, createCluster, type EventMessage, type LateClient, type Lease, type NodeStatus, type ServerClient, type StatusQuestion, type StreamEntry } from "redmux";
import "redmux/json";
import { instrument } from "redmux/opentelemetry";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the value has exactly this type. */
function is<Wanted>() {
  return <Given>(_value: Given, ..._proof: Same<Given, Wanted> extends true ? [] : [never]): void => {};
}

export function watching(message: EventMessage, { clients }: StatusQuestion): void {
  if (message.type === "gaveUp") is<number>()(message.detail.attempts);
  for (const { endpoint, status } of clients) is<string | number>()(Math.random() < 0.5 ? endpoint : status.leases.idle);
  is<() => void>()(instrument({ spans: false, requireParentSpan: true }));
  // @ts-expect-error: no such option.
  instrument({ span: false });
}

export async function uses(): Promise<void> {
  const told = await connect("redis://a", { stack: true });
  is<ServerClient<false>>()(told);
  const redis = await connect(["a:7000", "redis://b:7001"], { mode: "cluster", readFrom: "nearest", zones: { a: "eu-1a" } });
  is<ServerClient<false>>()(redis);
  is<string | null>()(await redis.get("k"));
  is<{ key: string; element: string } | null>()(await redis.blPop(["a", "b"], 5));
  is<{ key: Uint8Array; element: Uint8Array } | null>()(await redis.brPop("a", 0, { bytes: true, timeout: 500 }));
  is<{ key: string; value: string; score: number } | null>()(await redis.bzPopMin("z", 1));
  is<Record<string, StreamEntry<false>[]> | null>()(await redis.xRead({ s: "$" }, { BLOCK: 100 }));
  is<Lease<false>>()(await redis.lease());
  is<NodeStatus[]>()(redis.nodes());
  is<number>()(await redis.watch("k", async (tx) => {
    const [next] = await tx.multi().incr("k").exec();
    return next;
  }));
  for await (const { args } of redis.monitor()) is<string[]>()(args);
  redis.on("serverMaintenance", ({ notificationType, slots }) => [notificationType === "moving", slots[0]?.from]);
  redis.on("hashSlotsMoved", ({ to }) => is<string>()(to));
  void (await redis.withReadFrom("replica").withKeyPrefix("p:").database(2).jsonGet("doc", "$"));

  const group = await connectGroup([{ name: "near", url: "fra:6379", weight: 2 }, { name: "far", url: ["s1", "s2"], serviceName: "m" }], { policy: "any" });
  is<boolean>()(await group.group!.failOverTo("far"));

  const mapped = await connect("a:7000", { endpointMap: (host, port) => (host === "b" ? { port: port + 1 } : undefined) });
  is<ServerClient<false>>()(mapped);
  await connect("a:7000", { endpointMap: { "b:1": "c:2" } });
  // @ts-expect-error: not a host
  await connect("a:7000", { endpointMap: () => "c:2" });

  // @ts-expect-error: no such mode
  await connect("a", { mode: "clutser" });
  // @ts-expect-error: members have names
  await connectGroup([{ url: "a" }]);
  // @ts-expect-error: the wait is not optional
  redis.blPop("k");
}

export async function habits(): Promise<void> {
  const client = await createClient({ url: "redis://a", socket: { tls: true, ca: "…" }, name: "web", RESP: 3 })
    .on("error", (error) => is<Error>()(error))
    .connect();
  is<boolean>()(client.isReady && client.isOpen);
  is<string | null>()(await client.get("k"));
  is<string>()(await client.sendCommand<string>(["GET", "k"]));
  is<number>()(await client.execute((own) => own.clientId()));
  is<LateClient>()(client.duplicate({ database: 1 }));
  is<LateClient>()(createCluster({ rootNodes: [{ url: "redis://a" }], defaults: { password: "p" } }));
  // @ts-expect-error: no such option.
  createClient({ legacyMode: true });
}
