// Shared by the checks of the console: servers, gateways, and one tab of the page.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { check, listening } from "../checks.mjs";

/** Milliseconds for an immediate change, and for one that waits for a reconnect. */
export const SOON = 15_000;
export const RECONNECT = 45_000;

export function equal(seen, wanted, what) {
  check(seen === wanted, `${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

/** Gateways, which end with the script. */
export class Gateways {
  #running = [];
  #folder = mkdtempSync(join(tmpdir(), "redmux-console-"));
  #program;

  constructor(program) {
    this.#program = program;
  }

  /** Starts one with these arguments; returns its `http://` origin. */
  async start(...args) {
    const child = spawn(this.#program, [...args, "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
    this.#running.push(child);
    return `http://127.0.0.1:${await listening(child)}`;
  }

  /** A configuration as a file. */
  file(name, text) {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }

  stop() {
    for (const child of this.#running) child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One tab with the console, and everything a check looks at in it. */
export class Tab {
  /** Errors of the console, uncaught exceptions and violations of the policy. */
  errors = [];

  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    page.setDefaultTimeout(SOON);
    page.on("pageerror", (error) => this.errors.push(`uncaught: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
  }

  get(id) {
    return this.page.getByTestId(id);
  }

  text(id) {
    return this.get(id).first().textContent();
  }

  async load() {
    await this.page.goto(`${this.origin}/console/`);
    await this.page.waitForSelector("html[data-started]");
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

  /** Waits for a text that equals, or matches, the expected one. */
  async sees(id, wanted, timeout) {
    const accept = (text) => (wanted instanceof RegExp ? wanted.test(text) : text === wanted);
    return this.until(`${id} ${wanted}`, () => this.text(id).catch((error) => error.message), accept, timeout);
  }

  state(wanted, timeout) {
    return this.until(`state ${wanted}`, () => this.get("state").getAttribute("data-state"), (seen) => seen === wanted, timeout);
  }

  async connect({ username, password, token, database } = {}) {
    if (token !== undefined) {
      await this.get("how-token").check();
      await this.get("connect-token").fill(token);
    } else if (password !== undefined) {
      await this.get("how-password").check();
      await this.get("connect-username").fill(username ?? "");
      await this.get("connect-password").fill(password);
    }
    if (database !== undefined) await this.get("connect-database").fill(String(database));
    await this.get("connect").click();
  }

  /** One of a group of radio buttons. */
  async choose(name) {
    await this.page.getByRole("radio", { name, exact: true }).check();
  }

  async tab(name) {
    await this.get(`tab-${name}`).click();
  }

  async open(name) {
    await this.tab("keys");
    const back = this.page.locator(".back");
    if ((await back.count()) > 0 && (await back.first().isVisible())) await back.first().click();
    await this.get("keys-name").fill(name);
    await this.get("keys-open").click();
    await this.sees("key-name", name);
  }

  /** The cells of the open value's table. */
  rows() {
    return this.get("value-table").locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  }

  async untilRows(what, accept) {
    return this.until(what, () => this.rows(), accept);
  }

  /** Runs a line; answers the question about dangerous ones with `sure`. */
  async run(line, { sure } = {}) {
    const entries = this.get("cli-entry");
    const before = await entries.count();
    await this.get("cli-input").fill(line);
    await this.page.keyboard.press("Escape");
    await this.get("cli-run").click();
    if (sure !== undefined) await this.get(sure ? "dialog-yes" : "dialog-cancel").click();
    await this.until("the command", () => entries.count(), (count) => count > before);
    const entry = entries.nth(before);
    const status = await this.until("a reply", () => entry.getAttribute("data-status"), (seen) => seen !== "pending");
    return { status, reply: await entry.locator(".reply").textContent(), took: await entry.locator(".took").textContent() };
  }

  /** Fills in the dialog and accepts it. */
  async answer(values) {
    for (const [name, value] of Object.entries(values)) await this.get(`dialog-${name}`).fill(value);
    await this.get("dialog-yes").click();
    await this.until("the dialog gone", () => this.get("dialog").count(), (count) => count === 0);
  }
}
