// Drives the demo page in two tabs of a browser, while the server behind the
// gateway is killed, started, stopped and resumed.
//
//   REDMUX_URL         address of the page
//   ENGINE             chromium (without it), firefox or webkit; engines/launch.mjs says where each is found
//   REDMUX_CONTROL     address that takes POST /server/{kill,start,pause,resume}
//   REDMUX_WS          optional: another gateway, for the page's ?ws=
//   REDMUX_WRITE_DOCS  optional: writes the picture of the documents
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { checkApi } from "./api-check.mjs";
import { check, environment, results, step } from "./checks.mjs";
import { checkDocs } from "./docs-check.mjs";
import { ENGINES } from "./engines/launch.mjs";
import { CONDITIONS, WIDE, faults, look, picture } from "./pictures.mjs";

const { REDMUX_URL, REDMUX_CONTROL, REDMUX_WS, ENGINE } = environment("REDMUX_URL", "REDMUX_CONTROL");

/** Milliseconds for an immediate change, and for one that waits for a reconnect. */
const SOON = 10_000;
const RECONNECT = 45_000;

const address = new URL(REDMUX_URL);
if (REDMUX_WS) address.searchParams.set("ws", REDMUX_WS);

async function control(action) {
  const response = await fetch(new URL(`/server/${action}`, REDMUX_CONTROL), {
    method: "POST",
    signal: AbortSignal.timeout(SOON),
  });
  if (!response.ok) throw new Error(`POST /server/${action} answered ${response.status}`);
}

/** One tab of the page, and everything a test looks at in it */
class Tab {
  /** Errors of the console and uncaught exceptions. */
  errors = [];

  constructor(name, page) {
    this.name = name;
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(`uncaught: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
  }

  get(id) {
    return this.page.getByTestId(id);
  }

  text(id) {
    return this.get(id).textContent();
  }

  /** Waits until `accept` takes the value of `read`; fails with the last value. */
  async until(what, read, accept, timeout = SOON) {
    const end = Date.now() + timeout;
    for (;;) {
      const value = await read();
      if (accept(value)) return value;
      if (Date.now() > end) {
        throw new Error(`${this.name}: ${what} not seen within ${timeout / 1000} s, last: ${JSON.stringify(value)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  state(wanted, timeout) {
    return this.until(`state ${wanted}`, () => this.get("state").getAttribute("data-state"), (seen) => seen === wanted, timeout);
  }

  /** Runs a line in the console; returns the status and the text of the reply. */
  async run(line, timeout) {
    const entry = await this.start(line, timeout);
    return this.outcome(entry);
  }

  async start(line, timeout = 5000) {
    const entries = this.page.locator('[data-testid="console-entry"][data-kind="command"]');
    const before = await entries.count();
    await this.get("console-timeout").fill(String(timeout));
    await this.get("console-input").fill(line);
    await this.get("console-run").click();
    await this.until("the command in the console", () => entries.count(), (count) => count > before);
    return entries.nth(before);
  }

  async outcome(entry, timeout = SOON) {
    const status = await this.until(
      "a reply in the console",
      () => entry.getAttribute("data-status"),
      (seen) => seen !== "pending",
      timeout,
    );
    const delivery = entry.getByTestId("console-delivery");
    return {
      status,
      reply: await entry.locator(".reply").textContent(),
      delivery: (await delivery.count()) > 0 ? await delivery.textContent() : null,
    };
  }

  async expect(line, reply) {
    const got = await this.run(line);
    check(got.reply === reply, `${this.name}: ${line} answered ${JSON.stringify(got.reply)}, not ${JSON.stringify(reply)}`);
  }

  /** Number of times that the event is in the log. */
  logged(event) {
    return this.page.locator(`[data-testid="log-entry"][data-event="${event}"]`).count();
  }

  async counter() {
    return Number(await this.text("counter-value"));
  }
}

/** A command that works again shows that the connection does. */
async function works(tab, value) {
  await tab.until(`a working command`, () => tab.run(`SET check:again ${value}`, 2000), (got) => got.reply === "OK", RECONNECT);
  await tab.expect("GET check:again", `"${value}"`);
}

/** What a visitor might try, in place of what the steps did. */
async function asApplication(tab) {
  await tab.get("console-clear").click();
  await tab.run("DEL user:1001 board");
  await tab.get("console-clear").click();
  for (const line of [
    'HSET user:1001 name "Ada Lovelace" city London plan team',
    "ZADD board 4120 ada 3980 grace 3755 alan",
    "ZRANGE board 0 1 REV WITHSCORES",
    'SET session:7f3a91 "{\\"user\\":1001}" EX 3600',
    "TTL session:7f3a91",
    "INCR user:1001",
  ]) await tab.run(line);
  await tab.run("SET redmux:demo:counter 41");
  await tab.page.locator('[data-testid="console-entry"]').last().evaluate((entry) => entry.remove());
  await tab.get("counter-up").click();
  await tab.until("counter 42", () => tab.counter(), (n) => n === 42);
  await tab.page.mouse.move(0, 0);
}

/** That what is compared tells these pages apart; the page is as before afterwards. */
async function wouldNotice(page) {
  const before = await look(page);
  const after = async (change) => {
    const undo = await page.evaluateHandle(change);
    const found = faults(before, await look(page));
    await page.evaluate((undo) => undo(), undo);
    check(faults(before, await look(page)).length === 0, "the page is not as it was");
    return found.join("; ");
  };
  const moved = await after(() => {
    const main = document.querySelector("main");
    main.style.gridTemplateAreas = '"rtt console" "counter console" "events events"';
    return () => main.removeAttribute("style");
  });
  check(/"section console" is at /.test(moved), `a moved panel: ${moved}`);
  const empty = await after(() => {
    const [chart, output] = ["#rtt-chart", "#events"].map((name) => document.querySelector(name));
    const [shapes, entries] = [[...chart.childNodes], [...output.childNodes]];
    chart.replaceChildren();
    output.replaceChildren();
    return () => (chart.replaceChildren(...shapes), output.replaceChildren(...entries));
  });
  check(empty.includes('"svg rtt-chart" is empty') && empty.includes('"ol events" is empty'), `empty panels: ${empty}`);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = faults(before, await look(page)).join("; ");
  await page.emulateMedia({ colorScheme: "light" });
  check(dark.includes('"header header" is on rgb') || dark.includes('"header" is on rgb'), `another theme: ${dark}`);
}

async function main() {
  const browser = await ENGINES[ENGINE ?? "chromium"]();
  try {
    const context = await browser.newContext({ ...CONDITIONS, viewport: WIDE, colorScheme: "light" });
    context.setDefaultTimeout(SOON);
    await steps(context);
  } finally {
    // A server that is left stopped could not be shut down.
    await control("resume").catch(() => {});
    await browser.close();
  }
}

async function steps(context) {
  const a = new Tab("tab 1", await context.newPage());
  const b = new Tab("tab 2", await context.newPage());

  const connected = await step("the page loads and connects, without errors in the console", async () => {
    for (const tab of [a, b]) {
      await tab.page.goto(address.href);
      const state = await tab.until("a connection", () => tab.get("state").getAttribute("data-state"), (seen) => seen !== "connecting");
      check(state === "ready", `${tab.name}: ${state}: ${await tab.text("events")}`);
      check((await tab.logged("connected")) === 1, `${tab.name}: the log does not say connected`);
      check(tab.errors.length === 0, `${tab.name}: ${tab.errors.join("; ")}`);
    }
  });

  // Nothing that follows could tell more.
  if (!connected) return;
  // Most steps work in it, and a browser draws a tab in the background once a second.
  await a.page.bringToFront();

  await step("SET and GET in the console", async () => {
    await a.expect('SET check:greeting "hello, wörld"', "OK");
    await a.expect("GET check:greeting", '"hello, wörld"');
    await a.expect("GET check:none", "(nil)");
    await a.expect("DEL check:list", (await a.run("EXISTS check:list")).reply);
    await a.expect("RPUSH check:list one two", "(integer) 2");
    await a.expect("LRANGE check:list 0 -1", '1) "one"\n2) "two"');
  });

  await step("a binary value comes back byte for byte", async () => {
    const value = String.raw`"\x00\x01\xff\xfe\r\n\"\\ end"`;
    await a.expect(`SET check:binary ${value}`, "OK");
    await b.expect("GET check:binary", value);
    await b.expect("STRLEN check:binary", "(integer) 12");
  });

  await step("a wrong command shows the server's error", async () => {
    const unknown = await a.run("NOSUCHCOMMAND x");
    check(unknown.status === "error" && /^\(error\) (ERR|NOPERM)/.test(unknown.reply), unknown.reply);
    const type = await a.run("INCR check:list");
    check(type.reply.startsWith("(error) WRONGTYPE"), type.reply);
    check(type.delivery === null, "an answered command is shown as perhaps executed");
    await a.until("errorMessage in the log", () => a.logged("errorMessage"), (count) => count >= 2);
  });

  await step("a command that would harm a shared connection is refused", async () => {
    const got = await a.run("MULTI");
    check(got.reply.startsWith("(CommandError)") && got.delivery === "not sent", `${got.reply} ${got.delivery}`);
  });

  await step("the counter is shared by two tabs", async () => {
    const start = await a.until("a number in the counter", () => a.counter(), (n) => Number.isInteger(n));
    await a.get("counter-up").click();
    for (const tab of [a, b]) await tab.until(`counter ${start + 1}`, () => tab.counter(), (n) => n === start + 1);
    await b.get("counter-up").click();
    for (const tab of [a, b]) await tab.until(`counter ${start + 2}`, () => tab.counter(), (n) => n === start + 2);
    await b.get("counter-down").click();
    for (const tab of [a, b]) await tab.until(`counter ${start + 1}`, () => tab.counter(), (n) => n === start + 1);
    check(/^2 tabs/.test(await b.text("counter-note")), `the note says: ${await b.text("counter-note")}`);
  });

  await step("round-trip times are measured", async () => {
    const read = () => a.text("rtt-median");
    await a.until("a median", read, (text) => Number.parseFloat(text) > 0);
    check((await a.text("rtt-lost")) === "0", `lost: ${await a.text("rtt-lost")}`);
  });

  await step("the code of the documents in the page", async () => {
    const results = await checkDocs(a.page, REDMUX_WS);
    const failed = results.filter(([, error]) => error !== null);
    check(failed.length === 0, failed.map(([place, error]) => `${place}: ${error}`).join(" | "));
    check(results.length >= 4, `only ${results.length} blocks were found`);
  });

  await step("the package's API in the page", async () => {
    const results = await checkApi(a.page, REDMUX_WS);
    const failed = results.filter(([, error]) => error !== null);
    check(failed.length === 0, failed.map(([name, error]) => `${name}: ${error}`).join(" | "));
    check(results.length >= 13, `only ${results.length} checks ran`);
    // The refused dial of the last check is in the browser's console.
    a.errors = a.errors.filter((error) => !error.includes("127.0.0.1:9"));
  });

  await step("a killed server is noticed by both tabs", async () => {
    await control("kill");
    for (const tab of [a, b]) {
      await tab.until("connectionFailed in the log", () => tab.logged("connectionFailed"), (count) => count === 1, RECONNECT);
      check((await tab.get("state").getAttribute("data-state")) === "failed", `${tab.name}: the state is not failed`);
    }
  });

  await step("a command without a connection times out as not sent", async () => {
    const got = await a.run("GET check:greeting", 300);
    check(got.reply.startsWith("(TimeoutError)") && got.delivery === "not sent", `${got.reply} ${got.delivery}`);
  });

  await step("a restarted server is found again by both tabs", async () => {
    await control("start");
    for (const tab of [a, b]) {
      await tab.until("connectionRestored in the log", () => tab.logged("connectionRestored"), (count) => count === 1, RECONNECT);
      await tab.state("ready");
      await works(tab, `after-${tab.name.at(-1)}`);
    }
  });

  await step("subscriptions work again after the restart", async () => {
    const before = await b.counter();
    await b.until("the missed messages in the log", () => b.logged("missed"), (count) => count >= 1);
    await a.get("counter-up").click();
    const counted = await a.until("a new count", () => a.counter(), (n) => n !== before);
    await b.until(`counter ${counted}`, () => b.counter(), (n) => n === counted);
  });

  await step("a stopped server: a command times out, and its late reply harms nothing", async () => {
    await a.expect("SET check:late late", "OK");
    await a.expect("SET check:first first", "OK");
    await control("pause");
    const late = await a.run("GET check:late", 400);
    await control("resume");
    check(late.reply.startsWith("(TimeoutError)"), late.reply);
    check(late.delivery === "may have been executed", `delivery: ${late.delivery}`);
    await a.expect("GET check:first", '"first"');
    await a.expect('ECHO "second"', '"second"');
    await a.expect("GET check:late", '"late"');
    check((await a.logged("connectionFailed")) === 1, "the connection was lost over one late reply");
  });

  // One engine and one gateway: a page that two programs draw is not the same page.
  if (!ENGINE && !REDMUX_WS) {
    await step("the picture of the documents shows the page", async () => {
      await asApplication(a);
      await picture(a.page, "demo", "cargo xtask demo --check");
    });
    await step("a picture of another theme, a moved panel or an empty one would be noticed", () => wouldNotice(a.page));
  }

  await step("disconnect and connect by the button", async () => {
    await b.page.bringToFront();
    await b.get("toggle").click();
    await b.state("closed");
    const got = await b.run("PING");
    check(got.status === "error" && got.reply.includes("not connected"), got.reply);
    await b.get("toggle").click();
    await b.state("ready");
    await b.expect("PING", "PONG");
  });

  await step("the page closes cleanly", async () => {
    for (const tab of [a, b]) {
      await tab.get("toggle").click();
      await tab.state("closed");
      const uncaught = tab.errors.filter((error) => error.startsWith("uncaught"));
      check(uncaught.length === 0, `${tab.name}: ${uncaught.join("; ")}`);
      await tab.page.close();
    }
  });
}

try {
  await main();
} catch (error) {
  results.failures += 1;
  console.log(`FAILED to run: ${error.message.split("\n")[0]}`);
}
process.exitCode = results.failures === 0 ? 0 : 1;
