// Spans and metrics of `redmux/opentelemetry`, with the SDK of OpenTelemetry and a server that is made up.

import assert from "node:assert/strict";
import channels from "node:diagnostics_channel";
import { test } from "node:test";

import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

import { instrument } from "../../src/opentelemetry.js";
import { useChannels } from "../../src/server/tracing.js";
import { fakeServerClient } from "../fake.js";

useChannels(channels);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** Instruments during the test; returns the spans, and what reads the metrics. */
function observed(t, options) {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1 << 30 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const end = instrument({ tracerProvider, meterProvider, ...options });
  t.after(async () => {
    end();
    await meterProvider.shutdown();
  });
  const metrics = async () => {
    exporter.reset();
    await reader.forceFlush();
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap((scope) => scope.metrics);
    return new Map(all.map((metric) => [metric.descriptor.name, metric]));
  };
  return { spans, metrics, end, tracerProvider };
}

const PLACE = { endpoint: "redis://host:1" };
const COMMON = { "db.system.name": "redis", "db.namespace": "0", "server.address": "host", "server.port": 1 };

test("a command has a span by the conventions, inside of the program's", async (t) => {
  const { spans, tracerProvider } = observed(t);
  const { client, raw } = await fakeServerClient({}, PLACE);
  const outer = tracerProvider.getTracer("program").startSpan("outer");
  const value = context.with(trace.setSpan(context.active(), outer), () => client.set("secret-key", "secret-value"));
  raw.reply("OK");
  await value;
  const [span, ...more] = spans.getFinishedSpans();
  assert.equal(more.length, 0);
  assert.equal(span.name, "SET host:1");
  assert.equal(span.kind, SpanKind.CLIENT);
  assert.deepEqual(span.attributes, { ...COMMON, "db.operation.name": "SET" });
  assert.equal(span.status.code, SpanStatusCode.UNSET);
  assert.equal(span.parentSpanContext.spanId, outer.spanContext().spanId);
  assert.doesNotMatch(JSON.stringify([span.name, span.attributes, span.events, span.status]), /secret/);
});

test("spans of failures have the server's code, or what failed, and no text of a server", async (t) => {
  const { spans } = observed(t);
  const { client, raw } = await fakeServerClient({}, PLACE);
  const fields = [
    { kind: "server", serverCode: "WRONGTYPE", message: "GET: WRONGTYPE secret" },
    { kind: "server", serverCode: "MINE", message: "GET: MINE secret" },
    { kind: "server", serverCode: "", message: "GET: secret" },
    { kind: "timeout", stage: "response", message: "GET: late" },
    { kind: "command", message: "GET: refused" },
    { kind: "connection-lost", message: "lost" },
  ];
  for (const one of fields) {
    const value = client.get("k");
    raw.fail(one);
    await assert.rejects(value);
  }
  await assert.rejects(client.get("k", { signal: AbortSignal.abort(new Error("secret")) }));
  await assert.rejects(client.get("k", { timeout: -1 }), TypeError);
  const line = client.send("GET secret");
  raw.fail({ kind: "command", message: "GET secret: refused" });
  await assert.rejects(line);
  const seen = spans.getFinishedSpans().map(({ attributes, status }) => [attributes["db.response.status_code"], attributes["error.type"], status.message]);
  assert.deepEqual(seen, [
    ["WRONGTYPE", "WRONGTYPE", "WRONGTYPE"],
    ["MINE", "_OTHER", "MINE"],
    [undefined, "_OTHER", undefined],
    [undefined, "timeout", "GET: late"],
    [undefined, "rejected", "GET: refused"],
    [undefined, "connection_lost", "lost"],
    [undefined, "abandoned", undefined],
    [undefined, "rejected", undefined],
    [undefined, "rejected", undefined],
  ]);
  assert.ok(spans.getFinishedSpans().every(({ status }) => status.code === SpanStatusCode.ERROR));
});

test("a transaction has one span, with its size", async (t) => {
  const { spans } = observed(t);
  const { client, raw } = await fakeServerClient({}, PLACE);
  const items = client.multi().get("k").get("l").exec();
  raw.flush();
  const reply = new TextEncoder().encode("$1\r\nv\r\n");
  raw.hooks.settle(raw.transacted.id, true, [reply, reply]);
  await items;
  const [span, ...more] = spans.getFinishedSpans();
  assert.equal(more.length, 0);
  assert.deepEqual(span.attributes, { ...COMMON, "db.operation.name": "MULTI", "db.operation.batch.size": 2 });
});

test("commands without an outer span have none, if the program wants that", async (t) => {
  const { spans, tracerProvider } = observed(t, { requireParentSpan: true });
  const { client, raw } = await fakeServerClient({}, PLACE);
  raw.answer = () => "v";
  await client.get("k");
  assert.equal(spans.getFinishedSpans().length, 0);
  const outer = trace.setSpan(context.active(), tracerProvider.getTracer("program").startSpan("outer"));
  await context.with(outer, () => client.get("k"));
  assert.equal(spans.getFinishedSpans().length, 1);
});

test("durations are in seconds, in the buckets of the conventions, with codes that servers use", async (t) => {
  const { metrics } = observed(t);
  const { client, raw } = await fakeServerClient({}, PLACE);
  for (const code of ["", "WRONGTYPE", "MINE"]) {
    const value = client.get("k");
    if (code === "") raw.reply("v");
    else raw.fail({ kind: "server", serverCode: code, message: code });
    await value.catch(() => {});
  }
  const { descriptor, dataPoints } = (await metrics()).get("db.client.operation.duration");
  assert.equal(descriptor.unit, "s");
  assert.deepEqual(dataPoints.map(({ attributes }) => attributes), [
    { ...COMMON, "db.operation.name": "GET" },
    { ...COMMON, "db.operation.name": "GET", "db.response.status_code": "WRONGTYPE", "error.type": "WRONGTYPE" },
    { ...COMMON, "db.operation.name": "GET", "error.type": "_OTHER" },
  ]);
  const [{ value }] = dataPoints;
  assert.deepEqual(value.buckets.boundaries, [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
  assert.equal(value.count, 1);
  assert.ok(value.sum > 0 && value.sum < 5);
});

test("connections of all clients are observed, those under one name together, and events are counted", async (t) => {
  const { metrics } = observed(t);
  const clients = [await fakeServerClient({ clientName: "shop" }, PLACE), await fakeServerClient({ clientName: "shop" }, PLACE)];
  t.after(() => clients.forEach(({ client }) => client.disconnect()));
  for (const { raw } of clients) {
    const diagnostics = { connection: "ready", queued: 1, inFlight: 2, bytesUnsent: 3 };
    const connections = [{ endpoint: "host:1", connectionType: "interactive", diagnostics }];
    raw.status = () => ({ connections, subscriptions: 4, cache: null, leases: { leased: 5, idle: 6, waiting: 7, max: 32, opened: 20 } });
  }
  clients[0].raw.hooks.event("connectionFailed", { message: "m" });
  const all = await metrics();
  const pool = { "db.client.connection.pool.name": "shop" };
  const points = (name) => all.get(name).dataPoints.map(({ attributes, value }) => [attributes, value]).filter(([one]) => one["db.client.connection.pool.name"] === "shop");
  assert.deepEqual(points("db.client.connection.count"), [
    [{ ...pool, "db.client.connection.state": "used" }, 10],
    [{ ...pool, "db.client.connection.state": "idle" }, 12],
  ]);
  assert.deepEqual(points("db.client.connection.max"), [[pool, 64]]);
  assert.deepEqual(points("db.client.connection.pending_requests"), [[pool, 14]]);
  assert.deepEqual(points("redmux.subscriptions"), [[pool, 8]]);
  const one = { ...pool, "redmux.connection.endpoint": "host:1", "redmux.connection.type": "interactive" };
  assert.deepEqual(points("redmux.connection.ready"), [[one, 2]]);
  assert.deepEqual(points("redmux.connection.queued"), [[one, 2]]);
  assert.deepEqual(points("redmux.connection.in_flight"), [[one, 4]]);
  assert.deepEqual(points("redmux.connection.unsent_bytes"), [[one, 6]]);
  assert.deepEqual(all.get("redmux.events").dataPoints.map(({ attributes, value }) => [attributes, value]), [[{ type: "connectionFailed" }, 1]]);
});

test("what instrument returns ends it, and nobody watches any more", async (t) => {
  const { spans, metrics, end } = observed(t);
  const { client, raw } = await fakeServerClient({}, PLACE);
  raw.answer = () => "v";
  end();
  end();
  await client.get("k");
  assert.equal(spans.getFinishedSpans().length, 0);
  assert.equal((await metrics()).size, 0);
  for (const name of ["command", "transaction"]) {
    for (const event of ["start", "end", "asyncStart", "asyncEnd", "error"]) assert.equal(channels.hasSubscribers(`tracing:redmux:${name}:${event}`), false);
  }
  assert.equal(channels.hasSubscribers("redmux:event"), false);
});

test("either half can be left out, and misspelt options are refused", async (t) => {
  const half = observed(t, { metrics: false });
  assert.equal((await half.metrics()).size, 0);
  const other = observed(t, { spans: false });
  const { client, raw } = await fakeServerClient({}, PLACE);
  raw.answer = () => "v";
  await client.get("k");
  assert.equal(other.spans.getFinishedSpans().length, 0);
  assert.ok((await other.metrics()).has("db.client.operation.duration"));
  assert.throws(() => instrument({ span: true }), { name: "TypeError", message: /span is not an option/ });
});
