import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RedmuxError } from "../../src/errors.js";
import { packOptions } from "../../src/options.js";
import { FakeGlue } from "../fake.js";

/** What reaches the wasm side: the given numbers by their places, and the texts. */
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
  const numbers = { database: 1, connectRetry: 2, sendQueueBytes: 3, connectTimeout: 4, commandTimeout: 5 };
  const more = { keepAlive: 6, probeAfter: 7, probeTimeout: Infinity, abortOnConnectFail: false, libraryInfo: true, protocol: 2, redialOnReadonly: false };
  const names = { username: "ü", password: "", clientName: "n" };
  const { given, texts } = packed({ ...more, ...numbers, ...names, clientCache: { maxBytes: 9, maxReplyBytes: 10, maxAge: 11.5, prefixes: ["a:", "b:"] } });
  assert.deepEqual(texts, ["ws://host/", "ü", "", "n", "a:", "b:"]);
  const values = [1, 2, 3, 4, 5, 6, 7, Infinity, 0, 1, 2, 0, 1, 1, 1, 1, 9, 10, 11.5, 1];
  assert.deepEqual(given, Object.fromEntries(values.entries()));
  assert.deepEqual(packed({ clientCache: true }).given, { 15: 1 });
});

const KNOWN =
  "username, password, clientName, database, connectRetry, sendQueueBytes, connectTimeout, " +
  "commandTimeout, keepAlive, probeAfter, probeTimeout, abortOnConnectFail, libraryInfo, protocol, redialOnReadonly, " +
  "subscriptionCapacity, subscriptionBytes, bigint, clientCache, reconnect, signal, tls, transport, wasm";

test("the options that an error lists are those of the types", () => {
  const types = readFileSync(new URL("../../src/index.d.ts", import.meta.url), "utf8");
  const [, body] = /export interface ConnectOptions \{\n(.*?)\n\}\n/s.exec(types);
  const declared = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
  assert.deepEqual(KNOWN.split(", ").sort(), declared.sort());
});

test("empty credentials, as of variables that are not set, are none", () => {
  const texts = (options) => packed(options).texts.slice(1, 3);
  const given = (options) => Object.keys(packed(options).given);
  for (const options of [{ password: "" }, { username: "", password: "" }, { username: "default", password: "" }, { username: "default" }]) {
    assert.deepEqual([texts(options), given(options)], [["", ""], []], JSON.stringify(options));
  }
  assert.deepEqual([texts({ username: "", password: "p" }), given({ username: "", password: "p" })], [["", "p"], ["13"]]);
  // A user without a password, accepted with any password.
  assert.deepEqual([texts({ username: "ada", password: "" }), given({ username: "ada", password: "" })], [["ada", ""], ["12", "13"]]);
});

test("what cannot be used is refused by name, without its value", () => {
  for (const [options, why] of [
    [{ sslCa: "hunter2" }, "sslCa is not an option (TLS is set by rediss: and tls: { ca, cert, key, servername })"],
    [{ comandTimeout: 1 }, `comandTimeout is not an option (expected one of ${KNOWN})`],
    [{ toString: 1 }, `toString is not an option (expected one of ${KNOWN})`],
    [{ clientName: "a b" }, "clientName: expected printable ASCII without spaces, as Redis takes it"],
    [{ username: "ada" }, "username: it needs a password"],
    [{ username: 7 }, "username: expected a string"],
    [{ password: "\ud800hunter2" }, "password: expected a string"],
    [{ database: "hunter2" }, "database: expected a whole number, 0 or more"],
    [{ database: 2 ** 32 }, "database: expected a whole number, 0 or more"],
    [{ subscriptionBytes: -1 }, "subscriptionBytes: expected a whole number, 0 or more"],
    [{ subscriptionCapacity: "9" }, "subscriptionCapacity: expected a whole number, 0 or more"],
    [{ redialOnReadonly: "no" }, "redialOnReadonly: expected true or false"],
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
