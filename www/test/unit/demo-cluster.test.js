// What the page of a cluster makes of messages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ENTRIES, mark, Model, SAMPLES } from "../../demo/cluster/model.js";

const PORTS = [7000, 7001, 70001];
const endpoint = (place) => `127.0.0.1:${PORTS[place]}`;

/** A message at a quarter of a second; C is the replica of A. */
function message(quarter, { sent = [0, 0, 0], running = [true, true, true], events = [], said = [], watch = {} } = {}) {
  const node = (place) => ({
    endpoint: endpoint(place),
    role: place === 2 ? "replica" : "primary",
    of: place === 2 ? endpoint(0) : undefined,
    zone: null,
    slots: [[[0, 99], [200, 200]], [[100, 199]], []][place],
    connected: true,
    sent: sent[place],
    under_way: 0,
  });
  const line = {
    seconds: quarter / 4,
    commands: sent[0] + sent[1] + sent[2],
    waiting: 0,
    slowest_ms: quarter,
    errors: { not_sent: 0, maybe_executed: 0, answered: 0 },
    wrong: 0,
    lost: 0,
    last_error: null,
    map: { age_ms: 1, refreshes: 1, redirects: 0 },
    nodes: [2, 1, 0].map(node),
    events: events.map(([kind, text]) => ({ kind, text })),
    ...watch,
  };
  const servers = PORTS.map((_, place) => ({ name: "ABC"[place], endpoint: endpoint(place), running: running[place] }));
  return { at: quarter * 250, servers, doing: null, automatic: true, next: null, said, watch: watch === null ? null : line };
}

function after(...messages) {
  const model = new Model();
  for (const one of messages) model.add(one);
  return model;
}

test("rates are of the last second, and a server that is known anew does not count backwards", () => {
  const model = after(...Array.from({ length: 9 }, (_, quarter) => message(quarter, { sent: [quarter * 100, 0, quarter > 6 ? 0 : 1000] })));
  assert.equal(model.servers[0].perSecond, 400);
  assert.equal(model.servers[1].perSecond, 0);
  assert.equal(model.servers[2].perSecond, 0);
  assert.equal(model.slowest, 8);
  assert.equal(after(message(0)).rate, null);
});

test("servers have names, roles, counts of slots, and no process makes them down", () => {
  const model = after(message(0), message(1, { running: [true, false, true] }));
  assert.deepEqual(model.servers.map(({ role, of, slotCount }) => [role, of, slotCount]), [["primary", null, 101], ["down", null, 100], ["replica", "A", 0]]);
  assert.deepEqual(model.owners.map(({ first, name }) => [first, name]), [[0, "A"], [100, "B"], [200, "A"]]);
  // While the client says nothing, what it said last holds.
  model.add(message(2, { running: [false, true, true], watch: null }));
  assert.deepEqual(model.servers.map(({ role, slotCount }) => [role, slotCount]), [["down", 101], ["down", 100], ["replica", 0]]);
});

test("the log has names for endpoints, and one line for slots that are redirected one by one", () => {
  const moved = (slot, to) => ["slotsMoved", `slots ${slot} moved from ${endpoint(0)} to ${endpoint(to)}`];
  const events = [moved(1, 1), moved(2, 1), moved(3, 2), ["connectionFailed", `connection failed: interactive ${endpoint(2)}: x`], moved(4, 2)];
  const model = after(message(0, { events, said: [{ tone: "bad", text: "A was killed, a primary" }] }));
  assert.deepEqual(model.entries.map(({ from, tone, text }) => [from, tone, text]), [
    ["demo", "bad", "A was killed, a primary"],
    ["client", "", "2 slots moved from A to B, each by a redirect"],
    ["client", "", "slots 3 moved from A to C"],
    ["client", "bad", "connection failed: interactive C: x"],
    ["client", "", "slots 4 moved from A to C"],
  ]);
  const many = Array.from({ length: 30 }, (_, at) => `${at * 100}-${at * 100 + 9}`).join(", ");
  model.add(message(1, { events: [["slotsMoved", `slots ${many} moved from ${endpoint(0)} to ${endpoint(1)}`]] }));
  assert.equal(model.entries.at(-1).text, "300 slots in 30 ranges moved from A to B");
});

test("nothing grows without bound", () => {
  const model = new Model();
  for (let at = 0; at < 2 * SAMPLES; at++) model.add(message(at, { said: [{ tone: "", text: "x" }, { tone: "", text: "y" }] }));
  assert.equal(model.samples.length, SAMPLES);
  assert.equal(model.entries.length, ENTRIES);
  assert.equal(model.entries.at(-1).number, 4 * SAMPLES - 1);
});

test("what is done to the cluster is a mark on the chart", () => {
  const of = (text, from = "demo") => mark({ number: 0, at: 0, from, tone: "", text });
  assert.equal(of("A was killed, a primary"), "A ✕");
  assert.equal(of("D was elected after 1.4 s"), "D ▲");
  assert.equal(of("A is back, as a replica of D"), "A ↩");
  assert.equal(of("A has taken over from D"), "A ▲");
  assert.equal(of("512 slots moved from A to B"), "A→B");
  assert.equal(of("nothing to bring back: the server runs"), null);
  assert.equal(of("A was killed, a primary", "client"), null);
});
