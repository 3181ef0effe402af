import assert from "node:assert/strict";
import { test } from "node:test";

import { GaveUp, policy } from "../../src/reconnect.js";

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

test("what is no answer is told, and the default goes on", () => {
  for (const [returned, what] of [[NaN, "NaN"], [-1, "-1"], ["5", "a string"], [true, "a boolean"], [Promise.resolve(1), "an object"], [[], "an array"]]) {
    const { wait, thrown } = ask(returned);
    assert.equal(wait, 0);
    assert.equal(thrown.length, 1);
    assert.ok(thrown[0].message.startsWith(`reconnect returned ${what} (expected milliseconds`), thrown[0].message);
  }
  const error = new Error("oops");
  assert.deepEqual(ask(() => { throw error; }), { wait: 0, thrown: [error] });
});
