// Spans, metrics and stacks with real servers, and the program of docs/observability.md.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import channels from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

import { connect } from "../../src/node.js";
import { instrument } from "../../src/opentelemetry.js";
import { cluster, program, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

function observed(t) {
  const spans = new InMemorySpanExporter();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1 << 30 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  t.after(instrument({ tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }), meterProvider }));
  t.after(() => meterProvider.shutdown());
  const points = async (name) => {
    exporter.reset();
    await reader.forceFlush();
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics);
    return all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  };
  return { spans, points };
}

test("spans and metrics of a server say what was done, and show no data", LIMIT, async (t) => {
  const { spans, points } = observed(t);
  const server = await redis(t);
  const client = await connect(server.url, { clientName: "shop" });
  t.after(() => client.disconnect());
  await client.set("secret-key", "secret-value");
  await assert.rejects(client.hGet("secret-key", "secret-field"), { serverCode: "WRONGTYPE" });
  await client.database(3).multi().set("secret-key", 1).incr("secret-key").exec();
  const waiting = client.blPop("secret-list", 0);
  const leased = async () => (await points("db.client.connection.count")).find(({ attributes }) => attributes["db.client.connection.state"] === "used")?.value;
  await until(async () => (await leased()) === 1, "a leased connection");
  await client.rPush("secret-list", "secret-item");
  await waiting;

  const common = { "db.system.name": "redis", "server.address": "127.0.0.1", "server.port": server.port };
  const seen = spans.getFinishedSpans().map(({ attributes }) => attributes);
  const of = (command) => seen.find((one) => one["db.operation.name"] === command);
  assert.deepEqual(of("SET"), { ...common, "db.operation.name": "SET", "db.namespace": "0" });
  assert.deepEqual(of("HGET"), { ...common, "db.operation.name": "HGET", "db.namespace": "0", "db.response.status_code": "WRONGTYPE", "error.type": "WRONGTYPE" });
  assert.deepEqual(of("MULTI"), { ...common, "db.operation.name": "MULTI", "db.namespace": "3", "db.operation.batch.size": 2 });
  assert.ok(of("BLPOP") && of("RPUSH"));
  const durations = await points("db.client.operation.duration");
  assert.deepEqual(durations.map(({ attributes }) => attributes["db.operation.name"]).sort(), ["BLPOP", "HGET", "MULTI", "RPUSH", "SET"]);
  const [ready] = await points("redmux.connection.ready");
  assert.equal(ready.value, 1);
  assert.equal(ready.attributes["redmux.connection.endpoint"], `127.0.0.1:${server.port}`);

  const lost = new Promise((resolve) => client.once("connectionFailed", resolve));
  server.child.kill("SIGKILL");
  await lost;
  const events = await points("redmux.events");
  assert.ok(events.some(({ attributes, value }) => attributes.type === "connectionFailed" && value >= 1));
  const shown = spans.getFinishedSpans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
  assert.doesNotMatch(JSON.stringify([shown, durations, events]), /secret/);
});

test("of a cluster, the server is named where the program has named it", LIMIT, async (t) => {
  const [{ url, endpoint, port }] = await cluster(t);
  const { spans } = observed(t);
  const client = await connect(url);
  t.after(() => client.disconnect());
  await client.get("k");
  await client.node(endpoint).dbSize();
  const [get, size] = spans.getFinishedSpans().filter(({ attributes }) => ["GET", "DBSIZE"].includes(attributes["db.operation.name"]));
  assert.equal(get.name, "GET");
  assert.deepEqual(get.attributes, { "db.system.name": "redis", "db.operation.name": "GET", "db.namespace": "0" });
  assert.deepEqual([size.attributes["server.address"], size.attributes["server.port"]], ["127.0.0.1", port]);
});

test("WATCH, and SCAN on a cluster, are commands of their caller", LIMIT, async (t) => {
  const [{ url }] = await cluster(t);
  const client = await connect(url);
  t.after(() => client.disconnect());
  await client.set("k", 0);
  const { spans } = observed(t);
  const caller = new AsyncLocalStorage();
  const seen = [];
  const listener = ({ command }) => seen.push(`${command} of ${caller.getStore()}`);
  channels.subscribe("tracing:redmux:command:start", listener);
  t.after(() => channels.unsubscribe("tracing:redmux:command:start", listener));
  let others = 1;
  const body = async (tx) => {
    await tx.get("k");
    if (others-- > 0) await client.incr("k");
    return tx.multi().incr("k").exec();
  };
  assert.deepEqual(await caller.run("me", () => client.watch("k", body)), [2]);
  assert.deepEqual(seen, ["WATCH", "GET", "INCR", "WATCH", "GET"].map((command) => `${command} of me`));
  assert.equal(await client.watch("k", () => "no MULTI"), "no MULTI");
  await assert.rejects(client.watch("k", async (tx) => {
    await client.incr("k");
    await tx.multi().incr("k").exec();
  }, { attempts: 1 }), { kind: "conflict" });
  assert.equal(seen.filter((one) => one.startsWith("WATCH")).length, 4);
  await client.mSet(Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`key-${n}`, n])));
  let keys = 0;
  await caller.run("me", async () => {
    for await (const _ of client.scanIterator({ COUNT: 500 })) keys += 1;
  });
  assert.equal(keys, 3001);
  const scans = seen.filter((one) => one === "SCAN of me").length;
  assert.ok(scans >= 3 && scans <= 20, `${scans} pages`);
  const finished = spans.getFinishedSpans().map(({ attributes }) => attributes["db.operation.name"]);
  assert.equal(finished.filter((name) => name === "WATCH").length, 4);
  assert.equal(finished.filter((name) => name === "SCAN").length, scans);
});

test("with stack, errors lead to the call, also those of connects, leases and loops", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url, { stack: true, maxLeased: 1 });
  t.after(() => client.disconnect());
  await client.set("k", "v");
  async function program(action) {
    await null;
    await action();
  }
  const failing = [() => client.hGet("k", "f"), () => client.send("HGET", "k", "f"), () => client.multi().hGet("k", "f").exec(), () => client.pipeline().hGet("k", "f").exec()];
  failing.push(async () => client.watch("k", async (tx) => tx.hGet("k", "f")), () => client.database(1).send("NOSUCH"));
  for (const action of failing) await assert.rejects(program(action), ({ stack }) => /at (async )?program /.test(stack) && !/wasm/.test(stack));
  const conflict = program(() => client.watch("k", async (tx) => {
    await client.set("k", "other");
    await tx.multi().get("k").exec();
  }, { attempts: 1 }));
  await assert.rejects(conflict, ({ kind, stack }) => kind === "conflict" && /at (async )?program /.test(stack));
  await assert.rejects(program(() => connect("redis://127.0.0.1:1", { stack: true, connectRetry: 1 })), ({ cause, stack }) => cause.code === "ECONNREFUSED" && /at async program /.test(stack));
  await assert.rejects(connect(server.url, { stack: 1 }), { code: "ERR_REDMUX_CONFIG" });
});

test("the programs of docs/observability.md run", LIMIT, async (t) => {
  const server = await redis(t);
  const text = readFileSync(new URL("../../../docs/observability.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code.replaceAll(/^import .*from "redmux".*\n/gm, "").replaceAll("localhost:6379", `127.0.0.1:${server.port}`));
  assert.equal(blocks.length, 2);
  const [watching, telemetry] = blocks;
  const { out } = await program(t, server.url, `${watching}\nawait redis.close();`);
  assert.match(out, /^SET 127\.0\.0\.1 \d+\.\d ms \nHGET 127\.0\.0\.1 \d+\.\d ms WRONGTYPE\nready$/m);
  const entry = new URL("../../src/opentelemetry.js", import.meta.url);
  await program(t, server.url, telemetry.replace('"redmux/opentelemetry"', JSON.stringify(entry)));
  assert.equal(channels.hasSubscribers("tracing:redmux:command:start"), false);
});
