// The WebSocket transport in a page and a worker of Chromium, Firefox and WebKitGTK, and Node with an injected class.
//
//   CHECKS=dir with redmux_websocket_checks.js and its wasm   REDIS=host:port   node check.mjs
//
// ../engines/launch.mjs says where the browsers are found.
//
// Prints `ok   step` or `FAILED step: why` a line; exits 1 if any failed.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import WebSocket from "ws";
import { ENGINES } from "../engines/launch.mjs";
import { serve } from "./server.mjs";

const STEM = "redmux_websocket_checks";
const checks = process.env.CHECKS ?? fail("CHECKS names no folder");
const here = import.meta.dirname;

let failed = 0;

function fail(why) {
  console.log(`FAILED ${why}`);
  process.exit(1);
}

function report(where, results) {
  for (const { name, line, error } of results) {
    if (error === undefined) console.log(`ok   ${where}: ${name}: ${line}`);
    else {
      failed += 1;
      console.log(`FAILED ${where}: ${name}: ${error}`);
    }
  }
}

/** A site with the scenarios and the wasm. */
async function site() {
  const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.slice(1);
    if (name === "") {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>checks</title>");
      return;
    }
    const folder = name === "scenarios.mjs" ? here : checks;
    try {
      const body = await readFile(join(folder, name));
      response.setHeader("Content-Type", types[extname(name)] ?? "text/plain");
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, address: `http://127.0.0.1:${server.address().port}` };
}

/** Runs inside the page: imports the scenarios there or in a worker. */
async function inBrowser({ base, stem, worker }) {
  const source = `
    import { run } from "${location.origin}/scenarios.mjs";
    import init, * as module from "${location.origin}/${stem}.js";
    await init({ module_or_path: "${location.origin}/${stem}_bg.wasm" });
    const results = await run(module, ${JSON.stringify(base)});
    (globalThis.finished ?? postMessage)(results);`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    if (worker) {
      const thread = new Worker(url, { type: "module" });
      thread.onmessage = (event) => resolve(event.data);
      thread.onerror = (event) => reject(new Error(event.message));
    } else {
      globalThis.finished = resolve;
      import(url).catch(reject);
    }
  });
}

async function browsers(base) {
  const { server, address } = await site();
  for (const [engine, launch] of Object.entries(ENGINES)) {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      // Panics appear there; so do the failed dials that the scenarios cause.
      page.on("console", (message) => {
        if (message.text().includes("panicked")) console.log(`     ${message.text()}`);
      });
      await page.goto(address);
      for (const worker of [false, true]) {
        const results = await page.evaluate(inBrowser, { base, stem: STEM, worker });
        report(`${engine}, ${worker ? "worker" : "page"}`, results);
      }
    } finally {
      await browser.close();
    }
  }
  server.close();
}

async function node(base) {
  const module = await import(pathToFileURL(join(checks, `${STEM}.js`)).href);
  module.initSync({ module: await readFile(join(checks, `${STEM}_bg.wasm`)) });
  const single = async (name, ...args) => {
    try {
      report("node", [{ name, line: await module[name](base, ...args) }]);
    } catch (error) {
      report("node", [{ name, error: error.message }]);
    }
  };
  // Node 20 has no WebSocket; later versions have one, which is removed for this.
  delete globalThis.WebSocket;
  await single("no_constructor");
  await single("injected", WebSocket);
  globalThis.WebSocket = WebSocket;
  const { run } = await import("./scenarios.mjs");
  report("node", await run(module, base));
}

const server = await serve();
try {
  await browsers(server.base);
  await node(server.base);
  // A page and a worker of each browser, and Node, each abandoned one dial and dropped one stream. Firefox waits before
  // it dials a host after a failed dial: abandoned dials never get here.
  const runs = 2 * Object.keys(ENGINES).length + 1;
  const { dials, hang, watch } = server.closed;
  const right = dials >= runs - 2 && dials <= runs && hang === dials && watch === runs;
  const seen = `${hang} of ${dials} dials, ${watch} streams`;
  report("server", [{ name: "what was abandoned was closed", line: seen, error: right ? undefined : seen }]);
} finally {
  server.stop();
}
process.exit(failed === 0 ? 0 : 1);
