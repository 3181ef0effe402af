// Measurements in a page, through the gateway.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";

import { listening } from "../../www/test/checks.mjs";

const root = join(import.meta.dirname, "../..");
const { chromium } = createRequire(join(root, "www/test/runtimes/package.json"))("playwright-core");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-precise-memory-info", "--js-flags=--expose-gc"];

/** Gives `{ measure(name, workload, seconds), stop() }`. */
export async function browser({ port, gateway, program }) {
  const site = await serve();
  const origin = `http://127.0.0.1:${site.address().port}`;
  const words = ["--listen", "127.0.0.1:0", "--upstream", `127.0.0.1:${port}`, "--origin", origin, "--quiet"];
  const front = spawn(gateway, words, { stdio: ["ignore", "pipe", "inherit"] });
  const url = `ws://127.0.0.1:${await listening(front)}/redis`;
  const running = await chromium.launch({ executablePath: program, args: FLAGS });
  const system = await running.newBrowserCDPSession();
  return {
    /** In a new page each time; its CPU is that of the page's process. */
    async measure(name, workload, seconds) {
      const page = await running.newPage();
      try {
        let before = new Map();
        let sum = 0;
        await page.exposeFunction("cpu", async () => {
          const { processInfo } = await system.send("SystemInfo.getProcessInfo");
          const renderers = processInfo.filter(({ type }) => type === "renderer");
          // Those of earlier pages may end meanwhile.
          for (const { id, cpuTime } of renderers) sum += (cpuTime - (before.get(id) ?? cpuTime)) * 1e6;
          before = new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]));
          return sum;
        });
        await page.goto(origin);
        return await page.evaluate(
          async ([name, workload, url, seconds]) => {
            const { measure } = await import("/benches/js/measure.mjs");
            const heap = () => performance.memory.usedJSHeapSize;
            return measure({ name, workload, where: { url }, seconds, cpu: globalThis.cpu, heap, gc: globalThis.gc });
          },
          [name, workload, url, seconds],
        );
      } finally {
        await page.close();
      }
    },
    async stop() {
      await running.close();
      front.kill();
      site.close();
    },
  };
}

async function serve() {
  const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    response.setHeader("Content-Type", types[extname(path)] ?? "text/html");
    if (path === "/") return response.end("<!doctype html>");
    try {
      if (!/^\/(www\/(src|pkg)|benches\/js)\//.test(path)) throw new Error("not served");
      response.end(await readFile(join(root, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}
