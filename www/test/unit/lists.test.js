// Lists are arguments only where the types say so: what a stranger sends cannot become several words.

import assert from "node:assert/strict";
import test from "node:test";

import { COMMANDS } from "../../src/commands.js";
import { METHODS } from "../../types/methods.mjs";
import { fakeClient } from "../fake.js";

/** The arguments of a method, the shortest of its signatures, each a list where its type allows one. */
function signature(method) {
  const [, ...texts] = METHODS[method];
  const all = texts.map((text) => text.match(/^(?:<.*?> )?(.*?)(?:,? ?\{ (.*?)\})? ?-> /)[1].split(/,\s*(?![^[\]]*\])/).filter((one) => one.trim()));
  return all.reduce((one, other) => (other.length < one.length ? other : one));
}

test("fewer arguments than a command needs are refused, and nothing is sent", async () => {
  const { client, raw } = await fakeClient();
  let seen = 0;
  for (const { method, needs } of COMMANDS) {
    if (needs === 0) continue;
    for (const given of [[], Array.from({ length: needs - 1 }, () => "a")]) {
      await assert.rejects(client[method](...given), { name: "TypeError", code: "ERR_REDMUX_ARGUMENT" }, method);
    }
    seen += 1;
  }
  assert.ok(seen > 250, `${seen} methods`);
  assert.equal(raw.calls.length, 0);
});

test("the first argument of a method whose type is one value is no list, and nothing is sent", async () => {
  const { client, raw } = await fakeClient();
  let seen = 0;
  for (const { method, needs } of COMMANDS) {
    const [first] = signature(method);
    if (needs === 0 || !/^(key|source|destination|channel)$/.test(first)) continue;
    const given = Array.from({ length: needs }, () => "a");
    given[0] = ["a", "b"];
    await assert.rejects(client[method](...given), { name: "TypeError", message: new RegExp(`^${method}: argument 1 is an array`) }, method);
    seen += 1;
  }
  assert.ok(seen > 150, `${seen} methods`);
  assert.equal(raw.calls.length, 0);
});

for (const [method, ...args] of [
  ["set", "key", ["1", "EX", 5]],
  ["set", "key", []],
  ["append", "key", ["a"]],
  ["incrBy", "key", [1]],
  ["hGet", "key", ["field"]],
  ["publish", "channel", ["a", "b"]],
  ["expire", "key", [1, "NX"]],
  ["lPush", "key", ["a", ["b"]]],
  ["mGet", [["a", "b"]]],
  ["rename", "key", ["to", "other"]],
  ["set", "key", "value", { EX: [5, "XX"] }],
  ["set", "key", "value", { IFEQ: ["a", "GET"] }],
  ["scan", 0, { MATCH: ["a", "COUNT", 100000] }],
  ["sort", "key", { BY: ["a", "STORE", "other"] }],
]) {
  test(`${method}(${JSON.stringify(args).slice(1, -1)}) is refused, and nothing is sent`, async () => {
    const { client, raw } = await fakeClient();
    await assert.rejects(client[method](...args), { name: "TypeError", code: "ERR_REDMUX_ARGUMENT" });
    assert.throws(() => client.multi()[method](...args), { name: "TypeError" });
    assert.equal(raw.calls.length, 0);
  });
}

for (const [sent, method, ...args] of [
  ["DEL a b", "del", ["a", "b"]],
  ["MGET a b", "mGet", ["a", "b"]],
  ["MGET a b", "mGet", "a", "b"],
  ["LPUSH key a b", "lPush", "key", ["a", "b"]],
  ["SADD key a b c", "sAdd", "key", ["a", "b"], "c"],
  ["HMGET key a b", "hMGet", "key", ["a", "b"]],
  ["GEOSEARCH key FROMLONLAT 1 2 BYRADIUS 3 km", "geoSearch", "key", { FROMLONLAT: [1, 2], BYRADIUS: [3, "km"] }],
  ["EVAL return 1 1 k a b", "eval", "return 1", ["k"], ["a", "b"]],
]) {
  test(`${method}(${JSON.stringify(args).slice(1, -1)}) sends ${sent}`, async () => {
    const { client, raw } = await fakeClient();
    raw.answer = (words) => {
      assert.equal(words.join(" "), sent);
      return /^(h?mGet|geo)/i.test(method) ? ["1", "2"] : 1;
    };
    await client[method](...args);
    assert.equal(raw.calls.length, 1);
  });
}
