// How much memory of wasm a large reply takes; that memory never shrinks.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as servers from "../../src/node.js";
import * as pages from "../../src/page/node.js";
import { gateway, redis } from "./support.mjs";

const LIMIT = { timeout: 300_000 };
const MIB = 1 << 20;

/** Each build, how it is connected, and how many times the text the memory may grow: a buffer that grows may have to move. */
const CASES = [
  [pages, "for pages", "TCP", 1.1],
  [pages, "for pages", "the gateway", 1.1],
  [servers, "for servers", "TCP", 2.1],
];

for (const [{ connect, load }, build, through, most] of CASES) {
  test(`the build ${build}: large replies over ${through} take a bounded part of the memory of wasm, and the next ones take no more`, LIMIT, async (t) => {
    const server = await redis(t);
    const instance = await load();
    const client = await connect(through === "TCP" ? server.url : await gateway(t, server));
    t.after(() => client.close());
    const source = "redis.call('SET', KEYS[1], string.rep('x', ARGV[1])); redis.call('RPUSH', KEYS[2], string.rep('y', ARGV[1]), 'z')";
    // The small one first: the memory that it frees is not enough for the large one.
    for (const size of [16 * MIB, 64 * MIB]) {
      await client.eval(source, ["text", "list"], [size], { timeout: Infinity });
      const before = instance.memory.length;
      const grown = () => instance.memory.length - before;
      for (const options of [{ bytes: true }, {}, { bytes: true }]) {
        const value = await client.get("text", { timeout: Infinity, ...options });
        assert.equal(value.length, size);
      }
      assert.ok(grown() < most * size, `${grown() / size} times the text`);
      const after = grown();
      for (let n = 0; n < 5; n++) await client.get("text", { timeout: Infinity });
      assert.ok(grown() - after < MIB, `${grown() - after} bytes more by others like it`);
      const [list] = await client.lRange("list", 0, -1, { timeout: Infinity, bytes: true });
      assert.equal(list.length, size);
      assert.ok(grown() < 4.2 * size, `${grown() / size} times the list`);
      await client.del("list");
    }
  });
}
