// The package, packed and installed from its tarball, in each runtime, against a real server.
//
//   REDIS=host:port   REDIS_SERVER=path   REDMUX_GATEWAY=path   CHROMIUM=path   node check.mjs
//
// The second and third are programs, which are started again with TLS.
//
// Prints `ok   step` or `FAILED step: why` a line; exits 1 if any failed.

import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

import { freePort } from "../checks.mjs";
import { relay } from "../relay.mjs";
import { startTls } from "./tls-servers.mjs";
import { workerExample } from "./worker.mjs";

const execute = promisify(execFile);
const here = import.meta.dirname;
const www = join(here, "../..");
const bin = (name) => join(here, "node_modules/.bin", name);
/** Straight from the packages of the platform, whose wrappers want scripts of theirs to have been run. */
const RUNTIMES = {
  bun: join(here, "node_modules/@oven/bun-linux-x64/bin/bun"),
  deno: join(here, "node_modules/@deno/linux-x64-glibc/deno"),
  workerd: join(here, "node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
};
const [host, port] = (process.env.REDIS ?? "127.0.0.1:6379").split(":");
const LIMIT = 120_000;
/** The modules of the package. */
const MODULES = ["json", "bloom", "time-series", "search"];
const imports = (from) => MODULES.map((name) => `import "${from(name)}";`).join("\n    ");

let failed = 0;

function report(where, results) {
  for (const { name, error } of results) {
    if (error === undefined) console.log(`ok   ${where}: ${name}`);
    else {
      failed += 1;
      console.log(`FAILED ${where}: ${name}: ${error}`);
    }
  }
}

/** The tarball in a new project, as users have it. */
async function install() {
  const project = await mkdtemp(join(tmpdir(), "redmux-runtimes-"));
  const pack = ["pack", "--silent", "--pack-destination", project];
  const { stdout } = await execute("npm", pack, { cwd: www });
  const tarball = stdout.trim().split("\n").at(-1);
  await writeFile(join(project, "package.json"), '{ "name": "app", "private": true, "type": "module" }');
  const flags = ["--no-audit", "--no-fund", "--offline", "--omit=peer"];
  await execute("npm", ["install", ...flags, `./${tarball}`], { cwd: project });
  for (const file of ["scenario.mjs", "tls.mjs", "ioredis.mjs"]) await cp(join(here, file), join(project, file));
  // Node 20 needs this package for WebSockets; its user installs it.
  await cp(join(here, "node_modules/ws"), join(project, "node_modules/ws"), { recursive: true });
  const app = `
    import * as redmux from "redmux";
    ${imports((name) => `redmux/${name}`)}
    import { run } from "./scenario.mjs";
    import { run as runTls } from "./tls.mjs";
    import { run as runIoredis } from "./ioredis.mjs";
    const results = await runIoredis("redis://${host}:${port}");
    for (const [url, dead] of JSON.parse(process.env.URLS)) results.push(...await run(redmux, url, dead));
    results.push(...await runTls(redmux, JSON.parse(process.env.TLS)));
    console.log(JSON.stringify(results));`;
  await writeFile(join(project, "app.mjs"), app);
  return project;
}

/** The steps with TLS, with and without the authority. */
function certificates({ pem, port, gatewayPort, token }) {
  // Deno's WebSocket reports only an alert, workerd nothing: there the package says what the cause may be.
  const silent = "fatal alert|is the certificate trusted";
  const untrusted = "trust|issuer|verify|verification|self.signed|unknown.?ca|local issuer";
  const name = "name|altname|match|subject|valid for";
  const password = { password: token };
  const wrong = (words) => `${words}|${silent}`;
  return {
    rediss: [
      { name: "rediss: a right certificate", url: `rediss://localhost:${port}` },
      { name: "rediss: a wrong name is refused", url: `rediss://127.0.0.1:${port}`, refused: wrong(name) },
    ],
    strange: [{ name: "rediss: an authority that is not trusted is refused", url: `rediss://localhost:${port}`, refused: wrong(untrusted) }],
    wss: [
      { name: "wss: a right certificate", url: `wss://localhost:${gatewayPort}/redis`, options: password },
      { name: "wss: a wrong name is refused", url: `wss://127.0.0.1:${gatewayPort}/redis`, options: password, refused: wrong(name) },
    ],
    strangeWss: [
      { name: "wss: an authority that is not trusted is refused", url: `wss://localhost:${gatewayPort}/redis`, options: password, refused: wrong(untrusted) },
    ],
    told: (cases) => cases.map((one) => ({ ...one, options: { tls: { ca: pem } } })),
  };
}

async function processRuntime(where, program, args, project, urls, tls, more = {}) {
  try {
    const env = { ...process.env, URLS: JSON.stringify(urls), TLS: JSON.stringify(tls), DENO_NO_UPDATE_CHECK: "1", ...more };
    const { stdout } = await execute(program, args, { cwd: project, env, timeout: LIMIT });
    report(where, JSON.parse(stdout.trim().split("\n").at(-1)));
  } catch (error) {
    report(where, [{ name: "runs", error: `${error.message}\n${error.stderr ?? ""}` }]);
  }
}

/** Bundled as for Cloudflare, then served by workerd. */
async function workerd(project, urls, ca, trusted, strange) {
  const worker = `
    import * as redmux from "redmux";
    ${imports((name) => `redmux/${name}`)}
    import { run } from "./scenario.mjs";
    import { run as runTls } from "./tls.mjs";
    export default {
      async fetch(request) {
        const results = [];
        if (request.url.endsWith("/strange")) return Response.json(await runTls(redmux, ${JSON.stringify(strange)}));
        for (const [url, dead] of ${JSON.stringify(urls)}) results.push(...await run(redmux, url, dead));
        results.push(...await runTls(redmux, ${JSON.stringify(trusted)}));
        return Response.json(results);
      },
    };`;
  await writeFile(join(project, "worker.mjs"), worker);
  const out = join(project, "worker");
  await bundle(project, "worker.mjs", out, ["--conditions=workerd", "--external:cloudflare:sockets"]);
  const files = await readdir(out);
  const wasm = files.find((name) => name.endsWith(".wasm"));
  await cp(ca, join(out, "ca.pem"));
  // Its classes need those of Node.
  const style = `
    import { run } from "./ioredis.mjs";
    export default { fetch: async () => Response.json(await run(${JSON.stringify(urls[0][0])})) };`;
  await writeFile(join(project, "style.mjs"), style);
  await bundle(project, "style.mjs", out, ["--conditions=workerd", "--external:cloudflare:sockets", "--external:node:*"]);
  const [listen, listenStrange, listenStyle] = [await freePort(), await freePort(), await freePort()];
  const config = `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = (modules = .modules, compatibilityDate = "2025-09-01")),
        (name = "internet", network = (
          allow = ["private", "local", "public"],
          tlsOptions = (trustedCertificates = [embed "ca.pem"]),
        )),
        (name = "strange", worker = (modules = .modules, compatibilityDate = "2025-09-01", globalOutbound = "careful")),
        (name = "style", worker = (modules = .style, compatibilityDate = "2025-09-01", compatibilityFlags = ["nodejs_compat"])),
        (name = "careful", network = (
          allow = ["private", "local", "public"],
          tlsOptions = (trustBrowserCas = true),
        )),
      ],
      sockets = [
        (name = "http", address = "127.0.0.1:${listen}", http = (), service = "main"),
        (name = "other", address = "127.0.0.1:${listenStrange}", http = (), service = "strange"),
        (name = "style", address = "127.0.0.1:${listenStyle}", http = (), service = "style"),
      ],
    );
    const modules :List(Workerd.Worker.Module) = [
      (name = "worker.js", esModule = embed "worker.js"),
      (name = "${wasm}", wasm = embed "${wasm}"),
    ];
    const style :List(Workerd.Worker.Module) = [
      (name = "style.js", esModule = embed "style.js"),
      (name = "${wasm}", wasm = embed "${wasm}"),
    ];`;
  await writeFile(join(out, "config.capnp"), config);
  const server = spawn(RUNTIMES.workerd, ["serve", "config.capnp"], { cwd: out });
  let said = "";
  server.on("error", (error) => (said += error.message));
  server.stderr.on("data", (text) => (said += text));
  try {
    report("workerd", await answer(`http://127.0.0.1:${listen}/`));
    report("workerd", await answer(`http://127.0.0.1:${listenStrange}/strange`));
    report("workerd", await answer(`http://127.0.0.1:${listenStyle}/`));
  } catch (error) {
    report("workerd", [{ name: "runs", error: `${error.message}\n${said}` }]);
  } finally {
    server.kill();
  }
}

/** Asks until the port has a listener. */
async function answer(url) {
  const until = Date.now() + LIMIT;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT) });
      const text = await response.text();
      if (!response.ok) throw new SyntaxError(`${response.status} ${text}`);
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function bundle(project, from, out, flags) {
  await mkdir(out, { recursive: true });
  const name = from.replace(".mjs", ".js");
  await execute(
    bin("esbuild"),
    [from, "--bundle", "--format=esm", `--outfile=${join(out, name)}`, "--loader:.wasm=copy", ...flags],
    { cwd: project },
  );
}

/** A page, a dedicated worker and a service worker, without any bundler. */
async function browsers(project, urls) {
  const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const script = (send) => `
    import * as redmux from "/node_modules/redmux/esm/index.js";
    ${imports((name) => `/node_modules/redmux/esm/modules/${name}.js`)}
    import { run } from "/scenario.mjs";
    const results = [];
    for (const [url, dead] of ${JSON.stringify(urls)}) results.push(...await run(redmux, url, dead));
    ${send}(results);`;
  const service = `
    import * as redmux from "/node_modules/redmux/esm/index.js";
    ${imports((name) => `/node_modules/redmux/esm/modules/${name}.js`)}
    import { run } from "/scenario.mjs";
    onmessage = (event) => event.waitUntil((async () => {
      const results = [];
      for (const [url, dead] of ${JSON.stringify(urls)}) results.push(...await run(redmux, url, dead));
      event.source.postMessage(results);
    })());
    onactivate = (event) => event.waitUntil(clients.claim());`;
  const inline = script("finished").replace("index.js", "inline.js");
  const made = { "": "<!doctype html>", "page.js": script("finished"), "inline.js": inline, "worker.js": script("postMessage"), "service.js": service };
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.slice(1);
    try {
      const body = made[name] ?? (await readFile(join(project, name)));
      response.setHeader("Content-Type", types[extname(name)] ?? "text/html");
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    for (const kind of ["page", "inline page", "worker", "service worker"]) {
      try {
        report(kind, await page.evaluate(inPage, kind));
      } catch (error) {
        report(kind, [{ name: "runs", error: error.message }]);
      }
    }
  } finally {
    await browser.close();
    server.close();
  }
}

/** Runs in the page. */
function inPage(kind) {
  return new Promise((resolve, reject) => {
    if (kind.endsWith("page")) {
      globalThis.finished = resolve;
      import(kind === "page" ? "/page.js" : "/inline.js").catch(reject);
    } else if (kind === "worker") {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    } else {
      navigator.serviceWorker.onmessage = (event) => resolve(event.data);
      navigator.serviceWorker
        .register("/service.js", { type: "module" })
        .then(() => navigator.serviceWorker.ready)
        .then((registration) => registration.active.postMessage("run"))
        .catch(reject);
    }
  });
}

const project = await install();
const gateway = await relay(host, port);
let tls;
try {
  const dead = await freePort();
  const upstream = `${host}:${port}`;
  const programs = { server: process.env.REDIS_SERVER ?? "redis-server", gateway: process.env.REDMUX_GATEWAY };
  const folder = join(project, "tls");
  await mkdir(folder);
  tls = await startTls({ folder, ...programs, upstream });
  const { rediss, strange, wss, strangeWss, told } = certificates(tls);
  const overTcp = [`redis://${host}:${port}`, `redis://127.0.0.1:${dead}`];
  const overWebSocket = [`ws://127.0.0.1:${gateway.address().port}`, `ws://127.0.0.1:${dead}`];
  const both = [overTcp, overWebSocket];
  const first = [...told(rediss), ...strange, ...strangeWss];
  const permissions = ["--allow-net", "--allow-env", "--allow-sys"];
  // Shows whether closed clients leave anything behind.
  const gc = "--expose-gc";
  const deno = ["run", "--quiet", `--v8-flags=${gc}`, "--node-modules-dir=manual", ...permissions, "app.mjs"];
  // A WebSocket takes no TLS options: the process gets the authority.
  for (const [where, program, args, variable] of [
    ["node", process.execPath, [gc, "app.mjs"], "NODE_EXTRA_CA_CERTS"],
    ["deno", RUNTIMES.deno, deno, "DENO_CERT"],
    ["bun", RUNTIMES.bun, ["run", "app.mjs"], "NODE_EXTRA_CA_CERTS"],
  ]) {
    await processRuntime(where, program, args, project, both, first);
    await processRuntime(where, program, args, project, [], wss, { [variable]: tls.ca });
  }
  await workerd(project, both, tls.ca, rediss, strange);
  const example = join(www, "../examples/worker");
  const tools = { bin: join(here, "node_modules/.bin"), workerd: RUNTIMES.workerd, redisServer: programs.server };
  report("workerd", await workerExample({ example, project, ...tools }));
  await browsers(project, [overWebSocket]);
} finally {
  tls?.stop();
  gateway.close();
  gateway.closeAllConnections();
  await rm(project, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
