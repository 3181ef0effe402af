// Replies in the ways that a program asks for, with real servers, over both protocols.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../../src/node.js";
import { cluster, redis } from "./support.mjs";

const LIMIT = { timeout: 300_000 };
const BAD = Buffer.from([0x61, 0xff, 0x62]);

for (const protocol of [2, 3]) {
  test(`Buffers, maps and arrays over RESP${protocol}`, LIMIT, async (t) => {
    const server = await redis(t);
    const client = await connect(server.url, { protocol, replies: { text: "buffer" } });
    t.after(() => client.disconnect());
    await client.set("picture", BAD);
    await client.hSet("h", [["f", "1"], [BAD, BAD]]);
    await client.sAdd("s", ["a", BAD]);
    await client.xAdd("log", "1-0", ["f", "1", "f", BAD]);
    assert.deepEqual(await client.get("picture"), BAD);
    assert.ok(Buffer.isBuffer(await client.get("picture")));
    assert.deepEqual(await client.mGet(["picture", "none"]), [BAD, null]);
    assert.deepEqual(new Set((await client.sMembers("s")).map(String)), new Set(["a", String(BAD)]));
    assert.deepEqual(await client.withReplies({ maps: "pairs" }).hGetAll("h"), [[Buffer.from("f"), Buffer.from("1")], [BAD, BAD]]);
    assert.deepEqual(await client.withReplies({ maps: "pairs" }).xRange("log", "-", "+"), [{ id: "1-0", fields: [[Buffer.from("f"), Buffer.from("1")], [Buffer.from("f"), BAD]] }]);
    const texts = client.withReplies({ text: "string", maps: "map", sets: "array", invalidText: "bytes" });
    assert.deepEqual(await texts.configGet("port"), new Map([["port", String(server.port)]]));
    assert.deepEqual(await texts.lRange("none", 0, -1), []);
    assert.deepEqual((await texts.xRead({ log: "0" })).get("log")[0].fields.get("f"), new Uint8Array(BAD));
    const found = [];
    for await (const key of texts.scanIterator()) found.push(key);
    assert.deepEqual(found.sort(), ["h", "log", "picture", "s"]);
    const copy = await client.duplicate();
    t.after(() => copy.disconnect());
    assert.deepEqual(await copy.get("picture"), BAD);
    const lease = await client.lease();
    assert.deepEqual(await lease.get("picture"), BAD);
    lease.release();
    assert.deepEqual(await client.watch("picture", async (tx) => (await tx.multi().get("picture").exec())[0]), BAD);
    await client.rPush("jobs", BAD);
    assert.deepEqual(await client.blPop("jobs", 1), { key: Buffer.from("jobs"), element: BAD });
    const exact = texts.withReplies({ doubles: "string", integers: "string" });
    await exact.zAdd("z", [{ score: 1.5, value: "m" }, { score: Infinity, value: "n" }]);
    assert.deepEqual(await exact.zRangeWithScores("z", 0, -1), [{ value: "m", score: "1.5" }, { value: "n", score: "inf" }]);
    assert.equal(await exact.incrByFloat("fraction", "12345678901234567891"), "12345678901234567891");
    await exact.set("n", "9007199254740993");
    assert.equal(await exact.incr("n"), "9007199254740994");
    assert.equal(await client.withReplies({ integers: "number" }).incr("n"), 9007199254740996);
  });
}

test("a key that is not UTF-8 stops no scan, and can be deleted", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url);
  t.after(() => client.disconnect());
  await client.mSet([["good", "1"], [BAD, "2"]]);
  await client.set("value", BAD);
  assert.deepEqual((await client.keys("*")).sort(), ["a\ufffdb", "good", "value"]);
  const names = [];
  for await (const key of client.scanIterator()) names.push(key);
  assert.deepEqual(names.sort(), ["a\ufffdb", "good", "value"]);
  await assert.rejects(client.mGet(["good", "value"]), { kind: "decode" });
  assert.deepEqual(await client.withReplies({ invalidText: "replace" }).mGet(["good", "value"]), ["1", "a\ufffdb"]);
  for await (const key of client.withReplies({ invalidText: "bytes" }).scanIterator()) assert.equal(await client.unlink(key), 1);
  assert.equal(await client.dbSize(), 0);
});

test("views of replies on a cluster", LIMIT, async (t) => {
  const [{ url }] = await cluster(t);
  const client = await connect(url, { replies: { text: "buffer" } });
  t.after(() => client.disconnect());
  await client.mSet([["a", "1"], ["b", BAD], [BAD, "3"]]);
  assert.deepEqual(await client.mGet(["a", "b"]), [Buffer.from("1"), BAD]);
  const keys = [];
  for await (const key of client.scanIterator()) keys.push(key);
  assert.deepEqual(keys.map((key) => (assert.ok(Buffer.isBuffer(key)), key.toString("hex"))).sort(), ["61", "61ff62", "62"]);
  const mixed = [];
  for await (const key of client.withReplies({ text: "string", invalidText: "bytes" }).scanIterator()) mixed.push(key);
  assert.deepEqual(new Set(mixed.filter((key) => typeof key === "string")), new Set(["a", "b"]));
  assert.deepEqual(mixed.find((key) => typeof key !== "string"), new Uint8Array(BAD));
  const one = client.node(client.nodes()[0].endpoint);
  assert.ok(Buffer.isBuffer(await one.info("server")));
});
