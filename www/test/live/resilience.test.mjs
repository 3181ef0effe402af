// Credentials from the program, retries, the circuit breaker, mapped addresses.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../../src/node.js";
import { cluster, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

test("credentials are asked for on each connect, and before they expire", LIMIT, async (t) => {
  const server = await redis(t);
  const admin = await connect(server.url);
  t.after(() => admin.close());
  await admin.send("ACL", "SETUSER", "app", "on", ">first", ">second", "+@all", "~*");
  const asked = [];
  const credentials = async ({ endpoint }) => {
    asked.push(endpoint);
    return { username: "app", password: asked.length % 2 ? "first" : "second", validFor: 2000 };
  };
  const app = await connect(server.url, { credentials });
  t.after(() => app.close());
  assert.equal(await app.send("ACL", "WHOAMI"), "app");
  await until(() => asked.length > 1, "asked again");
  assert.equal(await app.send("ACL", "WHOAMI"), "app");
  assert.match(asked[0], /^127\.0\.0\.1:\d+$/);

  const none = connect(server.url, { credentials: () => Promise.reject(new Error("no token today")), connectRetry: 1 });
  await assert.rejects(none, (error) => error.stage === "auth" || /no token today/.test(`${error.message}`));
  await assert.rejects(connect(server.url, { credentials: "secret" }), { message: /credentials: expected a function/ });
});

test("a command that failed for a passing reason is sent again if that is wanted", LIMIT, async (t) => {
  const server = await redis(t);
  const once = await connect(server.url);
  t.after(() => once.close());
  const again = once.withRetry({ attempts: 200, base: 10, cap: 50, within: 60_000, upTo: "writeLastWins" });
  await once.set("k", 1);
  server.child.kill("SIGSTOP");
  const [lost, kept] = [once.incr("k", { timeout: 200 }), again.database(0).set("other", "there", { timeout: 200 })];
  await assert.rejects(lost, { kind: "timeout", delivery: "maybe-executed" });
  server.child.kill("SIGCONT");
  assert.equal(await kept, "OK");
  assert.equal(await again.get("other"), "there");
  for (const retry of [{ attempts: 0 }, { upTo: "everything" }, { base: -1 }, { often: 1 }, 3]) {
    assert.throws(() => once.withRetry(retry), { code: "ERR_REDMUX_CONFIG" });
  }
  await assert.rejects(connect(server.url, { retry: { attempts: "3" } }), { message: /attempts/ });
});

test("a circuit breaker refuses commands while the server does not answer", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url, { circuitBreaker: { failures: 3, pause: 300 }, commandTimeout: 100 });
  t.after(() => client.close());
  const events = [];
  for (const name of ["circuitOpened", "circuitClosed"]) client.on(name, () => events.push(name));
  server.child.kill("SIGSTOP");
  await until(() => client.ping().then(() => false, (error) => error.code === "ERR_REDMUX_CIRCUIT_OPEN" && error.name === "CommandError"), "an open circuit");
  server.child.kill("SIGCONT");
  await until(() => client.ping().then(() => true, () => false), "a closed circuit");
  assert.equal(events[0], "circuitOpened");
  assert.equal(events.at(-1), "circuitClosed");
  await assert.rejects(connect(server.url, { circuitBreaker: { often: 1 } }), { message: /circuitBreaker: often/ });
});

test("servers are reached where the program says", LIMIT, async (t) => {
  const nodes = await cluster(t);
  // Announced by a name that leads nowhere.
  for (const [n, node] of nodes.entries()) await node.ask("CONFIG", "SET", "cluster-announce-hostname", `node-${n}.invalid`, "cluster-preferred-endpoint-type", "hostname");
  const endpointMap = Object.fromEntries(nodes.map(({ port, endpoint }, n) => [`node-${n}.invalid:${port}`, endpoint]));
  await until(async () => (await nodes[0].ask("CLUSTER", "SLOTS")).every(([, , [host]]) => host.endsWith(".invalid")), "names");
  const client = await connect(nodes[0].url, { endpointMap });
  t.after(() => client.close());
  assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map((key) => client.set(key, key))), ["OK", "OK", "OK", "OK"]);
  assert.equal(client.nodes().filter(({ role }) => role === "primary").length, 3);

  const asked = new Set();
  const map = async (host, port) => {
    asked.add(host);
    return host === "127.0.0.1" ? undefined : { host: "127.0.0.1", port };
  };
  const asking = await connect(nodes[0].url, { endpointMap: map });
  t.after(() => asking.close());
  assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map((key) => asking.get(key))), ["a", "b", "c", "d"]);
  assert.deepEqual(asked, new Set(["127.0.0.1", "node-0.invalid", "node-1.invalid", "node-2.invalid"]));
  const primaries = asking.nodes().filter(({ role }) => role === "primary");
  assert.deepEqual(new Set(primaries.map(({ endpoint }) => endpoint)), new Set(Object.keys(endpointMap)));
});

test("what a map of addresses throws, or gives that is none, fails the attempt", LIMIT, async (t) => {
  const server = await redis(t);
  const given = (endpointMap) => connect("redis://10.255.255.1:1", { endpointMap, connectRetry: 1 });
  const client = await given(() => ({ host: "127.0.0.1", port: server.port }));
  t.after(() => client.close());
  assert.equal(await client.ping(), "PONG");
  const fault = new Error("a fault of the program");
  await assert.rejects(given(() => {
    throw fault;
  }), { kind: "connect", stage: "dial", cause: fault });
  for (const [map, message] of [
    [() => "127.0.0.1", /endpointMap: the program gave a string \(expected \{ host, port \}\)/],
    [() => ({ host: "" }), /endpointMap: host: the program gave a string/],
    [() => ({ port: 70_000 }), /endpointMap: port: expected a whole number from 1 to 65535/],
  ]) await assert.rejects(given(map), { kind: "connect", message });
  await assert.rejects(given("a=b"), { code: "ERR_REDMUX_CONFIG", message: /endpointMap: expected an object of addresses, or a function/ });
});
