// Replies in the ways that a client on a server can be asked for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { COMMANDS } from "../../src/commands.js";
import "../../src/server/methods.js";
import { METHODS } from "../../types/methods.mjs";
import { fakeClient, fakeServerClient } from "../fake.js";

const BAD = Uint8Array.of(0x61, 0xff);
const bulk = (bytes) => Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), Buffer.from(bytes), Buffer.from("\r\n")]);
const list = (...items) => Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
const map = (...items) => Buffer.concat([Buffer.from(`%${items.length / 2}\r\n`), ...items]);
const text = (value) => bulk(Buffer.from(value));

/** What a view gives for a reply. */
async function given(replies, bytes, call) {
  const { client, raw } = await fakeServerClient();
  const promise = call(client.withReplies(replies));
  raw.replyBytes(bytes);
  return promise;
}

test("texts are Buffers over memory of their own, and in one call strings or Buffers as it says", async () => {
  const buffers = { text: "buffer" };
  const value = await given(buffers, bulk(BAD), (client) => client.get("k"));
  assert.ok(Buffer.isBuffer(value));
  assert.equal(value.buffer.byteLength, 2);
  assert.equal(value.toString("hex"), "61ff");
  assert.equal(await given(buffers, text("v"), (client) => client.get("k", { bytes: false })), "v");
  assert.ok(Buffer.isBuffer(await given({ sets: "array" }, bulk(BAD), (client) => client.send("DUMP", "k", { bytes: true }))) === false);
  assert.deepEqual(await given(buffers, list(text("a"), Buffer.from("_\r\n")), (client) => client.mGet(["a", "b"])), [Buffer.from("a"), null]);
  assert.deepEqual(await given(buffers, map(text("f"), text("v")), (client) => client.hGetAll("h")), Object.assign(Object.create(null), { f: Buffer.from("v") }));
  assert.deepEqual(await given(buffers, list(text("l"), text("v")), (client) => client.blPop("l", 1)), { key: Buffer.from("l"), element: Buffer.from("v") });
  assert.deepEqual(await given(buffers, list(text("v"), text("w")), (client) => client.eval("script")), [Buffer.from("v"), Buffer.from("w")]);
  assert.ok(Buffer.isBuffer(await given(buffers, text("v"), (client) => client.dump("k"))));
  assert.equal(await given(buffers, Buffer.from("+OK\r\n"), (client) => client.set("k", "v")), "OK");
  // Descriptions by the server are no data.
  assert.deepEqual({ ...(await given(buffers, map(text("max-level"), Buffer.from(":3\r\n"), text("quant-type"), text("int8")), (client) => client.vInfo("v"))) }, { maxLevel: 3, quantType: "int8" });
});

test("a queue gives replies as the client that it is of", async () => {
  const { client, raw } = await fakeServerClient();
  const replies = client.withReplies({ text: "buffer", maps: "map" }).pipeline().get("k").hGetAll("h").send("GET", "k").get("k", { bytes: false }).exec();
  raw.replyBytes(text("v"), map(text("f"), text("w")), text("v"), text("v"));
  assert.deepEqual(await replies, [Buffer.from("v"), new Map([["f", Buffer.from("w")]]), Buffer.from("v"), "v"]);
  const together = client.withReplies({ text: "buffer" }).multi().get("k").exec();
  raw.flush();
  raw.hooks.settle(raw.transacted.id, true, [new Uint8Array(text("v"))]);
  assert.deepEqual(await together, [Buffer.from("v")]);
});

test("one text that is not UTF-8 does not keep the others from the caller", async () => {
  const values = list(text("a"), bulk(BAD));
  await assert.rejects(given({}, values, (client) => client.mGet(["a", "b"])), { kind: "decode" });
  assert.deepEqual(await given({ invalidText: "replace" }, values, (client) => client.mGet(["a", "b"])), ["a", "a\ufffd"]);
  assert.deepEqual(await given({ invalidText: "bytes" }, values, (client) => client.mGet(["a", "b"])), ["a", BAD]);
  const fields = map(text("f"), text("1"), bulk(BAD), bulk(BAD));
  for (const [replies, wanted] of [
    [{ invalidText: "replace" }, { f: "1", "a\ufffd": "a\ufffd" }],
    [{ invalidText: "bytes" }, { f: "1", "a\ufffd": BAD }],
    [{ invalidText: "replace", text: "buffer" }, { f: Buffer.from("1"), "a\ufffd": Buffer.from(BAD) }],
  ]) assert.deepEqual({ ...(await given(replies, fields, (client) => client.hGetAll("h"))) }, wanted);
  assert.deepEqual(await given({ text: "buffer", maps: "pairs" }, fields, (client) => client.hGetAll("h")), [[Buffer.from("f"), Buffer.from("1")], [Buffer.from(BAD), Buffer.from(BAD)]]);
  await assert.rejects(given({ text: "buffer" }, fields, (client) => client.hGetAll("h")), { kind: "decode" });
  const entry = list(list(text("1-0"), list(bulk(BAD), bulk(BAD))));
  assert.deepEqual({ ...(await given({ invalidText: "bytes" }, entry, (client) => client.xRange("s", "-", "+")))[0].fields }, { "a\ufffd": BAD });
});

test("no client is stopped by a key of others: keys and scans replace what is not UTF-8", async () => {
  for (const make of [fakeClient, fakeServerClient]) {
    const { client, raw } = await make();
    const page = (...items) => list(text("0"), list(...items));
    const reads = [
      [client.keys("*"), list(text("a"), bulk(BAD)), ["a", "a\ufffd"]],
      [client.randomKey(), bulk(BAD), "a\ufffd"],
      [client.scan("0"), page(bulk(BAD)), { cursor: "0", items: ["a\ufffd"] }],
      [client.sScan("s", "0"), page(bulk(BAD)), { cursor: "0", items: ["a\ufffd"] }],
      [client.hScan("h", "0"), page(bulk(BAD), text("v")), { cursor: "0", entries: [["a\ufffd", "v"]] }],
      [client.zScan("z", "0"), page(bulk(BAD), text("1")), { cursor: "0", members: [{ value: "a\ufffd", score: 1 }] }],
      [client.keys("*", { bytes: true }), list(bulk(BAD)), [BAD]],
    ];
    raw.replyBytes(...reads.map(([, reply]) => reply));
    for (const [promise, , wanted] of reads) assert.deepEqual(await promise, wanted);
  }
  assert.deepEqual(await given({ invalidText: "bytes" }, list(text("a"), bulk(BAD)), (client) => client.keys("*")), ["a", BAD]);
});

test("sets and maps have the shape that is asked for", async () => {
  const members = Buffer.from("~2\r\n$1\r\na\r\n$1\r\nb\r\n");
  assert.deepEqual(await given({ sets: "array" }, members, (client) => client.sMembers("s")), ["a", "b"]);
  assert.deepEqual(await given({ sets: "array" }, members, (client) => client.send("SMEMBERS", "s")), ["a", "b"]);
  assert.deepEqual(await given({ maps: "map" }, members, (client) => client.sMembers("s")), new Set(["a", "b"]));
  const fields = map(text("f"), text("1"));
  // RESP2 has no maps.
  for (const reply of [fields, list(text("f"), text("1"))]) {
    assert.deepEqual(await given({ maps: "map" }, reply, (client) => client.hGetAll("h")), new Map([["f", "1"]]));
    assert.deepEqual(await given({ maps: "pairs" }, reply, (client) => client.configGet("f")), [["f", "1"]]);
  }
  const object = await given({ maps: "object" }, map(text("__proto__"), fields), (client) => client.send("X"));
  assert.equal(JSON.stringify(object), '{"__proto__":{"f":"1"}}');
  assert.deepEqual(await given({ maps: "pairs" }, fields, (client) => client.send("X")), [["f", "1"]]);
  assert.deepEqual(await given({ sets: "array" }, fields, (client) => client.send("X")), new Map([["f", "1"]]));
  const doubled = list(list(text("1-0"), list(text("f"), text("1"), text("f"), text("2"))));
  const read = map(text("s"), doubled);
  assert.deepEqual(await given({ maps: "pairs" }, doubled, (client) => client.xRange("s", "-", "+")), [{ id: "1-0", fields: [["f", "1"], ["f", "2"]] }]);
  assert.deepEqual(await given({ maps: "map" }, read, (client) => client.xRead({ s: "0" })), new Map([["s", [{ id: "1-0", fields: new Map([["f", "2"]]) }]]]));
  assert.deepEqual(await given({ maps: "map" }, Buffer.from("_\r\n"), (client) => client.xRead({ s: "0" })), null);
  const claimed = list(text("0-0"), list(list(text("1-0"), list(text("f"), text("1"))), list(text("2-0"), Buffer.from("_\r\n"))), list());
  assert.deepEqual((await given({ maps: "map" }, claimed, (client) => client.xAutoClaim("s", "g", "c", 0, "0"))).entries, [{ id: "1-0", fields: new Map([["f", "1"]]) }, { id: "2-0", fields: null }]);
  const described = map(text("length"), Buffer.from(":1\r\n"), text("first-entry"), list(text("1-0"), list(text("f"), bulk(BAD))));
  assert.deepEqual((await given({ maps: "map", text: "buffer" }, described, (client) => client.xInfoStream("s"))).firstEntry.fields, new Map([["f", Buffer.from(BAD)]]));
});

test("integers and numbers with a fraction keep all digits, or are of one type", async () => {
  const big = Buffer.from(":9007199254740993\r\n");
  assert.equal(await given({}, big, (client) => client.incr("n")), 9007199254740993n);
  assert.equal(await given({ integers: "number" }, big, (client) => client.incr("n")), 9007199254740992);
  assert.equal(await given({ integers: "string" }, big, (client) => client.incr("n")), "9007199254740993");
  assert.equal(await given({ integers: "string" }, big, (client) => client.incr("n", { bigint: true })), 9007199254740993n);
  assert.equal(await given({ integers: "bigint" }, Buffer.from(":1\r\n"), (client) => client.incr("n")), 1n);
  assert.equal(await given({ integers: "bigint" }, Buffer.from(":1\r\n"), (client) => client.incr("n", { bigint: false })), 1);
  assert.equal(await given({ integers: "string" }, Buffer.from(":1\r\n"), (client) => client.hExists("h", "f")), true);
  assert.deepEqual(await given({ integers: "string" }, list(Buffer.from(":1\r\n"), Buffer.from(":2\r\n")), (client) => client.send("X")), ["1", "2"]);
  const doubles = { doubles: "string" };
  assert.equal(await given(doubles, text("12345678901234567891.5"), (client) => client.incrByFloat("n", 1)), "12345678901234567891.5");
  assert.equal(await given({ ...doubles, text: "buffer" }, text("1.5"), (client) => client.hIncrByFloat("h", "f", 1)), "1.5");
  assert.equal(await given(doubles, Buffer.from(",inf\r\n"), (client) => client.zScore("z", "m")), "inf");
  assert.equal(await given(doubles, Buffer.from("_\r\n"), (client) => client.zScore("z", "m")), null);
  assert.equal(await given(doubles, Buffer.from(":3\r\n"), (client) => client.zAdd("z", { score: 1, value: "m" })), 3);
  assert.deepEqual(await given(doubles, list(Buffer.from(":2\r\n"), Buffer.from(",1.5\r\n")), (client) => client.zRankWithScore("z", "m")), { rank: 2, score: "1.5" });
  // As the score comes over RESP3 and over RESP2.
  for (const score of [Buffer.from(",1.5\r\n"), text("1.5")]) {
    assert.deepEqual(await given(doubles, list(list(text("m"), score)), (client) => client.zRangeWithScores("z", 0, -1)), [{ value: "m", score: "1.5" }]);
    assert.deepEqual(await given(doubles, list(text("z"), text("m"), score), (client) => client.bzPopMin("z", 1)), { key: "z", value: "m", score: "1.5" });
    assert.deepEqual(await given(doubles, list(score, Buffer.from("_\r\n")), (client) => client.zmScore("z", ["m", "n"])), ["1.5", null]);
  }
  assert.deepEqual(await given({ ...doubles, integers: "string" }, list(Buffer.from(":3\r\n"), Buffer.from(",3\r\n")), (client) => client.send("X")), ["3", "3"]);
});

test("views keep what was said before, and refuse what is no choice", async () => {
  const { client, raw } = await fakeServerClient();
  const view = client.withReplies({ text: "buffer", sets: "array" }).withReplies({ maps: "map", sets: undefined }).database(2);
  const value = view.hGetAll("h");
  raw.replyBytes(map(text("f"), text("v")));
  assert.deepEqual(await value, new Map([["f", Buffer.from("v")]]));
  assert.equal(raw.database, 2);
  const plain = client.get("k");
  raw.reply("v");
  assert.equal(await plain, "v");
  for (const [replies, message] of [
    [{ text: "Buffer" }, /withReplies: text: expected one of string, bytes, buffer/],
    [{ set: "array" }, /withReplies: set is not an option \(expected one of text, /],
    [{ toString: "array" }, /toString is not an option/],
    [undefined, /withReplies: undefined/],
    [[], /withReplies: an array/],
  ]) assert.throws(() => client.withReplies(replies), { name: "TypeError", message, code: "ERR_REDMUX_CONFIG" });
  await assert.rejects(view.get("k", { byte: true }), TypeError);
  await assert.rejects(view.send(5), TypeError);
  assert.throws(() => view.multi().get("k", { signal: AbortSignal.abort() }), TypeError);
});

test("what the types call a text is a Buffer where that is asked for, and nothing else is", async () => {
  const { client, raw } = await fakeServerClient();
  const view = client.withReplies({ text: "buffer" });
  const plain = COMMANDS.filter(({ shape, takers }) => shape === undefined && takers.every((part) => part === "$"));
  let seen = 0;
  for (const { method, needs } of plain) {
    const replies = METHODS[method].slice(1).map((one) => one.slice(one.lastIndexOf("->") + 2));
    if (!replies.every((reply) => /\bText\b/.test(reply))) continue;
    const value = view[method](...Array.from({ length: Math.max(needs, 1) }, () => "a"));
    raw.replyBytes(text("v"));
    assert.ok(Buffer.isBuffer(await value), method);
    seen += 1;
  }
  assert.ok(seen > 20, `${seen} methods`);
});
