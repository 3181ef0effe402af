import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { COMMANDS } from "../../src/commands.js";
import { REPLIES } from "../../src/replies.js";
import { fakeClient } from "../fake.js";

async function sent(method, ...args) {
  const { client, raw } = await fakeClient();
  client[method](...args).catch(() => {});
  assert.equal(raw.calls.length, 1, `${method} was not sent`);
  return raw.calls[0].words.join(" ");
}

test("arguments become words in the order of the command", async () => {
  const when = (method, args, words) => sent(method, ...args).then((got) => assert.equal(got, words));
  await when("get", ["k"], "GET k");
  await when("set", ["k", "v"], "SET k v");
  await when("set", ["k", 1, { EX: 10, NX: true, GET: false }], "SET k 1 NX EX 10");
  await when("set", ["k", 1n, { GET: true, KEEPTTL: true }], "SET k 1 GET KEEPTTL");
  await when("getEx", ["k", { PERSIST: true }], "GETEX k PERSIST");
  await when("mGet", [["a", "b"]], "MGET a b");
  await when("mGet", ["a", "b"], "MGET a b");
  await when("mSet", [{ a: 1, b: "2" }], "MSET a 1 b 2");
  await when("mSet", [new Map([["a", 1]])], "MSET a 1");
  await when("mSet", [[["a", 1], ["b", 2]]], "MSET a 1 b 2");
  await when("hSet", ["k", { f: "v" }], "HSET k f v");
  await when("hSet", ["k", { timeout: "not an option" }], "HSET k timeout not an option");
  await when("hSet", ["k", { f: "v" }, { timeout: 9 }], "HSET k f v");
  await when("hSet", ["k", "f", "v", { bytes: true }], "HSET k f v");
  await when("expire", ["k", 5, { GT: true }], "EXPIRE k 5 GT");
  await when("scan", [0, { MATCH: "a*", COUNT: 10, TYPE: "hash" }], "SCAN 0 MATCH a* COUNT 10 TYPE hash");
  await when("zAdd", ["z", { score: 1, value: "a" }], "ZADD z 1 a");
  await when("zAdd", ["z", [{ score: -Infinity, value: "a" }, { score: 2, value: "b" }], { CH: true }], "ZADD z CH -inf a 2 b");
  await when("zAdd", ["z", 1, "a", { GT: true }], "ZADD z GT 1 a");
  await when("zRange", ["z", 0, -1, { REV: true, LIMIT: [0, 5] }], "ZRANGE z 0 -1 REV LIMIT 0 5");
  await when("zRangeWithScores", ["z", 0, -1, { REV: true }], "ZRANGE z 0 -1 REV WITHSCORES");
  await when("lPush", ["k", ["a", "b"]], "LPUSH k a b");
  await when("lPop", ["k", 2], "LPOP k 2");
  await when("flushDb", [{ ASYNC: true }], "FLUSHDB ASYNC");
  await when("send", ["CONFIG", "GET", "max*"], "CONFIG GET max*");
  await when("send", ["MSET", ["a", 1], { timeout: 5 }], "MSET a 1");
});

test("replies take the promised shape with RESP3 and with RESP2", async () => {
  const { client, raw } = await fakeClient();
  const when = async (method, args, answer, value) => {
    raw.answer = () => answer;
    assert.deepEqual(await client[method](...args), value, method);
  };
  await when("expire", ["k", 1], 1, true);
  await when("sIsMember", ["k", "m"], 0, false);
  await when("smIsMember", ["k", "m", "n"], [1, 0], [true, false]);
  await when("incrByFloat", ["k", 0.5], "10.5", 10.5);
  await when("zScore", ["z", "m"], 1.5, 1.5);
  await when("zScore", ["z", "m"], "-inf", -Infinity);
  await when("zScore", ["z", "m"], null, null);
  await when("sMembers", ["k"], new Set(["a"]), new Set(["a"]));
  await when("sMembers", ["k"], ["a"], new Set(["a"]));
  await when("sMembers", ["k", { bytes: true }], new Set(["a"]), [Uint8Array.of(97)]);
  await when("zRangeWithScores", ["z", 0, 1], [["a", 1]], [{ value: "a", score: 1 }]);
  await when("zRangeWithScores", ["z", 0, 1], ["a", "1"], [{ value: "a", score: 1 }]);
  await when("zPopMin", ["z"], ["a", 1], [{ value: "a", score: 1 }]);
  await when("zPopMin", ["z"], [], []);
  await when("scan", [0], ["17", ["a", "b"]], { cursor: "17", items: ["a", "b"] });
  await when("hScan", ["h", 0], ["0", ["f", "v"]], { cursor: "0", entries: [["f", "v"]] });
  await when("zScan", ["z", 0], ["0", ["m", "2"]], { cursor: "0", members: [{ value: "m", score: 2 }] });
  await when("time", [], ["1700000000", "42"], { seconds: 1700000000, microseconds: 42 });
});

test("a field named like a property of objects is only a field", async () => {
  const { client, raw } = await fakeClient();
  for (const reply of [new Map([["__proto__", "x"], ["toString", "y"]]), ["__proto__", "x", "toString", "y"]]) {
    raw.answer = () => reply;
    const object = await client.hGetAll("k");
    assert.equal(Object.getPrototypeOf(object), null);
    assert.deepEqual(Object.entries(object), [["__proto__", "x"], ["toString", "y"]]);
    assert.equal({}.x, undefined);
  }
});

test("a misspelt option is refused and named", async () => {
  const { client, raw } = await fakeClient();
  await assert.rejects(client.set("k", "v", { ex: 1 }), /set: ex is not an option \(expected one of NX, .*timeout/);
  await assert.rejects(client.get("k", { timout: 1 }), /get: timout is not an option/);
  await assert.rejects(client.send("GET", "k", { timout: 1 }), /send: timout is not an option/);
  await assert.rejects(client.zAdd("z", { value: "a" }, { NX: true }), /zAdd: a member is/);
  assert.equal(raw.calls.length, 0);
});

test("scanIterator goes through all pages", async () => {
  const { client, raw } = await fakeClient();
  raw.answer = ([, cursor]) => (cursor === "0" ? ["5", ["a", "b"]] : ["0", ["c"]]);
  const keys = [];
  for await (const key of client.scanIterator({ MATCH: "*" })) keys.push(key);
  assert.deepEqual(keys, ["a", "b", "c"]);
});

test("the table is sound, and the types name the same methods", () => {
  const methods = COMMANDS.map(({ method }) => method);
  assert.equal(new Set(methods).size, methods.length, "a method is declared twice");
  for (const spec of COMMANDS) {
    assert.ok(spec.reply === undefined || spec.reply in REPLIES, spec.method);
    assert.match(spec.command, /^[A-Z]+$/);
  }
  const types = readFileSync(new URL("../../src/index.d.ts", import.meta.url), "utf8");
  const body = types.slice(types.indexOf("interface Commands"), types.indexOf("// end of Commands"));
  const declared = new Set([...body.matchAll(/^ {2}(\w+)[<(]/gm)].map((match) => match[1]));
  assert.deepEqual([...declared].sort(), [...methods].sort());
});
