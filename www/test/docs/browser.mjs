// docs/browser.md, from nothing to a page and beyond.

import { createServer } from "node:https";
import { request } from "node:http";
import { connect as dial } from "node:net";
import { cp, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { WebSocket } from "ws";

import { check, step } from "../checks.mjs";
import { runtimes, until } from "./blocks.mjs";

const ALLOWED = ["GET public:x", "HGETALL public:h", "INCRBY counter:c 1", "GET counter:c", "PUBLISH news:a x", "PING"];
const REFUSED = [
  "GET private:x", "HGETALL private:h", "SET public:x 1", "DEL public:x", "INCRBY public:x 1", "PUBLISH other x",
  "KEYS *", "SCAN 0", "FLUSHALL", "CONFIG GET dir", "EVAL 1 0", "ACL LIST", "CLIENT LIST",
];

/** An upgrade with these headers: the status, and the socket if it is 101. */
function upgrade(port, headers) {
  return new Promise((resolve, reject) => {
    const key = { "Sec-WebSocket-Key": Buffer.alloc(16, 7).toString("base64"), "Sec-WebSocket-Version": "13" };
    const asked = request({ port, host: "127.0.0.1", path: "/redis", headers: { Connection: "Upgrade", Upgrade: "websocket", ...key, ...headers } });
    asked.on("upgrade", (_, socket) => resolve({ status: 101, socket }));
    asked.on("response", (response) => resolve({ status: response.statusCode, socket: response.resume().socket }));
    asked.on("error", reject).end();
  });
}

async function statusOf(port, headers) {
  const { status, socket } = await upgrade(port, headers);
  socket.destroy();
  return status;
}

/** A reverse proxy: it has the certificate, and passes everything on. */
async function proxy(folder, name, port) {
  const server = createServer({ key: await readFile(join(folder, "key.pem")), cert: await readFile(join(folder, "cert.pem")) });
  server.on("request", (asked, answer) => {
    const on = request({ port, host: "127.0.0.1", path: asked.url, method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    asked.pipe(on);
  });
  server.on("upgrade", (asked, client) => {
    const lines = [];
    for (let at = 0; at < asked.rawHeaders.length; at += 2) lines.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
    const upstream = dial(port, "127.0.0.1", () => upstream.write(`GET ${asked.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`));
    upstream.pipe(client).pipe(upstream);
    for (const side of [upstream, client]) side.on("error", () => (upstream.destroy(), client.destroy()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, resolves: `MAP ${name}:443 127.0.0.1:${server.address().port}` };
}

export async function followBrowser(doc, place, ports, program) {
  const http = `http://127.0.0.1:${ports[8080]}/`;
  let browser;
  let page;
  let gateway;
  // A picture.
  doc.block("page ── wss");
  const gone = [];
  const says = (where, id, text) => until(async () => (await where.textContent(`#${id}`)).includes(text), `"${text}" in #${id}`);
  const login = async (where, password) => {
    await where.fill("input", password);
    await where.click("form button");
  };
  const as = (user, password, words) => place.type(`redis-cli ${user && `--user ${user}`} ${words} 2>&1`, { REDISCLI_AUTH: password });

  await step("browser.md 1: the package is packed", async () => place.type(doc.block("cargo install --locked")));
  await step("browser.md 2: Redis knows the users of the file", async () => {
    await place.save("users.acl", doc.file("users.acl"));
    place.start(doc.block("--aclfile"));
    await until(async () => (await as("", "", "PING")).includes("NOAUTH"), "Redis");
    await place.type(doc.block("SET public:title"));
  });
  await step("browser.md 2: the page's user may do what the file says and nothing else", async () => {
    for (const words of ALLOWED) {
      const said = await as("page", "PAGE-PASSWORD", words);
      check(!/NOPERM|WRONGPASS|ERR/.test(said), `${words}: ${said}`);
    }
    for (const words of REFUSED) {
      const said = await as("page", "PAGE-PASSWORD", `${words.replace("*", "'*'")} || true`);
      check(said.includes("NOPERM"), `${words}: ${said}`);
    }
    check((await as("", "", "GET public:title")).includes("NOAUTH"), "the default user is on");
  });
  await step("browser.md 3: a folder with the package and the page", async () => {
    await place.type(doc.block("mkdir -p app/site"));
    await place.save("site/index.html", doc.file("site/index.html"));
    await place.save("site/app.js", doc.file("site/app.js"));
  });
  const serve = doc.block("--serve site");
  await step("browser.md 4: the gateway serves it", async () => {
    gateway = place.start(serve);
    await until(() => gateway.said.includes("listening"), "the gateway");
    browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] });
    page = await browser.newPage();
    page.on("pageerror", (error) => gone.push(error.message));
    page.on("console", (message) => /Content Security/.test(message.text()) && gone.push(message.text()));
    await page.goto(http);
    await says(page, "title", "Not connected");
  });
  await step("browser.md 5: a wrong password is refused and said", async () => {
    await login(page, "wrong");
    await says(page, "state", "ERR_REDMUX_CONNECT_AUTH");
    check(!(await page.textContent("#state")).includes("wrong\""), "the password is shown");
  });
  await step("browser.md 5: the right one shows the title, and clicks are counted", async () => {
    await login(page, "PAGE-PASSWORD");
    await says(page, "title", "Hello from Redis");
    const before = Number(await page.textContent("#total"));
    await page.click("#count");
    await says(page, "total", `${before + 1}`);
  });
  await step("browser.md 5: a published message reaches every tab, as text", async () => {
    const other = await browser.newPage();
    await other.goto(http);
    await login(other, "PAGE-PASSWORD");
    await says(other, "title", "Hello from Redis");
    await place.type(doc.block("PUBLISH news:all"));
    for (const tab of [page, other]) await says(tab, "news", "something new");
    await as("admin", "ADMIN-PASSWORD", "PUBLISH news:all '<b id=evil>bold</b>'");
    await says(page, "news", "<b id=evil>");
    check((await page.locator("#evil").count()) === 0, "a message became HTML");
    check((await as("admin", "ADMIN-PASSWORD", "CLIENT LIST")).match(/user=page/g).length === 2, "tabs share a connection");
    await other.close();
  });
  await step("browser.md 5: the page says that the gateway is gone, and comes back with it", async () => {
    await gateway.end("SIGINT");
    await until(async () => (await page.textContent("#state")) !== "connected", "a word of it");
    gateway = place.start(serve);
    await says(page, "state", "connected again");
    await until(async () => {
      await as("admin", "ADMIN-PASSWORD", "PUBLISH news:all back");
      return (await page.textContent("#news")).includes("back");
    }, "the subscription");
  });
  await step("browser.md 5: what must not work does not", async () => {
    const code = doc.block('redis.keys("*")').replace("await Promise.allSettled", "return await Promise.allSettled");
    const settled = await page.evaluate(`(async () => {${code}})().then((all) => all.map(({ reason }) => reason?.serverCode))`);
    check(settled.join() === "NOPERM,NOPERM,NOPERM,NOPERM", `they came to ${settled}`);
  });
  await step("browser.md, what to expect: a round trip is shared, a refused upgrade is 1006, nothing blocks", async () => {
    const sent = [];
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
    const result = await page.evaluate(`(async () => {
      const { connect } = await import("/redmux/esm/index.js");
      const redis = await connect("/redis", { username: "page", password: "PAGE-PASSWORD" });
      const [a, b] = ["public:a", "public:b"];
      await Promise.all([redis.get(a), redis.get(b)]);
      const refusals = await Promise.all([redis.send("BLPOP", a, 0), redis.send("WATCH", a)].map((call) => call.catch((error) => error.code)));
      await redis.close();
      const code = await new Promise((done) => (new WebSocket("/nowhere").onclose = (event) => done(event.code)));
      return { refusals, code };
    })()`);
    const frames = sent.filter((frame) => frame.includes("public:"));
    check(frames.length === 1 && frames[0].includes("public:a") && frames[0].includes("public:b"), `${frames.length} messages`);
    check(result.refusals.join() === "ERR_REDMUX_COMMAND,ERR_REDMUX_COMMAND", `they came to ${result.refusals}`);
    check(result.code === 1006, `the code is ${result.code}`);
  });
  await step("browser.md: no script or policy complained", async () => check(gone.length === 0, gone.join("; ")));
  await gateway?.end();

  let token;
  await step("browser.md 6: a configuration with a token", async () => {
    const lines = doc.block("hash-token --new").trim().split("\n");
    check(lines.length === 4, `${lines.length} lines`);
    await place.type(lines[0]);
    const [, made, , hash] = (await place.type(lines[1])).trim().split(/\s+/);
    token = made;
    const config = doc.block("[principals.page]");
    check(config.includes('"sha256:HASH"'), "there is no place for the hash");
    await place.save("gateway.toml", config.replace("sha256:HASH", hash));
    await place.type(lines[2]);
    gateway = place.start(lines[3]);
    await until(() => gateway.said.includes("listening"), "the gateway");
  });
  await step("browser.md 6: a page over TLS through a reverse proxy, with the token and not without", async () => {
    const cert = "${OPENSSL:-openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem -out cert.pem -subj /CN=app.example 2>/dev/null";
    await place.type(cert);
    const front = await proxy(place.cwd, "app.example", ports[8080]);
    const outside = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", `--host-resolver-rules=${front.resolves}`] });
    try {
      const safe = await outside.newPage({ ignoreHTTPSErrors: true });
      await safe.goto("https://app.example/");
      await login(safe, "guess");
      await until(async () => /ERR_REDMUX/.test(await safe.textContent("#state")), "a refusal");
      await login(safe, token);
      await says(safe, "title", "Hello from Redis");
      await safe.click("#count");
      await until(async () => Number(await safe.textContent("#total")) > 1, "a count");
    } finally {
      await outside.close();
      front.server.close();
    }
    const host = { Host: "app.example" };
    check((await statusOf(ports[8080], { ...host, Origin: "https://app.example" })) === 101, "its own origin is refused");
    check((await statusOf(ports[8080], { ...host, Origin: "https://evil.example" })) === 403, "another origin is let in");
    check((await statusOf(ports[8080], { Host: "evil.example", Origin: "https://app.example" })) !== 101, "another host is let in");
    await gateway.end();
  });
  await step("browser.md: a bundle by esbuild", async () => {
    await place.type("mkdir -p node_modules/.bin");
    await symlink(join(runtimes, ".bin/esbuild"), join(place.cwd, "node_modules/.bin/esbuild"));
    const app = (await readFile(join(place.cwd, "site/app.js"), "utf8")).replace("./redmux/esm/index.js", "redmux/browser");
    await place.save("app.js", app.replace("{ username:", '{ wasm: "/redmux_wasm_bg.wasm", username:'));
    await place.type("rm -rf site/redmux site/app.js");
    await place.type(doc.block("npx esbuild app.js"));
    gateway = place.start(serve);
    await until(() => gateway.said.includes("listening"), "the gateway");
    const bundled = await browser.newPage();
    await bundled.goto(http);
    await login(bundled, "PAGE-PASSWORD");
    await says(bundled, "title", "Hello from Redis");
    await gateway.end();
  });
  await browser?.close();

  await step("browser.md, safely: a gateway's origins, hosts and limits", async () => {
    const flags = "--host app.example --origin https://app.example --max-connections 2 --max-message 2KiB --max-command 1KiB --idle-timeout 700ms";
    gateway = place.start(`redmux-gateway --upstream 127.0.0.1:6379 --listen 127.0.0.1:8080 ${flags}`);
    await until(() => gateway.said.includes("listening"), "the gateway");
    const good = { Host: "app.example", Origin: "https://app.example" };
    check((await statusOf(ports[8080], { ...good, Origin: "https://other.example" })) === 403, "another origin is let in");
    check((await statusOf(ports[8080], { Host: "app.example" })) === 403, "a client without an origin is let in");
    const open = () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${ports[8080]}/redis`, { headers: { Host: "app.example" }, origin: good.Origin });
        socket.closed = new Promise((closed) => socket.on("close", (code) => closed(code)));
        socket.on("open", () => resolve(socket)).on("error", reject);
      });
    const [first, second] = [await open(), await open()];
    check((await statusOf(ports[8080], good)) === 503, "a third client is let in");
    const idle = first.closed;
    second.send(Buffer.alloc(3000, "x"));
    check((await second.closed) === 1009, "a large message passes");
    const third = await open();
    third.send(`*2\r\n$4\r\nECHO\r\n$1500\r\n${"x".repeat(1500)}\r\n`, { binary: true });
    check(![1000, 1005].includes(await third.closed), "a large command passes");
    check((await idle) !== 1006, "an idle client is dropped without a word");
    await gateway.end();
  });
  await step("browser.md: websockify carries it as well", async () => {
    const other = place.start(doc.block("websockify 127"));
    await place.save("over.mjs", `import { connect } from "${join(place.cwd, "node_modules/redmux/esm/node.js")}";
      const redis = await connect("ws://127.0.0.1:6380/", { username: "page", password: "PAGE-PASSWORD" });
      console.log(await redis.get("public:title"));
      await redis.close();`);
    await cp(join(runtimes, "ws"), join(place.cwd, "node_modules/ws"), { recursive: true });
    await until(() => statusOf(ports[6380], {}).then((status) => status === 101), "websockify");
    check((await place.type("node over.mjs")).trim() === "Hello from Redis", "no title");
    await other.end();
  });
}
