import assert from "node:assert/strict";
import { test } from "node:test";

import { Dialer } from "../../src/dialer.js";
import { backOff, GaveUp, policy } from "../../src/reconnect.js";

const OUTAGE = { attempt: 1, outage: 0, code: null, error: null };

function ask(returned, outage = OUTAGE) {
  const thrown = [];
  const wait = policy(() => (typeof returned === "function" ? returned() : returned))(outage, (error) => thrown.push(error));
  return { wait, thrown };
}

test("what reconnect returns is the wait, an end, or the default", () => {
  for (const wait of [0, 0.5, 1000, Infinity]) assert.deepEqual(ask(wait), { wait, thrown: [] });
  const reason = new Error("enough");
  for (const [returned, why] of [[false, null], [null, null], [reason, reason]]) {
    const { wait, thrown } = ask(returned);
    assert.ok(wait instanceof GaveUp);
    assert.deepEqual([wait.reason, thrown], [why, []]);
  }
  assert.deepEqual(ask(undefined), { wait: 0, thrown: [] });
});

test("an answer of another type is reported, and the default applies", () => {
  for (const [returned, what] of [[NaN, "NaN"], [-1, "-1"], ["5", "a string"], [true, "a boolean"], [Promise.resolve(1), "an object"], [[], "an array"]]) {
    const { wait, thrown } = ask(returned);
    assert.equal(wait, 0);
    assert.equal(thrown.length, 1);
    assert.ok(thrown[0].message.startsWith(`reconnect returned ${what} (expected milliseconds`), thrown[0].message);
  }
  const error = new Error("oops");
  assert.deepEqual(ask(() => { throw error; }), { wait: 0, thrown: [error] });
});

/** The least and the most that the default waits. */
function range(attempt, code) {
  return [0, 1].map((random) => backOff(attempt, code, () => random));
}

test("a close code that asks for peace has a wait of its own, which is never short and which no command cuts", () => {
  for (const [code, bounds] of [[1013, { 1: 5000, 7: 5000, 8: 6400, 40: 30_000 }], [1008, { 1: 10_000, 10: 25_600, 40: 60_000 }]]) {
    for (const [attempt, bound] of Object.entries(bounds)) assert.deepEqual(range(Number(attempt), code), [bound / 2, bound], `${code} ${attempt}`);
  }
  for (const code of [4000, 4403, 4999]) assert.deepEqual(range(1, code), range(1, 1008));
});

test("all other waits have full jitter, and a command may cut them short", () => {
  for (const code of [null, 1006, 1011]) {
    assert.deepEqual(range(1, code), [0, 0]);
    const bounds = { 2: 100, 3: 200, 4: 400, 9: 10_000, 40: 10_000 };
    for (const [attempt, bound] of Object.entries(bounds)) assert.deepEqual(range(Number(attempt), code), [0, -bound]);
  }
  for (const code of [1001, 1012]) assert.deepEqual(range(1, code), [0, -1000]);
});

test("attempts that fail are 10 ms apart, whatever the sign of the wait; what the program says holds", () => {
  const waits = (delay) => {
    const dialer = new Dialer(null, { delay }, () => {});
    return [1, 2, 3].map((attempt) => dialer.delay(attempt, 0));
  };
  assert.deepEqual(waits(() => 0), [0, 10, 10]);
  assert.deepEqual(waits(() => -3), [-3, -10, -10]);
  assert.deepEqual(waits(() => -300), [-300, -300, -300]);
  assert.deepEqual(waits(policy(() => 300)), [300, 300, 300]);
});
