// How arguments become bytes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../src/outbox.js";

const decoder = new TextDecoder();

test("text of any length and any characters is UTF-8", () => {
  const outbox = new Outbox();
  const texts = ["", "a", "ä", "x".repeat(64), "ä".repeat(64), "😀".repeat(33)];
  for (const length of [65, 5000, 16384, 100_000]) {
    texts.push("x".repeat(length), "€".repeat(length), `${"x".repeat(length - 1)}ä`, `${"x".repeat(length)}😀`, "😀x".repeat(length));
  }
  for (const together of [texts, ...texts.map((text) => [text, "behind"])]) {
    outbox.add(7, () => 3, "NAME", undefined, 0, together);
    outbox.flush((heads, bytes) => {
      assert.deepEqual([...heads.subarray(0, 5)], [7, 3, 0, 0, together.length]);
      let at = 0;
      const read = [...heads.subarray(5)].map((length) => decoder.decode(bytes.subarray(at, (at += length))));
      assert.equal(read.length, together.length);
      assert.equal(read.findIndex((text, place) => text !== together[place]), -1);
      assert.equal(at, bytes.length);
    });
  }
});
