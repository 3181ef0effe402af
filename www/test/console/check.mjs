// Drives the console in a real browser, through real gateways, against real servers.
//
//   CHROMIUM         path of the browser
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_CONSOLE   folder of the console, as `cargo xtask console` puts it together
//   REDMUX_REDIS     host:port of a server
//   REDMUX_STACK     host:port of a server with the modules of Redis Stack
//   REDMUX_CONTROL   address that takes POST /server/{kill,start} for REDMUX_REDIS
//   REDMUX_WRITE_DOCS  optional: writes the pictures of docs/console.md
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { execFileSync } from "node:child_process";

import { chromium } from "playwright-core";

import { connect } from "../../src/node.js";
import { checkConnecting, checkRestricted, checkToken } from "./access.mjs";
import { check, environment, results, step } from "../checks.mjs";
import { Gateways, SOON, Tab } from "./harness.mjs";
import { checkJson, checkKeys, checkManyKeys } from "./keys.mjs";
import { checkFormLook, checkHostile, checkLook, checkNarrow } from "./look.mjs";
import { checkModules } from "./modules.mjs";
import { checkCommandLine, checkMetrics, checkOutage, checkPubSub, checkServer } from "./panels.mjs";
import { shoot } from "./shots.mjs";

const env = environment("CHROMIUM", "REDMUX_GATEWAY", "REDMUX_CONSOLE", "REDMUX_REDIS", "REDMUX_STACK", "REDMUX_CONTROL");
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const gateways = new Gateways(env.REDMUX_GATEWAY);
const clients = [];

/** Sends commands past every gateway. */
async function commander(address) {
  const client = await connect(`redis://${address}`);
  clients.push(client);
  return (...words) => client.send(...words);
}

async function control(action) {
  const response = await fetch(new URL(`/server/${action}`, env.REDMUX_CONTROL), { method: "POST", signal: AbortSignal.timeout(SOON) });
  if (!response.ok) throw new Error(`POST /server/${action} answered ${response.status}`);
}

function development(redis) {
  return gateways.start("--upstream", redis, "--listen", "127.0.0.1:0", "--console", env.REDMUX_CONSOLE);
}

/** A gateway that accepts clients with its token, and refuses nearly every command. */
async function guarded() {
  const [, token, hash] = /token (\S+)\s+hash\s+(\S+)/.exec(execFileSync(env.REDMUX_GATEWAY, ["hash-token", "--new"]).toString());
  const text = `
    [listen]
    address = "127.0.0.1:0"
    [console]
    directory = ${JSON.stringify(env.REDMUX_CONSOLE)}
    [upstreams.main]
    address = "${env.REDMUX_REDIS}"
    [policies.few]
    commands = ["GET", "SET", "SCAN"]
    read = ["app:"]
    write = ["app:"]
    [principals.visitor]
    policy = "few"
    tokens = ["${hash}"]`;
  return [await gateways.start("--config", gateways.file("guarded.toml", text)), token];
}

async function main(browser) {
  const redis = await commander(env.REDMUX_REDIS);
  const stack = await commander(env.REDMUX_STACK);
  await redis("FLUSHALL");
  await stack("FLUSHALL");
  const origin = await development(env.REDMUX_REDIS);
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 }, colorScheme: "light" });
  const tab = new Tab(await context.newPage(), origin);

  await checkConnecting(tab, redis, origin);
  const connected = await step("it connects", async () => {
    await tab.load();
    await tab.connect();
    await tab.state("ready");
    await tab.sees("about", /^(redis|valkey) \d+\.\d+\.\d+ · RESP3$/i);
  });
  // Nothing that follows could tell more.
  if (!connected) return;

  await checkKeys(tab, redis);
  await checkCommandLine(tab, redis);
  await checkPubSub(tab, redis);
  await checkMetrics(tab);
  await checkServer(tab, redis);
  await checkHostile(tab, redis);
  await checkLook(tab);
  await checkNarrow(tab);
  await checkManyKeys(tab, redis);
  await step("nothing has been reported as an error by the browser", async () => {
    check(tab.errors.length === 0, tab.errors.join("; "));
  });
  await checkOutage(tab, () => commander(env.REDMUX_REDIS), control);

  const other = new Tab(await context.newPage(), origin);
  // A server that was killed has forgotten its users.
  const again = await commander(env.REDMUX_REDIS);
  await again("ACL", "SETUSER", "reader", "on", ">secret", "resetkeys", "resetchannels", "-@all", "+@read", "+ping", "+select", "-scan", "+type", "~check:*");
  await checkFormLook(other);
  await checkRestricted(other, again);
  const [guardedOrigin, token] = await guarded();
  await checkToken(new Tab(await context.newPage(), guardedOrigin), again, token);

  const json = new Tab(await context.newPage(), await development(env.REDMUX_STACK));
  await json.load();
  await json.connect();
  await json.state("ready");
  await checkJson(json, stack);
  await checkModules(json, stack);
  await step("the pictures of the documents show the console", () => shoot(browser, origin, again));
  await step("it disconnects cleanly", async () => {
    await tab.get("disconnect").click();
    await tab.state("closed");
    const uncaught = [tab, other, json].flatMap(({ errors }) => errors).filter((error) => error.startsWith("uncaught"));
    check(uncaught.length === 0, uncaught.join("; "));
  });
}

const browser = await chromium.launch({ executablePath: env.CHROMIUM, args: ARGS });
try {
  await main(browser);
} catch (error) {
  results.failures += 1;
  console.log(`FAILED to run: ${error.message.split("\n")[0]}`);
} finally {
  await browser.close();
  gateways.stop();
  await Promise.allSettled(clients.map((client) => client.close()));
}
process.exitCode = results.failures === 0 ? 0 : 1;
