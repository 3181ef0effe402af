// The pictures of docs/console.md.

import { check } from "../checks.mjs";
import { CONDITIONS, PHONE, WIDE, picture } from "../pictures.mjs";
import { Tab } from "./harness.mjs";

const COMMAND = "cargo xtask demo --check";

const PEOPLE = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov", "Margaret Hamilton"];
const CITIES = ["London", "New York", "Manchester", "Boston", "Cambridge"];
const PLANS = ["team", "enterprise", "free", "team", "enterprise"];
const PRODUCTS = [["desk-lamp", 49.9], ["notebook-a5", 7.5], ["standing-desk", 389], ["usb-hub", 34.95]];

const first = (at) => PEOPLE[at % PEOPLE.length].split(" ")[0].toLowerCase();

/** A small shop: as many keys as the list shows at once. */
async function fill(redis) {
  await redis("FLUSHALL");
  for (const [at, name] of PEOPLE.entries()) {
    await redis(
      "HSET", `user:${1001 + at}`, "name", name, "email", `${first(at)}@example.com`, "city", CITIES[at], "plan", PLANS[at],
      "roles", JSON.stringify(at === 0 ? ["admin", "editor"] : ["editor"]), "language", "en", "joined", `2024-0${at + 1}-17`,
      "last_seen", "2026-11-30T21:04:51Z", "logins", 1204 - at * 211, "newsletter", at % 2 === 0 ? "yes" : "no",
    );
  }
  for (let at = 0; at < 3; at++) {
    const [sku, price] = PRODUCTS[at];
    await redis("SET", `session:${(at * 7919 + 0x7f3a91c4).toString(16)}`, JSON.stringify({ user: 1001 + at, cart: [{ sku, quantity: at + 1, price }] }), "EX", 1799 + 3600 * at);
  }
  for (const at of [0, 1]) await redis("HSET", `cart:${1001 + at}`, ...PRODUCTS.flatMap(([sku], place) => [sku, ((place + at) % 3) + 1]));
  for (const [day, visits] of [["2026-11-29", 18_204], ["2026-11-30", 9_377]]) await redis("SET", `visits:${day}`, visits);
  await redis("ZADD", "leaderboard:2026", ...Array.from({ length: 230 }, (_, at) => [9990 - at * 41 - ((at * 37) % 29), `${first(at)}-${1000 + at * 7}`]).flat());
  await redis("RPUSH", "queue:emails", ...Array.from({ length: 60 }, (_, at) => JSON.stringify({ to: `${first(at)}@example.com`, template: at % 4 === 0 ? "receipt" : "welcome" })));
  for (let at = 0; at < 40; at++) await redis("XADD", "events:orders", `${1795480000000 + at * 1337}-0`, "type", ["created", "paid", "shipped"][at % 3], "order", 5000 + at, "total", PRODUCTS[at % 4][1]);
  await redis("SADD", "tags:popular", "office", "lighting", "paper", "sale");
}

/** Some visits a second, so that the charts show more than themselves. */
async function traffic(redis, seconds) {
  for (let part = 0; part < seconds * 5; part++) {
    const number = 60 + Math.round(50 * Math.sin(part / 4));
    await Promise.all(Array.from({ length: number }, () => redis("INCR", "visits:2026-11-30")));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export async function shoot(browser, origin, redis) {
  await fill(redis);
  // A picture that is kept has fuller charts.
  const busy = traffic(redis, process.env.REDMUX_WRITE_DOCS ? 80 : 3);
  const another = async (colorScheme, viewport) => {
    const context = await browser.newContext({ ...CONDITIONS, viewport, colorScheme });
    const tab = new Tab(await context.newPage(), origin);
    await tab.load();
    await tab.connect();
    await tab.state("ready");
    return tab;
  };
  const light = await another("light", WIDE);
  await light.open("user:1001");
  await light.untilRows("the fields", (rows) => rows.length === 10);
  // The list has the type of each key, and the expiry of sessions.
  const listed = () => light.get("keys-list").locator(".row").evaluateAll((rows) => rows.filter((row) => row.querySelector(".type")?.textContent.trim()).length);
  await light.until("the types in the list", listed, (count) => count === 16);
  await picture(light.page, "console-keys", COMMAND);

  const dark = await another("dark", WIDE);
  await dark.tab("cli");
  for (const line of ["HGET user:1001 name", "ZRANGE leaderboard:2026 0 2 REV WITHSCORES", 'HSET user:1001 city "Zürich"', "LRANGE queue:emails 0 1", "XLEN events:orders", "INCR user:1001"]) await dark.run(line);
  await dark.get("cli-input").pressSequentially("ZRANGE leaderboard:2026 0 100 B");
  await dark.until("completion", () => dark.page.locator("#cli-options li").count(), (count) => count > 0);
  await picture(dark.page, "console-commands", COMMAND);

  const phone = await another("light", PHONE);
  await phone.open("leaderboard:2026");
  await phone.choose("Highest first");
  await phone.untilRows("the best", (rows) => rows.length === 100 && rows[0].join().includes("ada-1000"));
  await picture(phone.page, "console-phone", COMMAND);

  await light.tab("metrics");
  await busy;
  await light.until("samples", () => light.text("chart-throughput"), (text) => /server\s*\d/.test(text));
  await picture(light.page, "console-metrics", COMMAND);
  for (const tab of [light, dark, phone]) {
    check(tab.errors.length === 0, tab.errors.join("; "));
    await tab.page.context().close();
  }
}
