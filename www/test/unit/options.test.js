import assert from "node:assert/strict";
import { test } from "node:test";
import { RedmuxError } from "../../src/errors.js";
import { packOptions } from "../../src/options.js";
import { FakeGlue } from "../fake.js";

/** What reaches the wasm side: the numbers that are given by their places, and the texts. */
function packed(options) {
  return packOptions({ endpoint: "ws://host/", ...options }, (numbers, heads, bytes) => {
    const given = [...numbers.entries()].filter(([, number]) => !Number.isNaN(number));
    return { places: numbers.length, given: Object.fromEntries(given), texts: new FakeGlue().read(heads, bytes)[0].words };
  });
}

test("what is not given is left to the wasm side", () => {
  assert.deepEqual(packed({}), { places: 20, given: {}, texts: ["ws://host/", "", "", ""] });
  assert.deepEqual(packed({ database: undefined, unknown: undefined, clientCache: false }).given, {});
});

test("every option has its place", () => {
  const numbers = { database: 1, connectRetry: 2, sendQueueBytes: 3, subscriptionCapacity: 4, connectTimeout: 5, commandTimeout: 6 };
  const more = { keepAlive: 7, probeAfter: 8, probeTimeout: Infinity, abortOnConnectFail: false, libraryInfo: true, protocol: 2 };
  const names = { username: "ü", password: "", clientName: "n" };
  const { given, texts } = packed({ ...more, ...numbers, ...names, clientCache: { maxBytes: 9, maxReplyBytes: 10, maxAge: 11.5, prefixes: ["a:", "b:"] } });
  assert.deepEqual(texts, ["ws://host/", "ü", "", "n", "a:", "b:"]);
  const values = [1, 2, 3, 4, 5, 6, 7, 8, Infinity, 0, 1, 2, 1, 1, 1, 1, 9, 10, 11.5, 1];
  assert.deepEqual(given, Object.fromEntries(values.entries()));
  assert.deepEqual(packed({ clientCache: true }).given, { 15: 1 });
});

test("what cannot be used is refused by name, without its value", () => {
  for (const [options, why] of [
    [{ comandTimeout: 1 }, "comandTimeout is not an option"],
    [{ sslCa: "hunter2" }, "sslCa is not an option (TLS is set by rediss: and tls: { ca, cert, key, servername })"],
    [{ toString: 1 }, "toString is not an option"],
    [{ username: 7 }, "username: expected a string"],
    [{ password: "\ud800hunter2" }, "password: expected a string"],
    [{ database: "hunter2" }, "database: expected a whole number, 0 or more"],
    [{ database: 2 ** 32 }, "database: expected a whole number, 0 or more"],
    [{ keepAlive: 0 }, "keepAlive: expected milliseconds greater than 0, or Infinity"],
    [{ keepAlive: NaN }, "keepAlive: expected milliseconds greater than 0, or Infinity"],
    [{ protocol: 4 }, "protocol: expected 2 or 3"],
    [{ libraryInfo: 1 }, "libraryInfo: expected true or false"],
    [{ clientCache: 7 }, "clientCache: expected true, or an object of maxBytes, maxReplyBytes, maxAge and prefixes"],
    [{ clientCache: { maxByte: 1 } }, "clientCache: expected true, or an object of maxBytes, maxReplyBytes, maxAge and prefixes"],
    [{ clientCache: { prefixes: "hunter2" } }, "clientCache: expected true, or an object of maxBytes, maxReplyBytes, maxAge and prefixes"],
    [{ clientCache: { maxAge: 0 } }, "clientCache.maxAge: expected milliseconds greater than 0, or Infinity"],
  ]) {
    assert.throws(() => packed(options), (error) => {
      assert.ok(error instanceof RedmuxError, `${error.constructor.name}: ${error.message}`);
      assert.deepEqual([error.message, error.code, error.delivery], [why, "ERR_REDMUX_CONFIG", "not-sent"]);
      return true;
    });
  }
});
