// Drives the page of a cluster while a primary is killed, slots move and servers take over.
//
//   REDMUX_URL         address of the page
//   CHROMIUM           path of the browser
//   REDMUX_WRITE_DOCS  optional: writes the picture of the documents
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { check, environment, results, step } from "./checks.mjs";
import { ENGINES } from "./engines/launch.mjs";
import { CONDITIONS, picture } from "./pictures.mjs";

const { REDMUX_URL, REDMUX_WRITE_DOCS } = environment("REDMUX_URL");
const NAMES = ["A", "B", "C", "D", "E", "F"];
/** Milliseconds for a change, and for one that servers have to agree on. */
const SOON = 10_000;
const ELECTION = 30_000;

class Page {
  /** Errors of the console and uncaught exceptions. */
  errors = [];

  constructor(page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(`uncaught: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
  }

  get(id) {
    return this.page.getByTestId(id);
  }

  /** Waits until `accept` takes the value of `read`; fails with the last value. */
  async until(what, read, accept, timeout = SOON) {
    const end = Date.now() + timeout;
    for (;;) {
      const value = await read();
      if (accept(value)) return value;
      if (Date.now() > end) throw new Error(`${what} not seen within ${timeout / 1000} s, last: ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** All that the page shows in numbers, and of each server. */
  read() {
    return this.page.evaluate((names) => {
      const text = (id) => document.querySelector(`[data-testid="${id}"]`)?.textContent ?? "";
      const number = (id) => Number(text(id).replaceAll(",", ""));
      const ids = ["rate", "redirects", "refreshes", "not-sent", "maybe-executed", "answered", "wrong", "lost"];
      const server = (name) => {
        const row = document.querySelector(`[data-testid="node-${name}"]`);
        const cell = (part) => row?.querySelector(`td.${part}`)?.textContent ?? "";
        return [name, { role: cell("role"), slots: Number(cell("slot-count")), link: cell("link"), perSecond: Number(cell("per-second")) }];
      };
      const owners = [...document.querySelectorAll('[data-testid="slots"] span')].map(({ title }) => title[0]);
      return {
        ...Object.fromEntries(ids.map((id) => [id, number(id)])),
        servers: Object.fromEntries(names.map(server)),
        owners: [...new Set(owners)].sort(),
        doing: document.querySelector("[data-busy]")?.textContent ?? "",
        log: [...document.querySelectorAll('[data-testid="log-entry"]')].map((entry) => [entry.dataset.from, entry.querySelector(".detail").textContent]),
      };
    }, NAMES);
  }

  seen(what, accept, timeout) {
    return this.until(what, () => this.read(), accept, timeout);
  }

  said(what, pattern, timeout = ELECTION) {
    return this.seen(what, ({ log, doing }) => doing === "" && log.some(([from, text]) => from === "demo" && pattern.test(text)), timeout);
  }

  /** Whether each of these serves slots and gets commands. */
  busy(now, names) {
    return names.every((name) => now.servers[name].slots > 0 && now.servers[name].perSecond > 20);
  }
}

/** Lets the script go on for as long as the chart is wide, until a replica has just taken over. */
async function trouble(page) {
  await page.get("automatic").check();
  await new Promise((resolve) => setTimeout(resolve, 45_000));
  const elections = ({ log }) => log.filter(([from, text]) => from === "demo" && / was elected /.test(text)).length;
  const before = elections(await page.read());
  await page.seen("another election", (now) => elections(now) > before, 60_000);
  await page.get("automatic").uncheck();
  await page.seen("servers that serve", (now) => page.busy(now, now.owners), ELECTION);
  await new Promise((resolve) => setTimeout(resolve, 4000));
}

/** What no order may bring about; `lost` is what was lost before. */
function unharmed({ wrong, lost, answered }, before) {
  check(wrong === 0, `${wrong} wrong replies`);
  check(answered === 0, `${answered} commands were answered with an error`);
  check(lost === before, `servers lost ${lost - before} writes that they had acknowledged`);
}

async function main() {
  const browser = await ENGINES.chromium();
  try {
    const context = await browser.newContext({ ...CONDITIONS, viewport: { width: 1280, height: 860 }, colorScheme: "light" });
    context.setDefaultTimeout(SOON);
    await steps(new Page(await context.newPage()), browser);
  } finally {
    await browser.close();
  }
}

async function steps(page, browser) {
  let lost = 0;
  const up = await step("the page shows the load on three primaries and three replicas", async () => {
    await page.page.goto(REDMUX_URL);
    const now = await page.seen("the load", (now) => page.busy(now, ["A", "B", "C"]) && ["D", "E", "F"].every((name) => now.servers[name].perSecond > 5) && now.rate > 500);
    for (const [replica, primary] of ["DA", "EB", "FC"]) check(now.servers[replica].role === `replica of ${primary}`, `${replica}: ${now.servers[replica].role}`);
    check(NAMES.every((name) => now.servers[name].link === "connected"), JSON.stringify(now.servers));
    check(now.owners.join("") === "ABC", JSON.stringify(now));
    unharmed(now, 0);
  });
  // Nothing that follows could tell more.
  if (!up) return;

  await step("slots move: redirects are counted, the map follows, no command fails", async () => {
    const before = await page.read();
    await page.get("move").click();
    const [, text] = (await page.said("the end of the move", /^512 slots moved/)).log.findLast(([from]) => from === "demo");
    const [, from, to] = /from ([A-C]) to ([A-C])$/.exec(text);
    const now = await page.seen("redirects and the new owner", ({ servers, redirects }) => redirects > before.redirects && servers[to].slots > before.servers[to].slots);
    check(now.servers[from].slots < before.servers[from].slots, JSON.stringify(now.servers));
    check(now.log.some(([from, text]) => from === "client" && /slots .*moved from . to ./.test(text)), "the client has no event of it");
    unharmed(now, 0);
    check(now["not-sent"] === 0 && now["maybe-executed"] === 0, `errors: ${JSON.stringify(now)}`);
  });

  const killed = await step("a primary is killed: its replica serves, and the load goes on", async () => {
    await page.get("node-A").getByRole("button").click();
    await page.seen("the dead server", ({ servers }) => servers.A.role === "down");
    const during = await page.read();
    check(page.busy(during, ["B", "C"]), `the other shards stopped: ${JSON.stringify(during.servers)}`);
    await page.said("the election", /^D was elected/);
    const now = await page.seen("the new primary", (now) => now.servers.D.role === "primary" && page.busy(now, ["B", "C", "D"]), ELECTION);
    check(now.owners.join("") === "BCD", now.owners.join(""));
    check(now.log.some(([from, text]) => from === "client" && /^connection failed: interactive A:/.test(text)), "the client has no event of the lost connection");
    // Replication is asynchronous: an election may cost the last writes.
    lost = now.lost;
    unharmed(now, lost);
    check(now["maybe-executed"] < 50 && now["not-sent"] < 50, `${now["maybe-executed"]} maybe executed, ${now["not-sent"]} not sent`);
  });

  if (!killed) return;

  let errors = [0, 0];
  await step("it comes back as a replica, and takes over again in order", async () => {
    const before = await page.read();
    errors = [before["not-sent"], before["maybe-executed"]];
    await page.get("back").click();
    await page.said("the server that is back", /^A is back, as a replica of D/);
    await page.get("fail-over").click();
    const taken = await page.said("the failover", /^[A-F] has taken over from [A-F]/);
    const [, text] = taken.log.findLast(([from]) => from === "demo");
    const heir = text[0];
    const now = await page.seen("the primary", (now) => now.servers[heir].role === "primary" && page.busy(now, [heir]), ELECTION);
    unharmed(now, lost);
    check(now["not-sent"] === errors[0], `${now["not-sent"] - errors[0]} commands were not sent`);
  });

  await step("the picture of the documents shows the page", async () => {
    await page.page.mouse.move(0, 0);
    // A picture that is kept shows a minute of the script.
    if (REDMUX_WRITE_DOCS) await trouble(page);
    // Its elections, too, may cost writes.
    if (REDMUX_WRITE_DOCS) ({ lost } = await page.read());
    await page.seen("servers that serve", (now) => page.busy(now, now.owners));
    await picture(page.page, "cluster-demo", "cargo xtask demo --cluster --check");
  });

  await step("a second page, on a phone and in the dark, shows the same and fits", async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 780 }, colorScheme: "dark" });
    const phone = new Page(await context.newPage());
    await phone.page.goto(REDMUX_URL);
    await phone.seen("the load", (now) => now.rate > 500);
    // Redirects may still be counted, and the owners of slots change: both pages are read until nothing came between.
    const both = async () => (await Promise.all([phone.read(), page.read()])).map(({ redirects, owners }) => `${redirects} redirects, ${owners}`);
    await phone.until("the same on both pages", both, ([now, here]) => now === here);
    const width = await phone.page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= 390, `the page is ${width} px wide`);
    check(phone.errors.length === 0, phone.errors.join("; "));
    await context.close();
  });

  await step("no wrong reply was seen, and no page had an error", async () => {
    const now = await page.read();
    unharmed(now, lost);
    check(page.errors.length === 0, page.errors.join("; "));
  });
}

try {
  await main();
} catch (error) {
  results.failures += 1;
  console.log(`FAILED to run: ${error.message.split("\n")[0]}`);
}
process.exitCode = results.failures === 0 ? 0 : 1;
