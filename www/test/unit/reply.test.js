import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../src/outbox.js";
import { NotText, ReplyReader } from "../../src/reply.js";

const encoder = new TextEncoder();
const reader = new ReplyReader((bytes) => ({ error: new TextDecoder().decode(bytes) }));

/** Reads a reply from somewhere in a larger memory. */
function read(reply, { bytes = false, bigint = false } = {}) {
  const body = typeof reply === "string" ? encoder.encode(reply) : reply;
  const memory = new Uint8Array(body.length + 20).fill(0xff);
  memory.set(body, 10);
  return reader.read(memory, 10, body.length, bytes, bigint);
}

test("every kind of reply becomes its value", () => {
  for (const [reply, value] of [
    ["+OK\r\n", "OK"],
    ["+QUEUED\r\n", "QUEUED"],
    [":0\r\n", 0],
    [":-42\r\n", -42],
    [":9007199254740991\r\n", Number.MAX_SAFE_INTEGER],
    [":9007199254740992\r\n", 9007199254740992n],
    [":-9223372036854775808\r\n", -9223372036854775808n],
    ["$0\r\n\r\n", ""],
    ["$5\r\nhel\0o\r\n", "hel\0o"],
    ["$-1\r\n", null],
    ["*-1\r\n", null],
    ["_\r\n", null],
    ["#t\r\n", true],
    ["#f\r\n", false],
    [",1.5e3\r\n", 1500],
    [",-inf\r\n", -Infinity],
    [",nan\r\n", NaN],
    ["(3492890328409238509324850943850943825024385\r\n", 3492890328409238509324850943850943825024385n],
    ["=7\r\ntxt:abc\r\n", "abc"],
    ["*0\r\n", []],
    ["*3\r\n:1\r\n*1\r\n+a\r\n$1\r\nb\r\n", [1, ["a"], "b"]],
    ["%2\r\n+a\r\n:1\r\n+a\r\n:2\r\n", new Map([["a", 2]])],
    ["~2\r\n+a\r\n+b\r\n", new Set(["a", "b"])],
    ["|1\r\n+ttl\r\n:1\r\n+OK\r\n", "OK"],
    ["*2\r\n-ERR no\r\n!7\r\nERR bad\r\n", [{ error: "-ERR no\r\n" }, { error: "!7\r\nERR bad\r\n" }]],
    ["$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n", "abc"],
    ["*?\r\n:1\r\n:2\r\n.\r\n", [1, 2]],
    ["%?\r\n+a\r\n:1\r\n.\r\n", new Map([["a", 1]])],
  ]) {
    assert.deepEqual(read(reply), value, reply);
    // The next value is read from the right place.
    assert.deepEqual(read(`*2\r\n${reply}:7\r\n`)[1], 7, reply);
  }
});

test("bytes and bigint change what they say and nothing else", () => {
  assert.deepEqual(read("*3\r\n$1\r\na\r\n+OK\r\n:1\r\n", { bytes: true }), [Uint8Array.of(97), "OK", 1]);
  assert.deepEqual(read("=7\r\ntxt:abc\r\n", { bytes: true }), encoder.encode("abc"));
  assert.deepEqual(read("*2\r\n$1\r\n1\r\n:1\r\n", { bigint: true }), ["1", 1n]);
});

test("texts of every length and alphabet are read; what is no text is refused", () => {
  for (const alphabet of ["abc", "aß", "語", "🦊x", "\ufeff"]) {
    for (const length of [1, 11, 12, 13, 255, 256, 257, 5000]) {
      const text = alphabet.repeat(length);
      const bytes = encoder.encode(text);
      assert.equal(read(`$${bytes.length}\r\n${text}\r\n`), text);
    }
  }
  const broken = Uint8Array.from([..."$2\r\n"].map((c) => c.charCodeAt(0)).concat(0xc3, 0x28, 13, 10));
  assert.throws(() => read(broken), NotText);
  assert.deepEqual(read(broken, { bytes: true }), Uint8Array.of(0xc3, 0x28));
});

test("texts of lists and maps are the same whether they are cut out of larger ones or not", () => {
  const bulk = (text) => `$${encoder.encode(text).length}\r\n${text}\r\n`;
  for (const odd of ["", "ß", "語".repeat(300), "z".repeat(257), "\u0080"]) {
    for (const length of [1, 7, 12, 13, 64, 255, 256]) {
      // Enough for several regions; the odd one comes late.
      const texts = Array.from({ length: 99 }, (_, n) => String.fromCharCode(97 + (n % 26)).repeat(length));
      texts.splice(70, 0, odd);
      const all = texts.map(bulk).join("");
      assert.deepEqual(read(`*100\r\n${all}`), texts);
      assert.deepEqual(read(`*2\r\n*100\r\n${all}:7\r\n`), [texts, 7]);
      assert.deepEqual(read(`~100\r\n${all}`), new Set(texts));
      assert.deepEqual(read(`*100\r\n${all}`, { bytes: true }).map((item) => new TextDecoder().decode(item)), texts);
    }
  }
  const broken = [...`*3\r\n${bulk("a".repeat(80))}${bulk("b")}$2\r\n`].map((c) => c.charCodeAt(0)).concat(0xc3, 0x28, 13, 10);
  assert.throws(() => read(Uint8Array.from(broken)), NotText);
});

test("a map is read as an object without prototype, unless a name in it is no text", () => {
  const readObject = (reply) => reader.readObject(encoder.encode(reply), 0, encoder.encode(reply).length, false);
  const object = readObject("%3\r\n$9\r\n__proto__\r\n$1\r\nx\r\n$1\r\n1\r\n:1\r\n$2\r\nß\r\n%1\r\n+a\r\n_\r\n");
  assert.equal(Object.getPrototypeOf(object), null);
  assert.deepEqual(Object.entries(object), [["1", 1], ["__proto__", "x"], ["ß", new Map([["a", null]])]]);
  assert.deepEqual({ ...readObject("%0\r\n") }, {});
  for (const [reply, value] of [
    ["%2\r\n$1\r\na\r\n:1\r\n:2\r\n:3\r\n", new Map([["a", 1], [2, 3]])],
    ["%?\r\n$1\r\na\r\n:1\r\n.\r\n", new Map([["a", 1]])],
    ["|1\r\n+ttl\r\n:1\r\n%1\r\n$1\r\na\r\n:1\r\n", new Map([["a", 1]])],
    ["*2\r\n$1\r\na\r\n:1\r\n", ["a", 1]],
    ["_\r\n", null],
  ]) {
    assert.deepEqual(readObject(reply), value, reply);
  }
});

test("a refused command leaves the batch as it was", () => {
  const outbox = new Outbox();
  const names = () => 7;
  outbox.add(1, names, "SET", undefined, false, ["k", "v"]);
  assert.throws(() => outbox.add(2, names, "SET", undefined, false, ["secret", null]), /argument 2 is null/);
  outbox.add(3, names, "made up by a program that makes names up", 2.5, true, [["a", ["b"]], 1n]);
  outbox.flush((heads, bytes) => {
    const name = "made up by a program that makes names up";
    assert.deepEqual([...heads], [1, 7, 0, 0, 2, 1, 1, 3, 0xffffffff, 3, 1, 4, name.length, 1, 1, 1]);
    assert.equal(new TextDecoder().decode(bytes), `kv${name}ab1`);
  });
  assert.ok(outbox.isEmpty);
});

