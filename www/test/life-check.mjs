// The life of a page in a real browser: hidden, frozen, left and come back to, offline, with a gateway
// that goes away for one reason or another.
//
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_REDIS     host:port of a server
//   CHROMIUM         path of the browser
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { chromium } from "playwright-core";

import { check, environment, results, step } from "./checks.mjs";
import { Gateway, pages, redis, upstream } from "./rig.mjs";

const { REDMUX_GATEWAY, CHROMIUM } = environment("REDMUX_GATEWAY", "CHROMIUM");
const SOON = 20_000;
/** Milliseconds that a busy machine may be late by. */
const NOISE = 2500;
/** What these checks are about, and Playwright turns off in every browser. */
const WANTED = [
  "--disable-back-forward-cache",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/** Tabs that nothing keeps visible, as Playwright does with its own. */
class Tabs {
  #browser;
  #waiting = new Map();
  #last = 0;

  constructor(browser) {
    this.#browser = browser;
    browser.on("Target.receivedMessageFromTarget", ({ message }) => {
      const { id, error, result } = JSON.parse(message);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    });
  }

  async open(url) {
    const { targetId } = await this.#browser.send("Target.createTarget", { url });
    const { sessionId } = await this.#browser.send("Target.attachToTarget", { targetId, flatten: false });
    const send = async (method, params = {}) => {
      const id = (this.#last += 1);
      const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
      await this.#browser.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) });
      return answered;
    };
    const run = async (expression) => {
      const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    const tab = {
      send,
      run,
      show: () => this.#browser.send("Target.activateTarget", { targetId }),
      close: () => this.#browser.send("Target.closeTarget", { targetId }),
      async until(what, expression, limit = SOON) {
        for (const end = Date.now() + limit; ; await setTimeout(50)) {
          const value = await run(expression).catch((error) => error.message);
          if (value === true) return;
          if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s, last: ${JSON.stringify(value)}`);
        }
      },
    };
    await tab.until("the page", "document.readyState === 'complete' && typeof start === 'function'");
    return tab;
  }
}

const folder = mkdtempSync(join(tmpdir(), "redmux-life-"));
const gateways = [];
let browser;
try {
  const site = await pages();
  const origin = `http://127.0.0.1:${site.address().port}`;
  const behind = await upstream();
  const made = execFileSync(REDMUX_GATEWAY, ["hash-token", "--new"]).toString();
  const [, token, , hash] = made.trim().split(/\s+/);
  const config = (principal, access = 'anonymous = "page"') => `origins = ["${origin}"]
[access]
${access}
[timeouts]
drain = "1s"
[upstreams.main]
address = "127.0.0.1:${behind.port}"
connect_timeout = "1s"
[policies.all]
commands = ["GET", "SET", "SUBSCRIBE"]
read = ["*"]
write = ["*"]
subscribe = ["*"]
[principals.page]
policy = "all"
${principal}`;
  const gateway = async (name, text) => {
    const started = new Gateway(folder, name, text);
    gateways.push(started);
    await started.start();
    return started;
  };
  const open = await gateway("open", config(""));
  await redis("SET", "life:key", "value");

  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    ignoreDefaultArgs: WANTED,
  });
  const tabs = new Tabs(await browser.newBrowserCDPSession());

  /** A new tab with a client; `options` are those of `connect`. */
  const connected = async (url, options = {}, random = "Math.random()") => {
    const tab = await tabs.open(`${origin}/`);
    await tab.run(`Math.random = () => ${random.replace("Math.random()", "0.5")}; start(${JSON.stringify(url)}, ${JSON.stringify(options)})`);
    return tab;
  };
  const news = (payload) => redis("PUBLISH", "life:news", payload);
  /** The tab's client works, its subscription too. */
  const works = async (tab) => {
    check((await tab.run('redis.get("life:key")')) === "value", "GET does not work");
    const payload = `news-${Math.random()}`;
    await news(payload);
    await tab.until("a message", `seen.messages.includes("${payload}")`);
  };
  const state = (tab) => tab.run("({ ...seen, dials })");
  /** The last connection's code, and how long it took until the next dial. */
  const waited = async (tab) => {
    const { dials } = await state(tab);
    const [before, after] = dials.slice(-2);
    return { code: before.code, wait: after.at - before.end, all: JSON.stringify(dials) };
  };

  // Timeouts that a timer which is late by a second would all break.
  const impatient = { probeAfter: 300, probeTimeout: 300, keepAlive: 300, commandTimeout: 800 };
  const quiet = await connected(open.url, impatient);
  const other = await tabs.open(`${origin}/other`);
  const unharmed = async (ran) => {
    const { failed, errors } = await state(quiet);
    const count = await quiet.run("ran");
    check(failed.length === 0 && errors.length === 0, [...failed, ...errors].join("; "));
    check(count >= ran, `only ${count} commands ran`);
  };
  await quiet.run(`ran = 0; setInterval(() => redis.get("life:key").then(() => ran += 1, ({ code, message }) => seen.errors.push(code + ": " + message)), 50); 1`);
  await step("a hidden tab, whose timers run once a second, times nothing out", async () => {
    await quiet.until("commands", "ran > 5");
    await other.show();
    await quiet.until("hidden", "document.visibilityState === 'hidden'");
    const before = await quiet.run("ran");
    await setTimeout(6000);
    const more = (await quiet.run("ran")) - before;
    check(more >= 3 && more < 60, `${more} commands in 6 s: the timers are not throttled`);
    await unharmed(before + 3);
  });
  await step("a page that computes for seconds finds its replies, not timeouts", async () => {
    const value = await quiet.run(`(async () => {
      const reply = redis.get("life:key");
      await null;
      for (const end = performance.now() + 3000; performance.now() < end; );
      return reply;
    })()`);
    check(value === "value", `got ${value}`);
    await setTimeout(500);
    await unharmed(1);
  });
  await step("a frozen tab times nothing out, and is connected again when it thaws", async () => {
    const before = await quiet.run("ran");
    await other.show();
    await quiet.send("Page.setWebLifecycleState", { state: "frozen" });
    await setTimeout(4000);
    const during = await quiet.run("ran");
    check(during - before < 10, `${during - before} commands ran in a frozen page`);
    await quiet.send("Page.setWebLifecycleState", { state: "active" });
    await quiet.show();
    await quiet.until("commands", `ran > ${during + 5}`);
    await works(quiet);
    const { failed, restored, missed, errors } = await state(quiet);
    // The browser may close the WebSockets of a frozen page: then the page reports a lost connection.
    const lost = failed.length;
    check(lost <= 1 && restored === lost && missed === lost, JSON.stringify({ failed, restored, missed }));
    check(!errors.some((text) => text.includes("TIMEOUT")), errors.join("; "));
    await quiet.close();
  });

  await step("a page that was left comes back from the back/forward cache connected", async () => {
    const tab = await connected(open.url);
    await tab.run('mark = 1; addEventListener("pageshow", ({ persisted }) => { shown = { persisted, at: performance.now() }; }); 1');
    await tab.run(`location.href = "${origin}/other"; 1`);
    await tab.until("the other page", "location.pathname === '/other' && typeof mark === 'undefined'");
    await setTimeout(500);
    await tab.run("globalThis.setTimeout(() => history.back(), 10); 1");
    await tab.until("the page itself", "globalThis.mark === 1 && shown.persisted === true");
    await tab.until("the connection", "seen.restored === 1");
    await works(tab);
    const { dials, missed } = await state(tab);
    const shown = await tab.run("shown.at");
    check(dials.length === 2 && dials[1].at - shown < NOISE, `dialled ${JSON.stringify(dials)}, shown at ${shown}`);
    check(missed === 1, `missed was told ${missed} times`);
    await tab.close();
  });

  const offline = (tab, offline) =>
    tab.send("Network.emulateNetworkConditions", { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await step("offline, nothing is dialled; online, it is at once", async () => {
    const tab = await connected(open.url, { connectTimeout: 400 });
    await tab.send("Network.enable");
    await offline(tab, true);
    await tab.until("offline", "navigator.onLine === false");
    await open.stop("SIGKILL");
    await tab.until("the failure", "seen.failed.length === 1");
    // Long enough for doubling waits to have become long.
    await setTimeout(6000);
    const during = await state(tab);
    check(during.dials.length === 1, `${during.dials.length - 1} dials while offline`);
    const { diagnostics } = (await tab.run("redis.status()")).connections[0];
    check(diagnostics.connection !== "ready", `the state is ${diagnostics.connection}`);
    await open.start();
    await tab.run('addEventListener("online", () => { online = performance.now(); }); 1');
    await offline(tab, false);
    await tab.until("the connection", "seen.restored === 1");
    const { dials } = await state(tab);
    const since = dials.at(-1).at - (await tab.run("online"));
    check(since < NOISE && dials.length === 2, `${dials.length - 1} dials, the last ${since} ms after`);
    await works(tab);
    await tab.close();
  });

  await step("a gateway that restarts says 1012: the page comes back within the second, spread", async () => {
    for (const random of ["0.99", "0.2"]) {
      const tab = await connected(open.url, {}, random);
      await open.stop();
      await open.start();
      await tab.until("the connection", "seen.restored === 1");
      const { code, wait, all } = await waited(tab);
      const wanted = 1000 * Number(random);
      check(code === 1012 && wait >= wanted - 2 && wait < wanted + NOISE, all);
      await works(tab);
      check((await state(tab)).missed === 1, "missed was not told");
      await tab.close();
    }
  });

  await step("a gateway without its server says 1011: the page is back as soon as the server is", async () => {
    const tab = await connected(open.url, {}, "0.99");
    behind.stop();
    // The gateway closes the page's connection, and the next one after it has looked for its server in vain.
    await tab.until("a third dial", "dials.length >= 3");
    const { code, wait, all } = await waited(tab);
    check(code === 1011 && wait < 100 + NOISE, all);
    await behind.start();
    await tab.until("the connection", "seen.restored === 1");
    await works(tab);
    await tab.close();
  });

  await step("a credential that was withdrawn (4401) is not tried again and again", async () => {
    const valid = config(`tokens = ["${hash}"]`, "");
    const closed = await gateway("closed", valid);
    const tab = await connected(closed.url, { password: token }, "0.99");
    closed.reload(valid.replace(hash, `sha256:${"0".repeat(64)}`));
    await tab.until("4401", "dials.at(-1).code === 4401");
    await setTimeout(5000);
    const { dials } = await state(tab);
    check(dials.length === 1, JSON.stringify(dials));
    closed.reload(valid);
    await tab.until("the connection", "seen.restored === 1");
    const { wait, all } = await waited(tab);
    check(wait >= 9900 - 2 && wait < 9900 + NOISE, all);
    await tab.close();
  });

  await step("a list of gateways is a group: the page goes on at the next one, and comes back", async () => {
    const near = await gateway("near", config(""));
    const tab = await tabs.open(`${origin}/`);
    await tab.run(`(async () => {
      const { connectGroup } = await import("/src/server.js");
      globalThis.seen = { changes: [], messages: [], missed: 0 };
      const members = [{ name: "near", url: ${JSON.stringify(near.url)}, weight: 2 }, { name: "open", url: ${JSON.stringify(open.url)} }];
      globalThis.redis = await connectGroup(members, { probes: 2, probeGap: 50, probeInterval: 300, probeTimeout: 1000 });
      redis.on("activeMemberChanged", ({ to, reason }) => seen.changes.push(to + " " + reason));
      await redis.subscribe("life:news", ({ payload }) => seen.messages.push(payload), { onMissed: () => (seen.missed += 1) });
    })()`);
    check((await tab.run("redis.group.active")) === "near", "the one with the most weight is not used");
    await works(tab);
    await near.stop("SIGKILL");
    await tab.until("the other gateway", "seen.changes.at(-1) === 'open unhealthy'");
    await tab.until("the subscription", "seen.missed > 0");
    await works(tab);
    await near.start();
    await tab.until("the first gateway", "seen.changes.at(-1) === 'near weight'");
    await works(tab);
    await tab.run("redis.close()");
    await tab.close();
  });

  await step("a trap of the wasm side: what is open rejects, and the page's client goes on", async () => {
    const tab = await connected(open.url);
    const failure = await tab.run(`(async () => {
      const { memory } = (await import("/pkg/redmux_wasm.js")).initSync();
      new Uint8Array(memory.buffer).fill(0xff);
      return redis.get("life:key").then(() => "no failure", ({ code }) => code);
    })()`);
    check(failure === "ERR_REDMUX_INTERNAL", failure);
    await tab.until("the subscription", "seen.missed === 1");
    await works(tab);
    await tab.close();
  });
  site.close();
  behind.stop();
} catch (error) {
  results.failures += 1;
  console.log(`FAILED to run: ${error.message.split("\n")[0]}`);
} finally {
  await browser?.close();
  for (const gateway of gateways) await gateway.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(results.failures === 0 ? 0 : 1);
