// The example of a page with modules (examples/catalog-page), in Node and in a browser through a gateway.
//
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_STACK     host:port of a server with the modules of Redis Stack, which is emptied
//   CHROMIUM         path of the browser
//   REDMUX_SCREENSHOT  optional: path of a PNG; one in light and one in dark are written
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

import { connect } from "../src/node.js";
import { check, environment, freePort, listening, results, step } from "./checks.mjs";
import { axe, withAxe } from "./console/look.mjs";

const { REDMUX_GATEWAY, REDMUX_STACK, CHROMIUM, REDMUX_SCREENSHOT } = environment("REDMUX_GATEWAY", "REDMUX_STACK", "CHROMIUM");
const SOON = 20_000;
const www = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "redmux-catalog-"));
const site = join(folder, "site");

// As the README of the example says: the page with the package beside it; for Node, as `npm install` links it.
await cp(join(www, "../examples/catalog-page"), site, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
await mkdir(join(folder, "node_modules"));
await symlink(www, join(folder, "node_modules/redmux"));
for (const part of ["esm", "pkg"]) await cp(join(www, part), join(site, "redmux", part), { recursive: true });

const port = await freePort();
let gateway;
async function start() {
  gateway = spawn(REDMUX_GATEWAY, ["--upstream", REDMUX_STACK, "--listen", `127.0.0.1:${port}`, "--serve", site, "--drain", "100ms", "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
  await listening(gateway);
  gateway.stdout.resume();
}

const redis = await connect(`redis://${REDMUX_STACK}`);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] });
const faults = [];
/** The browser reports a lost connection on its console. */
let away = false;

async function open() {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && !away && faults.push(message.text()));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForSelector("#state[data-state=connected]");
  return page;
}

/** Waits until an element has this text; fails with the last one. */
async function sees(page, id, wanted) {
  const text = () => page.locator(id).evaluateAll((all) => all.map((element) => element.textContent.trim()).join("; "));
  for (const end = Date.now() + SOON; (await text()) !== wanted; await new Promise((resolve) => setTimeout(resolve, 20))) {
    check(Date.now() < end, `${id}: ${await text()}, not ${wanted}`);
  }
}

const found = (page, wanted) => sees(page, "#found button", wanted);
const choose = (page, name) => page.getByRole("button", { name, exact: true }).first().click();

let one;
let two;
try {
  await redis.flushAll();
  await start();
  await step("in Node it prints what it finds and sells", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(site, "show.js"), `redis://${REDMUX_STACK}`], { timeout: SOON });
    const lines = stdout.replace(/hour from \S+/, "hour").trim().split("\n");
    const wanted = [
      "The candle for 4.5: A small light, and warm",
      "The lamp for 39.5: A warm light for the desk",
      "like The lamp: The lantern",
      "like The lamp: The candle",
      "light: 3 from 4.5 to 39.5",
      "furniture: 2 from 49 to 890",
      "left of The candle: 1",
      "light: 2 sold in the hour",
      "new here: true",
      "visitors: 1",
    ];
    check(lines.join("\n") === wanted.join("\n"), `it printed ${JSON.stringify(lines)}`);
  });
  await step("the page finds by words, price and category", async () => {
    one = await open();
    await found(one, "The candle; The lantern; The lamp; The stool; The sofa");
    await sees(one, "#facets button", "light: 3, 4.5 to 39.5; furniture: 2, 49 to 890");
    await one.getByRole("button", { name: /^furniture/ }).click();
    await found(one, "The stool; The sofa");
    await one.fill("#words", "light");
    await found(one, "The stool");
    await one.getByRole("button", { name: /^furniture/, pressed: true }).click();
    await one.fill("#most", "30");
    await found(one, "The candle; The lantern");
    await one.fill("#words", "warm lights");
    await found(one, "The candle");
    await sees(one, "#note", "1 found for “warm lights”");
  });
  await step("what is typed is words, and neither a query nor HTML", async () => {
    await one.fill("#most", "");
    const injected = "warm) | @price:[0 1000] | (light";
    await one.fill("#words", injected);
    await sees(one, "#note", `0 found for “${injected}”`);
    for (const marks of ["*", "\"", "@name:{$p0}", "=>[KNN 1 @feel $p0]", "\\", "<img src=x onerror='throw 1'>"]) {
      await one.fill("#words", marks);
      await one.waitForFunction((marks) => document.querySelector("#note").textContent.endsWith(`“${marks}”`), marks);
      check((await one.textContent("#fault")) === "", `${marks}: ${await one.textContent("#fault")}`);
    }
    const name = "<img src=x onerror='throw 2'>";
    await redis.send("JSON.SET", "catalog:product:odd", "$", JSON.stringify({ id: "odd", name, about: "<b>odd</b>", category: "<i>odd</i>", price: 1, feel: [1, 1, 1], left: 1 }));
    await one.fill("#words", "");
    await found(one, `${name}; The candle; The lantern; The lamp; The stool; The sofa`);
    await choose(one, name);
    await sees(one, "#about", "<b>odd</b>");
    check((await one.locator("img, b, i").count()) === 0, "a text became HTML");
    await one.getByRole("button", { name: /^<i>odd/ }).click();
    await found(one, name);
    await redis.del("catalog:product:odd");
    await one.getByRole("button", { name: /^<i>odd/ }).click();
    await found(one, "The candle; The lantern; The lamp; The stool; The sofa");
  });
  await step("a product has its visitors, and those that are like it", async () => {
    await choose(one, "The lamp");
    await sees(one, "#visitors", "Visitors: 1");
    await sees(one, "#alike button", "The lantern; The candle");
    two = await open();
    await choose(two, "The lamp");
    await sees(two, "#visitors", "Visitors: 2. Welcome, you are new here.");
    await two.reload();
    await choose(two, "The lamp");
    await sees(two, "#visitors", "Visitors: 2");
  });
  await step("two tabs sell the last piece once, and sales are counted", async () => {
    for (const page of [one, two]) {
      await choose(page, "The candle");
      await sees(page, "#left", "1 left");
    }
    await Promise.all([one, two].map((page) => page.click("#sell")));
    const left = async () => (await Promise.all([one, two].map((page) => page.textContent("#left")))).sort().join("; ");
    for (const end = Date.now() + SOON; (await left()) !== "0 left; sold out"; ) check(Date.now() < end, `they say ${await left()}`);
    check((await redis.send("JSON.GET", "catalog:product:candle", "$.left")) === "[0]", "a piece was sold that is not there");
    await choose(one, "The sofa");
    await sees(one, "#left", "3 left");
    await one.click("#sell");
    await sees(one, "#left", "2 left");
    // Around a full hour the sales of a category are in two rows.
    const sold = async () => (await one.locator("#sales td:last-child").allTextContents()).reduce((sum, text) => sum + Number(text), 0);
    for (const end = Date.now() + SOON; (await sold()) !== 4; ) check(Date.now() < end, `${await sold()} were sold`);
  });
  await step("it is accessible by axe, in light and dark", async () => {
    await withAxe({ page: one });
    for (const colorScheme of ["light", "dark"]) {
      await one.emulateMedia({ colorScheme });
      await axe({ page: one }, colorScheme);
      if (REDMUX_SCREENSHOT) await one.screenshot({ path: REDMUX_SCREENSHOT.replace(/\.png$/, `-${colorScheme}.png`) });
    }
  });
  await step("it says that the gateway is gone, and goes on when it is back", async () => {
    away = true;
    gateway.kill();
    await one.waitForSelector("#state[data-state=reconnecting]");
    await start();
    await one.waitForSelector("#state[data-state=connected]");
    away = false;
    await one.fill("#words", "garden");
    await found(one, "The lantern");
  });
  await step("nothing complained on the console", async () => check(faults.length === 0, faults.join("; ")));
} finally {
  await browser.close();
  gateway?.kill();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
}
process.exit(results.failures === 0 ? 0 : 1);
