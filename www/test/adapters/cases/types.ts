// Checked by the compiler, never run: the adapters where the packages want them.

import session from "express-session";
import { Keyv } from "keyv";
import { connect, type Client } from "redmux";
import { RedisStore } from "redmux/express-session";
import { KeyvRedis } from "redmux/keyv";
import { createCacheHandler, createComponentsCacheHandler } from "redmux/next";
import { createAdapter } from "redmux/socket.io";
import redmuxDriver from "redmux/unstorage";
import { Server } from "socket.io";
import { createStorage } from "unstorage";

export async function uses(): Promise<void> {
  const redis: Client = await connect("redis://localhost");
  const stores = [new KeyvRedis(redis), new KeyvRedis(connect("redis://localhost")), new KeyvRedis("localhost:6379", { connect: { clientName: "k" }, keyPrefix: "a" })];
  for (const store of stores) await new Keyv<number>({ store, namespace: "n" }).get("k");
  const storage = createStorage<number>({ driver: redmuxDriver({ client: redis, base: "a", ttl: 1.5 }) });
  await storage.setItem("k", 1, { ttl: 5 });
  const store = new RedisStore({ url: ["localhost:6379", "localhost:6380"], ttl: ({ cookie }) => cookie.maxAge ?? 60 });
  session({ store, secret: "a secret" });
  const found: string[] | undefined = await store.ids();
  new Server({ adapter: createAdapter(redis, { sharded: true, onError: ({ cause }) => console.error(cause) }) });
  const Handler = createCacheHandler({ client: redis, onError: console.error });
  await new Handler({ serverDistDir: ".next/server" }).revalidateTag("t", { expire: 60 });
  createComponentsCacheHandler({ url: "redis://localhost", timeout: 100 });
  store.all((error, sessions) => found?.push(...(sessions ?? []).map(({ id }: { id: string }) => id)));
}

export function mistakes(redis: Client): void {
  // @ts-expect-error: no such option
  new KeyvRedis(redis, { keyprefix: "a" });
  // @ts-expect-error: a number of seconds
  redmuxDriver({ client: redis, ttl: "1" });
  // @ts-expect-error: no such option
  new RedisStore({ client: redis, disableTtl: true });
}
