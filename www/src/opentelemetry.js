// Spans and metrics by the conventions of OpenTelemetry for databases: see docs/observability.md. It knows clients only by the
// channels of `node:diagnostics_channel`, so that it works with each copy of the package in a process.

/** @import { Attributes, BatchObservableResult, MeterProvider, Observable, Span, TracerProvider } from "@opentelemetry/api" */
/** @import { InstrumentOptions } from "./opentelemetry.js" */
/** @import { CommandTrace, EventMessage, Source, StatusQuestion, TransactionTrace } from "./server.js" */
/** @import { Unknown } from "./internal.js" */
/** @typedef {CommandTrace & { size?: number }} Call */

import channels from "node:diagnostics_channel";

import { context, metrics as metricsApi, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

const NAME = "redmux";
/** As the conventions have them. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const OPTIONS = ["tracerProvider", "meterProvider", "spans", "metrics", "requireParentSpan"];

/** Codes that servers use. Scripts may invent any, of which metrics would have one series each. */
const CODES = new Set(
  (
    "ERR WRONGTYPE NOAUTH WRONGPASS NOPERM NOPROTO NOSCRIPT LOADING BUSY TRYAGAIN CLUSTERDOWN MASTERDOWN MOVED ASK REDIRECT UNBLOCKED " +
    "CROSSSLOT READONLY OOM EXECABORT MISCONF NOREPLICAS UNKILLABLE NOTBUSY BUSYGROUP NOGROUP BUSYKEY"
  ).split(" "),
);
/** Failures that have another name in the Rust library's metrics. @type {Record<string, string>} */
const KINDS = { command: "rejected" };

/** @param {InstrumentOptions} [options] */
export function instrument(options = {}) {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) throw new TypeError(`instrument: ${name} is not an option (expected one of ${OPTIONS.join(", ")})`);
  }
  const { tracerProvider, meterProvider, spans = true, metrics = true, requireParentSpan = false } = options;
  const ends = [];
  if (spans) ends.push(traced(tracerProvider, requireParentSpan));
  if (metrics) ends.push(measured(meterProvider));
  return () => {
    for (const end of ends.splice(0)) end();
  };
}

/**
 * Listens to commands and transactions.
 * @param {{ start?: (call: Call) => void, asyncEnd: (call: Call) => void }} listeners
 */
function listen(listeners) {
  const names = ["redmux:command", "redmux:transaction"];
  const ends = names.flatMap((name) => Object.entries(listeners).map(([event, listener]) => subscribe(`tracing:${name}:${event}`, listener)));
  return () => {
    for (const end of ends) end();
  };
}

/** The channels in use: Bun forgets one that nobody holds, with its subscribers. */
const held = new Set();

/** @param {string} name @param {(message: Unknown) => void} listener */
function subscribe(name, listener) {
  const hold = { channel: channels.channel(name) };
  held.add(hold);
  channels.subscribe(name, listener);
  return () => {
    held.delete(hold);
    channels.unsubscribe(name, listener);
  };
}

/** @param {TracerProvider | undefined} provider @param {boolean} requireParentSpan */
function traced(provider, requireParentSpan) {
  const tracer = (provider ?? trace).getTracer(NAME);
  /** @type {WeakMap<Call, Span>} */
  const open = new WeakMap();
  return listen({
    start(call) {
      if (requireParentSpan && !trace.getSpan(context.active())) return;
      const target = call.address === null ? "" : ` ${call.address}${call.port === null ? "" : `:${call.port}`}`;
      open.set(call, tracer.startSpan(`${call.command}${target}`, { kind: SpanKind.CLIENT, attributes: attributesOf(call) }));
    },
    asyncEnd(call) {
      const span = open.get(call);
      if (!span) return;
      open.delete(call);
      if ("error" in call) {
        span.setAttributes(failureOf(call.error, false));
        span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(call) });
      }
      span.end();
    },
  });
}

/** @param {MeterProvider | undefined} provider */
function measured(provider) {
  const meter = (provider ?? metricsApi).getMeter(NAME);
  const duration = meter.createHistogram("db.client.operation.duration", {
    description: "Duration of database client operations.",
    unit: "s",
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const events = meter.createCounter("redmux.events", { description: "Events of clients.", unit: "{event}" });
  const counted = (/** @type {EventMessage} */ { type }) => events.add(1, { type });
  const end = listen({
    asyncEnd(call) {
      // The size of a transaction would make a series of each.
      const { ["db.operation.batch.size"]: _, ...attributes } = attributesOf(call);
      duration.record((performance.now() - call.start) / 1000, "error" in call ? { ...attributes, ...failureOf(call.error, true) } : attributes);
    },
  });
  const endEvents = subscribe("redmux:event", counted);
  const unobserve = observed(/** @type {Unknown} */ (meter));
  return () => {
    end();
    endEvents();
    unobserve();
  };
}

/** Observes the connections of all clients. @param {import("@opentelemetry/api").Meter} meter */
function observed(meter) {
  const [connection, request] = ["{connection}", "{request}"];
  const count = meter.createObservableUpDownCounter("db.client.connection.count", { description: "Leased connections, by state.", unit: connection });
  const max = meter.createObservableUpDownCounter("db.client.connection.max", { description: "The most that are leased at a time.", unit: connection });
  const pending = meter.createObservableUpDownCounter("db.client.connection.pending_requests", { description: "Callers in line for a lease.", unit: request });
  const ready = meter.createObservableGauge("redmux.connection.ready", { description: "1 if it is ready, else 0.", unit: "1" });
  const queued = meter.createObservableGauge("redmux.connection.queued", { description: "Commands that wait to be sent.", unit: "{command}" });
  const inFlight = meter.createObservableGauge("redmux.connection.in_flight", { description: "Commands that wait for a reply.", unit: "{command}" });
  const unsent = meter.createObservableGauge("redmux.connection.unsent_bytes", { description: "Bytes that wait to be sent.", unit: "By" });
  const subscriptions = meter.createObservableGauge("redmux.subscriptions", { description: "Channels and patterns.", unit: "{channel}" });
  const all = [count, max, pending, ready, queued, inFlight, unsent, subscriptions];

  const observe = (/** @type {BatchObservableResult} */ result) => {
    /** What several clients have under one name is one value. @type {Map<string, { of: Observable, value: number, attributes: Attributes }>} */
    const sums = new Map();
    const add = (/** @type {Observable} */ of, /** @type {number} */ value, /** @type {Attributes} */ attributes) => {
      const key = JSON.stringify([all.indexOf(/** @type {Unknown} */ (of)), attributes]);
      const sum = sums.get(key);
      if (sum) sum.value += value;
      else sums.set(key, { of, value, attributes });
    };
    /** @type {StatusQuestion} */
    const question = { clients: [] };
    channels.channel("redmux:status").publish(question);
    for (const { clientName, endpoint, status } of question.clients) {
      const pool = { "db.client.connection.pool.name": clientName ?? endpoint };
      add(count, status.leases?.leased ?? 0, { ...pool, "db.client.connection.state": "used" });
      add(count, status.leases?.idle ?? 0, { ...pool, "db.client.connection.state": "idle" });
      add(max, status.leases?.max ?? 0, pool);
      add(pending, status.leases?.waiting ?? 0, pool);
      add(subscriptions, status.subscriptions, pool);
      for (const { endpoint: server, connectionType, diagnostics } of status.connections) {
        const one = { ...pool, "redmux.connection.endpoint": server, "redmux.connection.type": connectionType };
        add(ready, diagnostics.connection === "ready" ? 1 : 0, one);
        add(queued, diagnostics.queued, one);
        add(inFlight, diagnostics.inFlight, one);
        add(unsent, diagnostics.bytesUnsent, one);
      }
    }
    for (const { of, value, attributes } of sums.values()) result.observe(of, value, attributes);
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** @param {Source & { command: string, size?: number }} call */
function attributesOf({ command, size, database, address, port }) {
  /** @type {Attributes} */
  const attributes = { "db.system.name": "redis", "db.operation.name": command };
  // The conventions: from two commands on.
  if (size !== undefined && size > 1) attributes["db.operation.batch.size"] = size;
  if (database !== null) attributes["db.namespace"] = String(database);
  if (address !== null) attributes["server.address"] = address;
  if (port !== null) attributes["server.port"] = port;
  return attributes;
}

/** @param {Unknown} error @param {boolean} isMetric @returns {Attributes} */
function failureOf(error, isMetric) {
  const { kind, serverCode, name } = error ?? {};
  if (kind === "server") {
    const isKnown = CODES.has(serverCode);
    const code = isKnown || (serverCode && !isMetric) ? { "db.response.status_code": serverCode } : {};
    return { ...code, "error.type": isKnown ? serverCode : "_OTHER" };
  }
  if (typeof kind === "string") return { "error.type": KINDS[kind] ?? kind.replaceAll("-", "_") };
  // An argument that cannot be sent, or what a signal was aborted with.
  return { "error.type": error instanceof TypeError ? "rejected" : name === "TimeoutError" ? "timeout" : "abandoned" };
}

/**
 * The message, where it holds no arguments. Other errors than those of this package are the program's.
 * @param {Call} call
 */
function messageOf({ command, error }) {
  const { kind, serverCode, message } = /** @type {Unknown} */ (error) ?? {};
  // It quotes the name, which may be a whole line.
  if (typeof kind !== "string" || command === "_OTHER") return undefined;
  return kind === "server" ? serverCode || undefined : message;
}
