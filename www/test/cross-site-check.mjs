// Pages of other origins in a real browser, and what they can do to a gateway: nothing.
//
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_REDIS     host:port of a server
//   CHROMIUM         path of the browser
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { check, environment, listening, results, step } from "./checks.mjs";

const { REDMUX_GATEWAY, REDMUX_REDIS, CHROMIUM } = environment("REDMUX_GATEWAY", "REDMUX_REDIS", "CHROMIUM");
const SOON = 10_000;
const SENTINEL = "cross-site:sentinel";

/** A server of empty pages; its origin is `http://<any name>:<its port>`. */
async function pages() {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.setHeader("Set-Cookie", "session=a-cookie-that-a-gateway-must-not-trust; Path=/");
    response.end("<!doctype html><title>a page</title>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Starts a gateway with this configuration; resolves to its port. */
async function gateway(folder, name, text, running) {
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, text);
  const child = spawn(REDMUX_GATEWAY, ["--config", file, "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
  running.push(child);
  return listening(child);
}

/** Asks the server something, past every gateway. */
function redis(words) {
  const [host, port] = REDMUX_REDIS.split(":");
  const command = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), host, () => socket.write(command));
    socket.once("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}

/** In a page: opens a WebSocket, sends a command, and returns the outcome. */
function attempt([url, protocols, words]) {
  return new Promise((resolve) => {
    const seen = { opened: false, reply: "", protocol: "", code: 0 };
    const socket = new WebSocket(url, protocols);
    socket.binaryType = "arraybuffer";
    const end = () => resolve({ ...seen, protocol: socket.protocol });
    socket.onopen = () => {
      seen.opened = true;
      const text = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
      socket.send(new TextEncoder().encode(text));
    };
    socket.onmessage = ({ data }) => {
      seen.reply += new TextDecoder().decode(data);
      socket.close();
    };
    socket.onclose = ({ code }) => {
      seen.code = code;
      end();
    };
    setTimeout(end, 5000);
  });
}

const base64url = (text) => Buffer.from(text).toString("base64url");
const hostile = ["SET", SENTINEL, "stolen"];
const folder = mkdtempSync(join(tmpdir(), "redmux-cross-site-"));
const running = [];
let browser;
try {
  const app = await pages();
  const evil = await pages();
  const [appPort, evilPort] = [app.address().port, evil.address().port];
  const made = execFileSync(REDMUX_GATEWAY, ["hash-token", "--new"]).toString();
  const [, token, , hash] = made.trim().split(/\s+/);
  const config = (listen, access) => `
[listen]
address = "127.0.0.1:0"
${listen}
[access]
${access}
[upstreams.main]
address = "${REDMUX_REDIS}"
[policies.all]
commands = ["GET", "SET", "CONFIG GET"]
read = ["*"]
write = ["*"]
[principals.page]
policy = "all"
tokens = ["${hash}"]
`;
  const origins = `origins = ["http://localhost:${appPort}"]`;
  // One for any client that may connect, one that requires a credential.
  const open = await gateway(folder, "open", config(origins, 'anonymous = "page"'), running);
  const closed = await gateway(folder, "closed", config(origins, 'first_message = "off"\nrefusals = "close"'), running);
  const own = await gateway(folder, "own", config("", 'anonymous = "page"'), running);
  await redis(["SET", SENTINEL, "untouched"]);

  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--host-resolver-rules=MAP evil.example 127.0.0.1",
    ],
  });
  const context = await browser.newContext();
  const page = async (url) => {
    const tab = await context.newPage();
    await tab.goto(url, { timeout: SOON });
    return tab;
  };
  const credential = ["redis.v1", `auth.${base64url(token)}`];
  const refused = (seen) => check(!seen.opened && seen.code === 1006, JSON.stringify(seen));

  const friend = await page(`http://localhost:${appPort}/`);
  await step("the page whose origin is listed is served", async () => {
    const seen = await friend.evaluate(attempt, [`ws://127.0.0.1:${open}/redis`, [], ["GET", SENTINEL]]);
    check(seen.opened && seen.reply.includes("untouched"), JSON.stringify(seen));
  });
  await step("a credential in a subprotocol is taken and not echoed", async () => {
    const seen = await friend.evaluate(attempt, [`ws://127.0.0.1:${closed}/redis`, credential, ["GET", SENTINEL]]);
    check(seen.reply.includes("untouched") && seen.protocol === "redis.v1", JSON.stringify(seen));
  });
  await step("a page can see that its credential is wrong", async () => {
    const wrong = ["redis.v1", `auth.${base64url(token.replace(/^./, (c) => (c === "a" ? "b" : "a")))}`];
    const seen = await friend.evaluate(attempt, [`ws://127.0.0.1:${closed}/redis`, wrong, hostile]);
    check(seen.code === 4401 && seen.reply === "", JSON.stringify(seen));
  });

  const stranger = await page(`http://evil.example:${evilPort}/`);
  await step("a page of another origin cannot hijack a gateway", async () => {
    for (const port of [open, own]) {
      refused(await stranger.evaluate(attempt, [`ws://127.0.0.1:${port}/redis`, [], hostile]));
      refused(await stranger.evaluate(attempt, [`ws://localhost:${port}/redis`, ["redis.v1"], hostile]));
    }
  });
  await step("nor with a credential that it stole", async () => {
    refused(await stranger.evaluate(attempt, [`ws://127.0.0.1:${closed}/redis`, credential, hostile]));
  });
  await step("nor from the right host and another port", async () => {
    const neighbour = await page(`http://localhost:${evilPort}/`);
    refused(await neighbour.evaluate(attempt, [`ws://localhost:${open}/redis`, [], hostile]));
    await neighbour.close();
  });
  await step("nor from a page without an origin (sandboxed, data:)", async () => {
    const seen = await stranger.evaluate(
      ([code, args]) =>
        new Promise((resolve, reject) => {
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts";
          addEventListener("message", ({ data }) => resolve(data), { once: true });
          setTimeout(() => reject(new Error("the frame says nothing")), 8000);
          const script = `(${code})(${JSON.stringify(args)}).then((seen) => parent.postMessage(seen, "*"))`;
          frame.srcdoc = `<script>${script}</` + "script>";
          document.body.append(frame);
        }),
      [attempt.toString(), [`ws://127.0.0.1:${own}/redis`, [], hostile]],
    );
    refused(seen);
  });
  await step("nor from a worker of another origin's page", async () => {
    const seen = await stranger.evaluate(
      ([code, args]) =>
        new Promise((resolve) => {
          const text = `(${code})(${JSON.stringify(args)}).then((seen) => postMessage(seen))`;
          const worker = new Worker(URL.createObjectURL(new Blob([text])));
          worker.onmessage = ({ data }) => resolve(data);
        }),
      [attempt.toString(), [`ws://127.0.0.1:${own}/redis`, [], hostile]],
    );
    refused(seen);
  });
  await step("a name that points at the gateway (DNS rebinding) is not its own", async () => {
    const answer = await (await context.newPage()).goto(`http://evil.example:${own}/`, { timeout: SOON });
    check(answer.status() === 421, `status ${answer.status()}`);
    refused(await stranger.evaluate(attempt, [`ws://evil.example:${own}/redis`, [], hostile]));
  });
  await step("nothing is smuggled in requests that need no permission", async () => {
    const command = `*3\r\n$3\r\nSET\r\n$${SENTINEL.length}\r\n${SENTINEL}\r\n$6\r\nstolen\r\n`;
    const statuses = await stranger.evaluate(
      async ([ports, body]) => {
        const seen = [];
        for (const port of ports) {
          for (const path of ["", "redis"]) {
            const request = { method: "POST", mode: "no-cors", body, credentials: "include" };
            seen.push(await fetch(`http://127.0.0.1:${port}/${path}`, request).then((r) => r.type, () => "failed"));
          }
        }
        return seen;
      },
      [[open, closed, own], command],
    );
    check(statuses.every((type) => type === "opaque" || type === "failed"), statuses.join());
  });
  await step("after all that the server holds what it held", async () => {
    const value = await redis(["GET", SENTINEL]);
    check(value.includes("untouched"), value);
  });
  app.close();
  evil.close();
} catch (error) {
  results.failures += 1;
  console.log(`FAILED to run: ${error.message.split("\n")[0]}`);
} finally {
  await browser?.close();
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(results.failures === 0 ? 0 : 1);
