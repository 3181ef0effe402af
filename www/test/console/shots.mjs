// The pictures of docs/console.md.

import { join } from "node:path";

import { check } from "../checks.mjs";
import { Tab } from "./harness.mjs";

const PEOPLE = ["ada", "grace", "alan", "edsger", "barbara", "donald", "margaret", "ken", "dennis", "linus"];

async function fill(redis) {
  await redis("FLUSHALL");
  for (const [at, name] of PEOPLE.entries()) {
    await redis("HSET", `user:${1000 + at}`, "name", name, "email", `${name}@example.com`, "born", 1815 + at * 13, "roles", '["admin","editor"]', "city", "Zürich");
    await redis("SET", `session:${(at * 7919 + 1234567).toString(16)}`, JSON.stringify({ user: name, id: 1000 + at, cart: [{ sku: "A-113", qty: 2, price: 19.99 }] }), "EX", 3600 * (at + 1));
  }
  for (let at = 0; at < 230; at++) await redis("ZADD", "leaderboard:2026", ((at * 7919) % 99991) / 10, `player:${at}`);
  for (let at = 0; at < 60; at++) await redis("RPUSH", "queue:emails", JSON.stringify({ to: PEOPLE[at % 10], template: "welcome" }));
  for (let at = 0; at < 80; at++) await redis("XADD", "events:orders", `${1795480000000 + at * 1337}-0`, "type", ["created", "paid", "shipped"][at % 3], "order", 5000 + at);
  for (let at = 0; at < 30; at++) await redis("INCRBY", `counter:page:${at}`, at * 37);
  await redis("SADD", "tags:popular", "redis", "rust", "wasm", "websocket", "cache");
  await redis("SET", Uint8Array.of(0, 255, 1, 65), "bytes");
}

/** Some traffic, so that the charts show more than themselves. */
async function traffic(redis, seconds) {
  for (let second = 0; second < seconds * 5; second++) {
    const number = 60 + Math.round(50 * Math.sin(second / 6));
    await Promise.all(Array.from({ length: number }, (_, at) => redis("INCR", `counter:page:${at % 30}`)));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export async function shoot(browser, origin, redis, folder) {
  await fill(redis);
  const take = async (tab, name) => tab.page.screenshot({ path: join(folder, `console-${name}.png`) });
  const open = async (colorScheme, width, height) => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const tab = new Tab(await context.newPage(), origin);
    await tab.load();
    await tab.connect();
    await tab.state("ready");
    return tab;
  };
  const light = await open("light", 1280, 800);
  await light.open("user:1003");
  await light.untilRows("the fields", (rows) => rows.length === 5);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await take(light, "keys");

  const dark = await open("dark", 1280, 800);
  await dark.tab("cli");
  for (const line of ['SET greeting "hello\\nworld"', "HGETALL user:1001", "LRANGE queue:emails 0 1", "INCR user:1001"]) await dark.run(line);
  await dark.get("cli-input").pressSequentially("ZRANGE leaderboard:2026 0 100 B");
  await dark.until("completion", () => dark.page.locator("#cli-options li").count(), (count) => count > 0);
  await take(dark, "commands");

  await light.tab("metrics");
  await traffic(redis, 30);
  await take(light, "metrics");

  const phone = await open("light", 390, 780);
  await phone.open("leaderboard:2026");
  await phone.untilRows("a page", (rows) => rows.length === 100);
  await take(phone, "phone");
  for (const tab of [light, dark, phone]) {
    check(tab.errors.length === 0, tab.errors.join("; "));
    await tab.page.context().close();
  }
}
