import assert from "node:assert/strict";
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
  await assert.rejects(client.zAdd("z", { value: "a" }, { NX: true }), /zAdd: expected a member as/);
  assert.equal(raw.calls.length, 0);
});

test("scanIterator goes through all pages", async () => {
  const { client, raw } = await fakeClient();
  raw.answer = ([, cursor]) => (cursor === "0" ? ["5", ["a", "b"]] : ["0", ["c"]]);
  const keys = [];
  for await (const key of client.scanIterator({ MATCH: "*" })) keys.push(key);
  assert.deepEqual(keys, ["a", "b", "c"]);
});

test("a slow reader of a scan has one page at a time, and who leaves asks for no more", async () => {
  const { client, raw } = await fakeClient();
  let asked = 0;
  raw.answer = () => [String((asked += 1)), ["a", "b"]];
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  const seen = [];
  for await (const key of client.scanIterator()) {
    seen.push(key);
    raw.flush();
    await turn();
    assert.equal(asked, Math.ceil(seen.length / 2));
    if (seen.length === 5) break;
  }
  await turn();
  raw.flush();
  assert.equal(asked, 3);
});

test("scanIterator also gives pages, without empty ones", async () => {
  const { client, raw } = await fakeClient();
  const pages = { 0: ["5", ["a", "b"]], 5: ["6", []], 6: ["0", ["c"]] };
  raw.answer = ([, cursor]) => pages[cursor];
  const batches = [];
  for await (const batch of client.scanIterator().batches()) batches.push(batch);
  assert.deepEqual(batches, [["a", "b"], ["c"]]);
});

test("names in a reply are text, or the call fails", async () => {
  const { client, raw } = await fakeClient();
  raw.answer = () => undefined;
  const all = client.hGetAll("k", { bytes: true });
  raw.calls;
  raw.replyBytes(Uint8Array.of(...new TextEncoder().encode("%1\r\n$1\r\n"), 0xff, ...new TextEncoder().encode("\r\n$1\r\nv\r\n")));
  await assert.rejects(all, { code: "ERR_REDMUX_DECODE", delivery: "answered" });
});

test("what a command counts is counted", async () => {
  const when = (method, args, words) => sent(method, ...args).then((got) => assert.equal(got, words));
  await when("eval", ["return 1"], "EVAL return 1 0");
  await when("eval", ["return 1", "k"], "EVAL return 1 1 k");
  await when("eval", ["return 1", ["a", "b"], ["c"], { timeout: 5 }], "EVAL return 1 2 a b c");
  await when("hExpire", ["h", 60, ["a", "b"], { NX: true }], "HEXPIRE h 60 NX FIELDS 2 a b");
  await when("hSetEx", ["h", { a: 1, b: 2 }, { EX: 5 }], "HSETEX h EX 5 FIELDS 2 a 1 b 2");
  await when("hSetEx", ["h", "a", 1], "HSETEX h FIELDS 1 a 1");
  await when("mSetEx", [new Map([["a", 1]]), { NX: true }], "MSETEX 1 a 1 NX");
  await when("zUnionStore", ["to", ["a", "b"], { WEIGHTS: [2, 3], AGGREGATE: "MAX" }], "ZUNIONSTORE to 2 a b WEIGHTS 2 3 AGGREGATE MAX");
  await when("lmPop", ["a", "LEFT", { COUNT: 2 }], "LMPOP 1 a LEFT COUNT 2");
  await when("xDelEx", ["x", ["1-1", "1-2"], { ACKED: true }], "XDELEX x ACKED IDS 2 1-1 1-2");
});

test("modifiers stand where the command wants them", async () => {
  const when = (method, args, words) => sent(method, ...args).then((got) => assert.equal(got, words));
  await when("xAdd", ["x", "*", { a: 1 }, { MAXLEN: ["~", 10], NOMKSTREAM: true }], "XADD x NOMKSTREAM MAXLEN ~ 10 * a 1");
  await when("xAdd", ["x", "*", { COUNT: 1 }], "XADD x * COUNT 1");
  await when("xRead", [{ a: "0", b: "$" }, { COUNT: 5 }], "XREAD COUNT 5 STREAMS a b 0 $");
  await when("xRead", [[["a", "0"], ["b", "1"]]], "XREAD STREAMS a b 0 1");
  await when("xReadGroup", ["g", "c", { a: ">" }, { NOACK: true }], "XREADGROUP GROUP g c NOACK STREAMS a >");
  await when("xPendingRange", ["x", "g", "-", "+", 5, "me", { IDLE: 9 }], "XPENDING x g IDLE 9 - + 5 me");
  await when("sort", ["l", { BY: "w:*", GET: ["#", "v:*"], LIMIT: [0, 5], DESC: true }], "SORT l BY w:* LIMIT 0 5 GET # GET v:* DESC");
  await when("sortStore", ["l", "to", { GET: "v:*" }], "SORT l GET v:* STORE to");
  await when("geoAdd", ["g", { longitude: 1, latitude: 2, member: "m" }, { NX: true }], "GEOADD g NX 1 2 m");
  await when("geoAdd", ["g", 1, 2, "m"], "GEOADD g 1 2 m");
  await when("geoSearchWith", ["g", { FROMLONLAT: [1, 2], BYBOX: [3, 4, "km"] }], "GEOSEARCH g FROMLONLAT 1 2 BYBOX 3 4 km WITHCOORD WITHDIST WITHHASH");
  await when("vAdd", ["v", [0.5, 1], "m", { REDUCE: 1, CAS: true }], "VADD v REDUCE 1 VALUES 2 0.5 1 m CAS");
  await when("vSim", ["v", { ELE: "m", COUNT: 3 }], "VSIM v ELE m COUNT 3");
  await when("vSimWithScores", ["v", Float64Array.of(1, 2)], "VSIM v VALUES 2 1 2 WITHSCORES");
  await when("configSet", [{ maxmemory: 0, appendonly: "no" }], "CONFIG SET maxmemory 0 appendonly no");
  await when("functionLoad", ["#!lua", { REPLACE: true }], "FUNCTION LOAD REPLACE #!lua");
  await when("bitField", ["k", ["INCRBY", "u8", 0, 1], ["GET", "u4", 0]], "BITFIELD k INCRBY u8 0 1 GET u4 0");
});

test("data of the wrong form is refused before anything is sent", async () => {
  const { client, raw } = await fakeClient();
  await assert.rejects(client.geoAdd("g", { longitude: 1, member: "m" }, {}), /geoAdd: expected a place as \{ longitude, latitude, member \}/);
  await assert.rejects(client.vAdd("v", "0.5", "m"), /the vector is a string/);
  await assert.rejects(client.hExpire("h"), /argument 2 is undefined/);
  await assert.rejects(client.xRead("a"), /xRead: streams: expected \{ key: id \}/);
  assert.equal(raw.calls.length, 0);
});

test("a queue gives integers as its client does", async () => {
  const { client, raw } = await fakeClient({ bigint: true });
  raw.answer = () => 1;
  assert.deepEqual(await client.pipeline().incr("k").incr("k", { bigint: false }).exec(), [1n, 1]);
});

test("a script is sent until its digest is known, and again when the server has forgotten it", async () => {
  const { client, raw } = await fakeClient();
  const words = [];
  raw.answer = (sent) => {
    words.push(sent.join(" "));
    return sent[0] === "SCRIPT" ? "digest" : 7;
  };
  const run = client.script("return 7");
  assert.deepEqual(await Promise.all([run(["k"], ["a"]), run()]), [7, 7]);
  assert.equal(await run(["k"]), 7);
  assert.deepEqual(words, ["SCRIPT LOAD return 7", "EVAL return 7 1 k a", "EVAL return 7 0", "EVALSHA digest 1 k"]);
  words.length = 0;
  raw.answer = (sent) => {
    words.push(sent[0]);
    return sent[0] === "EVALSHA" ? undefined : 8;
  };
  raw.calls.length = 0;
  const again = run();
  raw.fail({ kind: "server", serverCode: "NOSCRIPT", message: "no script" });
  assert.equal(await again, 8);
  assert.deepEqual(words, ["EVALSHA", "EVAL"]);
});

test("replies that a lone server does not give", async () => {
  const { client, raw } = await fakeClient();
  const when = async (method, args, answer, value) => {
    raw.answer = () => answer;
    assert.deepEqual(JSON.parse(JSON.stringify(await client[method](...args))), value, method);
  };
  await when("role", [], ["master", 9, [["host", "6380", "7"]]], { role: "master", offset: 9, replicas: [{ host: "host", port: 6380, offset: 7 }] });
  await when("role", [], ["sentinel", ["one"]], { role: "sentinel", masters: ["one"] });
  const running = ["name", "f", "command", ["FCALL", "f", 0], "duration_ms", 12];
  const engines = ["LUA", ["libraries_count", 1, "functions_count", 2]];
  const stats = { runningScript: { name: "f", command: ["FCALL", "f", 0], durationMs: 12 }, engines: { LUA: { librariesCount: 1, functionsCount: 2 } } };
  await when("functionStats", [], ["running_script", running, "engines", engines], stats);
  await when("memoryStats", [], ["db.0", ["overhead.hashtable.main", 5], "fragmentation", "1.5"], { db0: { overheadHashtableMain: 5 }, fragmentation: 1.5 });
  // Redis 6 leaves deleted entries out, and has no third part.
  await when("xAutoClaim", ["x", "g", "c", 0, "0"], ["0-0", [null, ["1-1", ["a", "1"]]]], { next: "0-0", entries: [{ id: "1-1", fields: { a: "1" } }], deleted: [] });
});

test("the table is sound", () => {
  const methods = COMMANDS.map(({ method }) => method);
  assert.equal(new Set(methods).size, methods.length, "a method is declared twice");
  for (const spec of COMMANDS) {
    assert.match(spec.command, /^[A-Z]+(_RO)?$/);
    for (const part of spec.parts.flat()) assert.match(part, /^(#?[$#%^@>&][?*]?|\.\.\.|[A-Z][A-Z0-9-]*)$/, spec.method);
  }
  const used = new Set(COMMANDS.map(({ shape }) => shape));
  assert.deepEqual(Object.keys(REPLIES).filter((name) => !used.has(REPLIES[name])), [], "shapes without a command");
});
