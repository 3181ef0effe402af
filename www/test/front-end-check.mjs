// The page whose front-end is Rust (examples/front-end), through a real gateway.
//
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_REDIS     host:port of a server, which is emptied
//   REDMUX_CONTROL   address that takes POST /server/{kill,start}
//   FRONT_END        folder of the built page
//   CHROMIUM         path of the browser
//   REDMUX_SCREENSHOT  optional: path of a PNG; one in light and one in dark are written
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { spawn } from "node:child_process";
import { chromium } from "playwright-core";

import { check, environment, freePort, listening, results, step } from "./checks.mjs";
import { connect } from "../src/node.js";

const { REDMUX_GATEWAY, REDMUX_REDIS, REDMUX_CONTROL, FRONT_END, CHROMIUM, REDMUX_SCREENSHOT } = environment(
  "REDMUX_GATEWAY",
  "REDMUX_REDIS",
  "REDMUX_CONTROL",
  "FRONT_END",
  "CHROMIUM",
);
const SOON = 20_000;

const port = await freePort();
let gateway;
async function start() {
  const flags = ["--upstream", REDMUX_REDIS, "--listen", `127.0.0.1:${port}`, "--serve", FRONT_END, "--drain", "100ms", "--quiet"];
  gateway = spawn(REDMUX_GATEWAY, flags, { stdio: ["ignore", "pipe", "inherit"] });
  await listening(gateway);
  gateway.stdout.resume();
}

const redis = await connect(`redis://${REDMUX_REDIS}`);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] });
const faults = [];
/** The browser reports a lost connection on its console. */
let away = false;

async function control(action) {
  const response = await fetch(`${REDMUX_CONTROL}/server/${action}`, { method: "POST", signal: AbortSignal.timeout(SOON) });
  if (!response.ok) throw new Error(`POST /server/${action} answered ${response.status}`);
}

async function open(state = "connected") {
  const page = await browser.newPage();
  page.setDefaultTimeout(SOON);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && !away && faults.push(message.text()));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForSelector(`#state[data-state=${state}]`);
  return page;
}

async function post(page, note) {
  await page.fill("#note", note);
  await page.click("#post");
}

const first = (page, note) => page.waitForFunction((note) => document.querySelector("#notes li")?.textContent === note, note, { timeout: SOON });
const notes = (page) => page.locator("#notes li").allTextContents();

let one;
let two;
try {
  await redis.flushAll();
  await start();
  await step("it loads, connects and counts visits", async () => {
    one = await open();
    await one.waitForFunction(() => document.querySelector("#visits").textContent === "1");
    two = await open();
    await two.waitForFunction(() => document.querySelector("#visits").textContent === "2");
    check((await redis.get("board:visits")) === "2", "the server counts differently");
  });
  await step("before the program listens, a form does not load the page again", async () => {
    const page = await browser.newPage();
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/*.wasm", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`http://127.0.0.1:${port}/`);
    const address = page.url();
    await page.fill("#note", "too soon");
    await page.press("#note", "Enter");
    check((await page.isDisabled("#post")) && (await page.isDisabled("#leave")), "a button can be pressed that does nothing");
    release();
    await page.waitForSelector("#state[data-state=connected]");
    check(page.url() === address && (await page.inputValue("#note")) === "too soon", `it was loaded again: ${page.url()}`);
    await page.close();
  });
  await step("a note reaches every page, and is kept", async () => {
    await post(one, "from the first");
    for (const page of [one, two]) await first(page, "from the first");
    check((await one.inputValue("#note")) === "", "it stays in the field");
    check((await redis.lRange("board:notes", 0, -1)).join() === "from the first", "it is not kept");
  });
  await step("what others wrote is text, whatever it looks like", async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    await post(two, hostile);
    for (const page of [one, two]) {
      await first(page, hostile);
      check((await page.locator("#notes img, #notes script").count()) === 0, "it became HTML");
    }
    await redis.publish("board:news", Uint8Array.of(0xff, 0x41));
    await first(one, "\ufffdA");
  });
  await step("nothing is posted where nothing was entered", async () => {
    const before = await redis.lLen("board:notes");
    await post(one, "   ");
    await post(one, "and then");
    await first(two, "and then");
    check((await redis.lLen("board:notes")) === before + 1, "an empty note was kept");
  });
  await step("the board keeps twenty notes", async () => {
    for (let number = 1; number <= 25; number++) {
      await post(one, `note ${number}`);
      await first(one, `note ${number}`);
    }
    check((await redis.lLen("board:notes")) === 20, "the server keeps others");
    check((await notes(one)).length === 20, "the page shows others");
  });
  await step("a page that comes later shows what is kept, newest first", async () => {
    const late = await open();
    await first(late, "note 25");
    check((await notes(late)).join() === (await notes(one)).join(), "it shows another board");
    await late.close();
  });
  await step("an error says what happened and whether it may have been done", async () => {
    const kept = await redis.lRange("board:notes", 0, -1);
    await redis.del(["board:notes"]);
    await redis.set("board:notes", "no list");
    await post(one, "hunter2");
    await one.waitForFunction(() => document.querySelector("#fault").textContent !== "");
    const text = await one.textContent("#fault");
    check(/WRONGTYPE/.test(text) && text.includes("the server said so") && !text.includes("hunter2"), text);
    check((await one.inputValue("#note")) === "hunter2", "what was entered is gone");
    for (const page of [one, two]) check(!(await notes(page)).includes("hunter2"), "what was refused is on the board");
    await redis.del(["board:notes"]);
    await redis.rPush("board:notes", ...kept);
    await one.waitForFunction(() => document.querySelector("#log").textContent.includes("WRONGTYPE"));
  });
  await step("it says that the gateway is gone", async () => {
    away = true;
    gateway.kill();
    for (const page of [one, two]) await page.waitForSelector("#state[data-state=reconnecting]");
    check((await one.locator("#log li").allTextContents())[0].includes("connection failed"), "no event tells of it");
    await post(one, "too early");
  });
  await step("it comes back with the gateway, reads the board anew, and hears what comes", async () => {
    await redis.lPush("board:notes", "posted meanwhile");
    await start();
    for (const page of [one, two]) await page.waitForSelector("#state[data-state=connected]");
    away = false;
    await two.waitForFunction(() => [...document.querySelectorAll("#notes li")].some((item) => item.textContent === "posted meanwhile"));
    check((await one.locator("#log li").allTextContents()).some((line) => line.includes("connection restored")), "no event tells of it");
    await post(two, "here again");
    for (const page of [one, two]) await first(page, "here again");
  });
  await step("what is refused while it loads is said, and the rest works", async () => {
    await redis.rename("board:notes", "board:kept");
    await redis.set("board:notes", "no list");
    const page = await open();
    await page.waitForFunction(() => document.querySelector("#fault").textContent.includes("WRONGTYPE"));
    check((await page.getAttribute("#state", "data-state")) === "connected", "it says that there is no connection");
    await redis.rename("board:kept", "board:notes");
    await post(page, "mended");
    for (const each of [page, one]) await first(each, "mended");
    await page.close();
  });
  await step("a page that is opened while Redis is away begins when it comes back, and the others go on", async () => {
    const kept = await redis.lRange("board:notes", 0, -1);
    away = true;
    await control("kill");
    for (const page of [one, two]) await page.waitForSelector("#state[data-state=reconnecting]");
    const early = await open("reconnecting");
    check(!(await early.isDisabled("#post")), "one can post nothing");
    await control("start");
    for (const page of [one, two, early]) await page.waitForSelector("#state[data-state=connected]");
    away = false;
    // The server kept nothing.
    await redis.rPush("board:notes", ...kept);
    await early.waitForFunction(() => document.querySelector("#visits").textContent === "1");
    await post(early, "as if nothing had been");
    for (const page of [one, two, early]) await first(page, "as if nothing had been");
    await early.close();
  });
  if (REDMUX_SCREENSHOT) {
    await step("screenshots", async () => {
      await one.fill("#note", "<b>hostile</b>");
      for (const colorScheme of ["light", "dark"]) {
        await one.emulateMedia({ colorScheme });
        await one.screenshot({ path: REDMUX_SCREENSHOT.replace(/\.png$/, `-${colorScheme}.png`) });
      }
    });
  }
  await step("it closes, and nothing is left open", async () => {
    await one.click("#leave");
    await one.waitForSelector("#state[data-state=closed]");
    check(await one.isDisabled("#post"), "one could post");
    const clients = async () => (await redis.send("CLIENT", "LIST")).match(/name=front-end/g)?.length;
    for (const end = Date.now() + SOON; (await clients()) !== 1 && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 50));
    check((await clients()) === 1, `${await clients()} connections are open`);
  });
  await step("nothing complained on the console", async () => check(faults.length === 0, faults.join("; ")));
} finally {
  await browser.close();
  gateway?.kill();
  await redis.close();
}
process.exit(results.failures === 0 ? 0 : 1);
