// The parts of the demo page that need no page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatReply } from "../../console/lib/format.js";
import { parseWords } from "../../console/lib/words.js";

test("words, quotes and escapes are read as redis-cli does", () => {
  assert.deepEqual(parseWords("  SET  key value "), ["SET", "key", "value"]);
  assert.deepEqual(parseWords(String.raw`SET k "a b\n\"c\" \\"`), ["SET", "k", 'a b\n"c" \\']);
  assert.deepEqual(parseWords(String.raw`SET 'a \'b\' \n' ""`), ["SET", String.raw`a 'b' \n`, ""]);
  assert.deepEqual(parseWords("GET schlüssel 🦊"), ["GET", "schlüssel", "🦊"]);
  assert.deepEqual(parseWords(String.raw`SET k "ä\x00\xff!"`)[2], Uint8Array.of(0xc3, 0xa4, 0, 0xff, 0x21));
  assert.deepEqual(parseWords(""), []);
  assert.throws(() => parseWords('SET k "open'), /not closed/);
  assert.throws(() => parseWords("SET k 'open"), /not closed/);
  assert.throws(() => parseWords('SET "k"x'), /followed by a space/);
});

test("replies are shown as redis-cli does", () => {
  const bytes = (text) => new TextEncoder().encode(text);
  assert.equal(formatReply("OK"), "OK");
  assert.equal(formatReply(bytes('say "hi"\n')), String.raw`"say \"hi\"\n"`);
  assert.equal(formatReply(bytes("grüße 🦊")), '"grüße 🦊"');
  assert.equal(formatReply(Uint8Array.of(0, 255, 65)), String.raw`"\x00\xffA"`);
  assert.equal(formatReply(null), "(nil)");
  assert.equal(formatReply(42), "(integer) 42");
  assert.equal(formatReply(9007199254740993n), "(integer) 9007199254740993");
  assert.equal(formatReply(1.5), "(double) 1.5");
  assert.equal(formatReply([]), "(empty array)");
  assert.equal(formatReply([1, ["a", null]]), "1) (integer) 1\n2) 1) a\n   2) (nil)");
  assert.equal(formatReply(new Map([[bytes("k"), 1]])), '1# "k" => (integer) 1');
  assert.equal(formatReply(new Set([bytes("m")])), '1~ "m"');
  assert.equal(formatReply(new Error("ERR x")), "(error) ERR x");
});
