// Firefox and WebKitGTK: the package in a page, a worker and a shared worker, and the life of a page there.
//
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_REDIS     host:port of a server that knows DEBUG SLEEP
//   ENGINE           firefox or webkit; launch.mjs says where each is found
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed. Chromium's are in ../life-check.mjs.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { check, environment, freePort, results, step } from "../checks.mjs";
import { Gateway, pages, redis, relay, upstream } from "../rig.mjs";
import { ENGINES } from "./launch.mjs";

const { ENGINE } = environment("ENGINE");
const SOON = 60_000;

/** Runs the scenario of all runtimes in the page, or in a worker; returns `[{ name, error? }]`. */
function scenario(kind, url, dead) {
  const source = (send) => `
    import * as redmux from "${location.origin}/src/index.js";
    import "${location.origin}/src/modules/json.js";
    import "${location.origin}/src/modules/bloom.js";
    import "${location.origin}/src/modules/time-series.js";
    import "${location.origin}/src/modules/search.js";
    import { run } from "${location.origin}/test/runtimes/scenario.mjs";
    const results = await run(redmux, ${JSON.stringify(url)}, ${JSON.stringify(dead)});
    ${send}`;
  const script = (send) => URL.createObjectURL(new Blob([source(send)], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    const failed = ({ message }) => reject(new Error(message ?? "the worker does not start"));
    if (kind === "page") {
      globalThis.finished = resolve;
      import(script("finished(results);")).catch(reject);
    } else if (kind === "worker") {
      const worker = new Worker(script("postMessage(results);"), { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = failed;
    } else {
      // A connection before the listener exists is in the stored event.
      const worker = new SharedWorker(script("new BroadcastChannel('results').postMessage(results);"), { type: "module" });
      new BroadcastChannel("results").onmessage = ({ data }) => resolve(data);
      worker.onerror = failed;
    }
  });
}

async function until(what, read, limit = SOON) {
  for (const end = Date.now() + limit; ; await setTimeout(50)) {
    const value = await read().catch((error) => error.message);
    if (value === true) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s, last: ${JSON.stringify(value)}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "redmux-engines-"));
let browser;
let gateway;
try {
  const site = await pages();
  const origin = `http://127.0.0.1:${site.address().port}`;
  const behind = await upstream();
  gateway = new Gateway(
    folder,
    "open",
    `origins = ["${origin}"]
[access]
anonymous = "page"
[timeouts]
drain = "1s"

[upstreams.main]
address = "127.0.0.1:${behind.port}"
[policies.all]
commands = ["GET", "SET", "SUBSCRIBE"]
read = ["*"]
write = ["*"]
subscribe = ["*"]
[principals.page]
policy = "all"`,
  );
  await gateway.start();
  await redis("SET", "life:key", "value");
  browser = await ENGINES[ENGINE]();

  // All commands, which no policy of a gateway allows.
  const bare = await relay();
  const dead = `ws://127.0.0.1:${await freePort()}`;
  for (const kind of ["page", "worker", "shared worker"]) {
    const page = await browser.newPage();
    await page.goto(`${origin}/`);
    const ran = await page.evaluate(scenario, kind, bare.url, dead).catch(({ message }) => [{ name: "runs", error: message }]);
    for (const { name, error } of ran) {
      await step(`${ENGINE}, ${kind}: ${name}`, async () => check(error === undefined, error));
    }
    await page.close();
  }

  const connected = async () => {
    const page = await browser.newPage();
    await page.goto(`${origin}/`);
    await page.evaluate((url) => start(url), gateway.url);
    return page;
  };
  const state = (page) => page.evaluate("({ ...seen, dials })");
  const restored = (page, times) => until("the connection", () => page.evaluate(`seen.restored === ${times}`));
  /** The page's client works, its subscription too. */
  const works = async (page) => {
    check((await page.evaluate('redis.get("life:key")')) === "value", "GET does not work");
    const payload = `news-${Math.random()}`;
    await redis("PUBLISH", "life:news", payload);
    await until("a message", () => page.evaluate(`seen.messages.includes("${payload}")`));
  };

  await step(`${ENGINE}: a gateway that is killed: the page comes back, and hears of the gap`, async () => {
    const page = await connected();
    await gateway.stop("SIGKILL");
    await until("the failure", () => page.evaluate("seen.failed.length === 1"));
    await setTimeout(500);
    await gateway.start();
    await restored(page, 1);
    await works(page);
    const { missed } = await state(page);
    check(missed === 1, `missed was told ${missed} times`);
    await page.close();
  });

  await step(`${ENGINE}: a server that the gateway loses: the page comes back, and hears of the gap`, async () => {
    const page = await connected();
    behind.stop();
    await until("the failure", () => page.evaluate("seen.failed.length === 1"));
    await behind.start();
    await restored(page, 1);
    await works(page);
    check((await state(page)).missed === 1, "missed was not told");
    await page.close();
  });

  /** The page is left for another, and come back to; whether it is the same page still. */
  const thereAndBack = async (page) => {
    await page.evaluate(() => {
      globalThis.mark = 1;
      addEventListener("pageshow", ({ persisted }) => (globalThis.persisted = persisted));
    });
    await page.goto(`${origin}/other`);
    await setTimeout(500);
    // The answer to this call may be lost with its page.
    await page.evaluate(() => void globalThis.setTimeout(() => history.back(), 20));
    await until("the page itself", () => page.evaluate("location.pathname === '/' && document.readyState === 'complete'"));
    return page.evaluate("globalThis.mark === 1 && persisted === true");
  };
  await step(`${ENGINE}: going back to a page that is connected, as docs/browser.md says`, async () => {
    const page = await connected();
    const kept = await thereAndBack(page);
    if (ENGINE === "firefox") {
      check(!kept, "Firefox kept a page with an open WebSocket: the document says that it does not");
    } else {
      check(kept, "the page was loaded anew");
      await restored(page, 1);
      await works(page);
      check((await state(page)).missed === 1, "missed was not told");
    }
    await page.close();
  });

  await step(`${ENGINE}: going back to a page that has closed its client`, async () => {
    const page = await connected();
    await page.evaluate("redis.close()");
    // The gateway answers a moment later, and only then Firefox counts the WebSocket as closed.
    await until("the end of the WebSocket", () => page.evaluate("dials.every(({ end }) => end !== null)"));
    check(await thereAndBack(page), "the page was loaded anew");
    await page.close();
  });
  bare.close();
  site.close();
  site.closeAllConnections();
  behind.stop();
} catch (error) {
  results.failures += 1;
  console.log(`FAILED to run: ${error.message.split("\n")[0]}`);
} finally {
  await browser?.close();
  await gateway?.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(results.failures === 0 ? 0 : 1);
