// Pages, bundled and served in every way, in a browser: each sets and gets a key through a WebSocket.

import { spawn } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

import { freePort } from "../checks.mjs";
import { examplePage } from "./page.mjs";
import { here, LIMIT, node, project, run, tool } from "./project.mjs";

const esbuild = join(here, "../runtimes/node_modules/.bin/esbuild");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };
/** Writes the result into the title. */
const app = `
import { connect } from "redmux";
async function main() {
  const redis = await connect(location.hash.slice(1));
  const key = "setup:" + Math.random();
  await redis.set(key, "value", { EX: 60 });
  return "got " + (await redis.get(key));
}
main().catch((error) => "failed: " + error.stack).then((text) => (document.title = text));`;
const html = (script) => `<!doctype html><title>waiting</title><script type="module" src="${script}"></script>`;

export async function pages(env) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const looks = async (url) => {
    const page = await browser.newPage();
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.stack));
    try {
      await page.goto(`${url}#${env.WS_URL}`, { timeout: LIMIT });
      await page.waitForFunction(() => /^(got|failed)/.test(document.title), null, { timeout: 60_000 }).catch(() => {});
      const title = await page.title();
      if (title !== "got value") throw new Error(`${title}\n${said.join("\n")}`);
    } finally {
      await page.close();
    }
  };
  const vite = ["vite5", "vite6", "vite7", "vite8"].map((name) => [name.replace("vite", "vite "), [
    ["dev", async () => {
      const folder = await project(`${name}-dev`, { "index.html": html("/app.js"), "app.js": app, "vite.config.mjs": `export default { cacheDir: ".vite" };` });
      const port = await freePort();
      const args = [tool(`${name}/bin/vite.js`), "--port", `${port}`, "--strictPort", "--host", "127.0.0.1"];
      await served(args, folder, `http://127.0.0.1:${port}/`, looks);
    }],
    ["build", async () => {
      const folder = await project(`${name}-build`, { "index.html": html("/app.js"), "app.js": app });
      await node([tool(`${name}/bin/vite.js`), "build", "--logLevel", "error"], folder);
      await files(join(folder, "dist"), looks);
    }],
  ]]);
  const next = ["turbopack", "webpack"].map((mode) => [`next with ${mode}`, nextSteps(mode, env, looks)]);
  const setups = [
    ...vite,
    ["webpack for pages", [["build", async () => {
      const config = `module.exports = { mode: "production", entry: "./app.js", output: { path: __dirname + "/dist", filename: "app.js" }, performance: { hints: false } };`;
      const folder = await project("webpack-web", { "app.js": app, "webpack.config.cjs": config });
      const output = await node([tool("webpack/bin/webpack.js")], folder);
      if (/warning/i.test(output)) throw new Error(output);
      await writeFile(join(folder, "dist/index.html"), html("app.js"));
      await files(join(folder, "dist"), looks);
    }]]],
    ["esbuild for pages", ["redmux", "redmux/inline"].map((from) => [from, async () => {
      const folder = await project(`esbuild-web-${from.length}`, { "app.js": app.replace('"redmux"', `"${from}"`), "dist/index.html": html("app.js") });
      await run(esbuild, ["app.js", "--bundle", "--minify", "--format=esm", "--outfile=dist/app.js"], folder);
      await files(join(folder, "dist"), looks);
    }])],
    ["rollup for pages", [["build", async () => {
      const config = `import resolve from ${JSON.stringify(tool("@rollup/plugin-node-resolve/dist/es/index.js"))};
        export default { input: "app.js", output: { dir: "dist", format: "es" }, plugins: [resolve({ browser: true })] };`;
      const folder = await project("rollup-web", { "app.js": app, "rollup.config.mjs": config, "dist/index.html": html("app.js") });
      await node([tool("rollup/dist/bin/rollup"), "-c", "--silent"], folder);
      await files(join(folder, "dist"), looks);
    }]]],
    ["parcel", [["build", async () => {
      const folder = await project("parcel", { "index.html": html("./app.js"), "app.js": app });
      await node([tool("parcel/lib/bin.js"), "build", "index.html", "--dist-dir", "dist", "--cache-dir", ".parcel", "--no-source-maps"], folder);
      await files(join(folder, "dist"), looks);
    }]]],
    ...next,
    examplePage(browser, env),
  ];
  return { setups, close: () => browser.close() };
}

/** Next in one mode: built once, then a page made on the server and one that runs in the browser. */
function nextSteps(mode, env, looks) {
  let folder;
  return [
    ["build", async () => {
      folder = await project(`next-${mode}`, {
        "next.config.mjs": `const root = ${JSON.stringify(here)};
          export default { turbopack: { root }, outputFileTracingRoot: root, typescript: { ignoreBuildErrors: true } };`,
        "app/layout.jsx": `export default ({ children }) => <html><body>{children}</body></html>;`,
        "app/page.jsx": `import { connect } from "redmux";
          export const dynamic = "force-dynamic";
          export default async function Page() {
            const redis = await connect(process.env.REDIS_URL);
            await redis.set("setup:next", "value", { EX: 60 });
            const value = await redis.get("setup:next");
            await redis.close();
            return <p>got {value}</p>;
          }`,
        "app/client/page.jsx": `"use client"; import { useEffect } from "react";
          ${app.replace("main().catch", "const start = () => main().catch")}
          export default function Page() { useEffect(() => void start(), []); return null; }`,
      });
      await node([tool("next/dist/bin/next"), "build", `--${mode}`], folder);
    }],
    ["a server component, and a client component", async () => {
      const port = await freePort();
      const args = [tool("next/dist/bin/next"), "start", "-p", `${port}`, "-H", "127.0.0.1"];
      await served(args, folder, `http://127.0.0.1:${port}/`, async (url) => {
        const text = await (await fetch(url)).text();
        if (!/got (<!-- -->)?value/.test(text)) throw new Error(text.slice(0, 2000));
        await looks(`${url}client`);
      }, env);
    }],
  ];
}

/** Runs a server for as long as `action(url)` takes. */
async function served(args, cwd, url, action, env = {}) {
  const server = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env, NEXT_TELEMETRY_DISABLED: "1", BROWSER: "none" } });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (said += text));
  try {
    const until = Date.now() + LIMIT;
    while (!(await fetch(url).then((response) => response.body.cancel().then(() => true), () => false))) {
      if (server.exitCode !== null || Date.now() > until) throw new Error("it does not listen");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await action(url);
  } catch (error) {
    throw new Error(`${error.message}\n${said}`.slice(0, 4000));
  } finally {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await ended;
  }
}

/** Serves files as they are. */
async function files(folder, looks) {
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    try {
      const body = await readFile(join(folder, name));
      response.setHeader("Content-Type", TYPES[extname(name)] ?? "text/html");
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await looks(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
