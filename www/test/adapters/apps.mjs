// The apps of examples/, as they are there: several processes of each, in each runtime.

import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { check, freePort, until } from "../checks.mjs";
import { project, run, RUNTIMES, start, work } from "./project.mjs";

const examples = join(import.meta.dirname, "../../../examples");
const setups = join(import.meta.dirname, "../setups");
const equal = (got, wanted) => check(JSON.stringify(got) === JSON.stringify(wanted), `got ${JSON.stringify(got)} in place of ${JSON.stringify(wanted)}`);
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** By name, what tries them: `action(runtime, url, where)`, where the last is the name of the runtime. */
export const apps = { bullmq, express, "socket.io": chat };

/** The packages that an example wants are those that it is tried with. */
export async function versions() {
  for (const name of ["express", "socket.io", "bullmq", "next"]) {
    const { dependencies } = JSON.parse(await readFile(join(examples, name, "package.json"), "utf8"));
    for (const [dependency, wanted] of Object.entries(dependencies)) {
      if (dependency === "redmux") continue;
      const folder = name === "next" ? setups : join(work, "..");
      const { version } = JSON.parse(await readFile(join(folder, "node_modules", dependency, "package.json"), "utf8"));
      const [[major, minor], [tried, minorTried]] = [wanted.replace("^", ""), version].map((one) => one.split(".").map(Number));
      check(major === tried && minor <= minorTried, `examples/${name}: ${dependency} ${wanted} is tried with ${version}`);
    }
  }
}

/** Starts a process of a server; returns it with its port. */
async function listening(runtime, file, folder, env) {
  const app = start(runtime, [file], folder, { PORT: "0", ...env });
  app.port = Number((await app.ready(/listening on (\d+)/))[1]);
  return app;
}

async function bullmq(runtime, url, where) {
  const folder = await project(`bullmq-${where}`, join(examples, "bullmq"));
  const env = { REDIS_URL: url };
  const workers = [1, 2].map(() => start(runtime, ["worker.js"], folder, env));
  for (const worker of workers) await worker.ready(/^ready$/m);
  const said = (await run([...runtime], "add.js", folder, env)).trim().split("\n");
  equal(said.map((line) => line.split(" by ")[0]), ["0.png", "1.png", "2.png"]);
  const all = () => workers.map((worker) => worker.said).join("");
  check(/^failed \d+: the first attempt fails$/m.test(all()), "no attempt failed");
  // A worker is killed at work: another one takes its job.
  const adding = run([...runtime], "add.js", folder, { ...env, MILLISECONDS: "1000" });
  const before = all().match(/^failed /gm).length;
  await until(() => all().match(/^failed /gm).length > before, "work");
  await sleep(200);
  await workers[0].stop("SIGKILL");
  equal((await adding).trim().split("\n").length, 3);
  // What a worker has begun, it ends.
  const code = await workers[1].stop();
  equal(code, [0, null]);
}

async function express(runtime, url, where) {
  const folder = await project(`express-${where}`, join(examples, "express"));
  const [one, two] = await Promise.all([1, 2].map(() => listening(runtime, "server.js", folder, { REDIS_URL: url })));
  let cookie;
  const visit = async ({ port }, method, path, body) => {
    const headers = { ...(cookie ? { cookie } : {}), ...(body ? { "content-type": "application/x-www-form-urlencoded" } : {}) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body });
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return [response.status, await response.json()];
  };
  equal((await visit(one, "GET", "/me"))[0], 401);
  equal((await visit(one, "POST", "/login", "name=Ada"))[0], 200);
  const stolen = cookie;
  for (const [number, server] of [one, two, one, two].entries()) {
    const [status, { name, visits }] = await visit(server, "GET", "/me");
    equal([status, name, visits], [200, "Ada", number + 1]);
  }
  // Another login has another session; the old one is worth nothing.
  await visit(two, "POST", "/login", "name=Bob");
  equal((await visit(one, "GET", "/me"))[1].name, "Bob");
  const bob = cookie;
  cookie = stolen;
  equal((await visit(two, "GET", "/me"))[0], 401);
  cookie = bob;
  await one.stop("SIGKILL");
  equal((await visit(two, "GET", "/me"))[1].visits, 2);
  equal(await visit(two, "POST", "/logout"), [200, { bye: true }]);
  cookie = bob;
  equal((await visit(two, "GET", "/me"))[0], 401);
  equal(await two.stop(), [0, null]);
  // Sessions end when nobody comes.
  const short = await listening(runtime, "server.js", folder, { REDIS_URL: url, SECONDS: "1" });
  await visit(short, "POST", "/login", "name=Eve");
  for (let time = 0; time < 3; time++) {
    await sleep(500);
    equal((await visit(short, "GET", "/me"))[0], 200);
  }
  await sleep(1100);
  equal((await visit(short, "GET", "/me"))[0], 401);
  await short.stop();
}

async function chat(runtime, url, where) {
  const folder = await project(`socket.io-${where}`, join(examples, "socket.io"));
  const { io } = createRequire(join(folder, "package.json"))("socket.io-client");
  const servers = await Promise.all([1, 2].map(() => listening(runtime, "server.js", folder, { REDIS_URL: url })));
  const address = ({ port }) => `http://127.0.0.1:${port}`;
  const names = ["ada", "bob", "eve"];
  const clients = names.map((name, number) => {
    const client = io(address(servers[number % 2]), { transports: ["websocket"], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, timeout: 2000 });
    client.heard = [];
    client.on("said", (who, text) => client.heard.push(`${who}: ${text}`));
    client.on("ready", (state) => (client.state = state));
    client.on("awake?", (done) => done(name));
    return client;
  });
  const [ada, bob, eve] = clients;
  const ask = (client, ...args) => client.timeout(10_000).emitWithAck(...args);
  try {
    check((await (await fetch(address(servers[0]))).text()).includes("<title>Chat</title>"), "there is no page");
    for (const [number, client] of clients.entries()) await ask(client, "enter", number === 2 ? "other" : "room", names[number]);
    // The servers may have met only now.
    await until(async () => JSON.stringify(await ask(ada, "enter", "room", "ada")) === '["ada","bob"]', "who is in the room");
    equal(await ask(ada, "say", "room", "hello"), true);
    equal(await ask(eve, "say", "room", "let me in"), false);
    await until(() => bob.heard.length === 1, "a message of the other server");
    equal([ada.heard, bob.heard, eve.heard], [["ada: hello"], ["ada: hello"], []]);
    equal((await ask(bob, "call", "room")).sort(), ["ada", "bob"]);
    // Bob is cut off, and comes back at the other server: in his room, with what he missed.
    const cut = new Promise((resolve) => bob.once("disconnect", resolve));
    bob.io.uri = address(servers[0]);
    bob.io.reconnectionDelay(400);
    bob.io.engine.close();
    await cut;
    await ask(ada, "say", "room", "are you there?");
    await until(() => bob.heard.length === 2 && bob.state.port === servers[0].port, "what was missed");
    check(bob.state.recovered, "he is not recovered at the other server");
    // A server is killed: its clients come to the other one.
    for (const client of [ada, bob]) client.io.uri = address(servers[1]);
    await servers[0].stop("SIGKILL");
    await until(() => [ada, bob].every((client) => client.connected && client.state.port === servers[1].port), "the other server");
    for (const [number, client] of [ada, bob].entries()) await ask(client, "enter", "room", names[number]);
    equal(await ask(bob, "say", "room", "still here"), true);
    await until(() => ada.heard.at(-1) === "bob: still here", "a message at the other server");
    // Nobody waits for the dead for long.
    await until(async () => JSON.stringify(await ask(ada, "enter", "room", "ada")) === '["ada","bob"]', "who is in the room without the other server");
    equal((await ask(ada, "call", "room")).sort(), ["ada", "bob"]);
    equal(await servers[1].stop(), [0, null]);
  } finally {
    for (const client of clients) client.close();
  }
}

/** Next is built once; its instances run in Node and Bun. */
export async function next(url) {
  const folder = join(setups, "work/example-next");
  const bin = join(setups, "node_modules/next/dist/bin/next");
  await rm(folder, { recursive: true, force: true });
  await cp(join(examples, "next"), folder, { recursive: true });
  await cp(join(work, "package"), join(folder, "node_modules/redmux"), { recursive: true });
  await cp(join(folder, "next.config.js"), join(folder, "example.config.js"));
  // In a project of its own, Next finds the root by itself.
  const config = `import example from "./example.config.js"; const root = ${JSON.stringify(setups)}; export default { ...example, turbopack: { root }, outputFileTracingRoot: root };`;
  await writeFile(join(folder, "next.config.js"), config);
  // Without Redis: nothing listens there.
  const built = await run([...RUNTIMES.node, bin], "build", folder, { REDIS_URL: "redis://127.0.0.1:1" });
  check(/○ \/\s+1h/.test(built), `the page is not static: ${built}`);
  const instances = [];
  for (const runtime of [RUNTIMES.node, RUNTIMES.node, RUNTIMES.bun]) {
    const port = await freePort();
    const instance = start(runtime, [bin, "start", "-p", `${port}`, "-H", "127.0.0.1"], folder, { REDIS_URL: url });
    instances.push(instance);
    instance.url = `http://127.0.0.1:${port}`;
  }
  for (const instance of instances) await instance.ready(/Ready in/);
  /** The texts of a page at each instance, one after another. */
  const look = async (path) => {
    const all = [];
    for (const instance of instances) {
      const response = await fetch(instance.url + path);
      check(response.status === 200, `${path}: ${response.status}: ${instance.said}`);
      const texts = [...(await response.text()).matchAll(/<p id="(\w+)">(.*?)<\/p>/g)];
      all.push(Object.fromEntries(texts.map(([, name, text]) => [name, text])));
    }
    return all;
  };
  /** The text that all instances have, in place of `old`: an instance answers before it has stored what it made, or told the others of a tag. */
  const same = async (path, name, old) => {
    let pages;
    await until(async () => {
      pages = await look(path);
      check(pages.every((page) => page[name] !== undefined), `${path}: there is no ${name}`);
      return pages.every((page) => page[name] === pages[0][name] && page[name] !== old);
    }, `one ${name} at all instances`);
    return pages[0][name];
  };
  const revalidate = async (number, query) => equal((await fetch(`${instances[number].url}/revalidate?${query}`, { method: "POST" })).status, 200);
  // The page is static, and one of all instances, until its tag is revalidated at one of them.
  let [page, news] = [await same("/", "page"), await same("/", "news")];
  for (const number of [1, 2, 0]) {
    await revalidate(number, "tag=news");
    [page, news] = [await same("/", "page", page), await same("/", "news", news)];
  }
  // Served once more, and made anew meanwhile.
  await revalidate(0, "tag=news&later");
  const old = await (await fetch(instances[1].url)).text();
  check(old.includes(page), "a stale page is not served");
  await until(async () => !(await (await fetch(instances[0].url)).text()).includes(page), "a new page");
  // What "use cache" keeps, in pages that are made for each request.
  const quote = await same("/quote", "quote");
  const requests = (await look("/quote")).map(({ request }) => request);
  check(new Set(requests).size === requests.length, "requests are cached");
  await revalidate(1, "tag=quotes");
  await same("/quote", "quote", quote);
  for (const { said } of instances) check(!/error|redmux/i.test(said), said);
  for (const instance of instances) await instance.stop();
  await rm(folder, { recursive: true });
}
