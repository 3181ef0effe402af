import assert from "node:assert/strict";
import { test } from "node:test";
import { readAddress } from "../../src/address.js";

test("Redis URLs say what to dial and which options", () => {
  for (const [url, socket, options = {}, tls] of [
    ["redis://example", { host: "example", port: 6379, tls: false }],
    ["redis://", { host: "localhost", port: 6379, tls: false }],
    ["redis://[::1]:7000", { host: "::1", port: 7000, tls: false }],
    ["rediss://example/3", { host: "example", port: 6379, tls: {} }, { database: 3 }],
    ["redis://example", { host: "example", port: 6379, tls: { ca: "x" } }, {}, { ca: "x" }],
    ["redis://example", { host: "example", port: 6379, tls: {} }, {}, true],
    ["redis://a%40b:p%2Fw@example/", { host: "example", port: 6379, tls: false }, { username: "a@b", password: "p/w" }],
    ["redis://example/0/", { host: "example", port: 6379, tls: false }, { database: 0 }],
    ["redis://example/?family=4", { host: "example", port: 6379, family: 4, tls: false }],
    ["redis://default:@example", { host: "example", port: 6379, tls: false }, { username: "default", password: "" }],
    ["redis://default@example", { host: "example", port: 6379, tls: false }, { username: "default" }],
    ["redis://:pw@example", { host: "example", port: 6379, tls: false }, { password: "pw" }],
    ["unix:/run/redis%20a.sock?db=2", { path: "/run/redis a.sock", tls: false }, { database: 2 }],
  ]) {
    const address = readAddress(url, tls);
    assert.deepEqual(address.socket, socket, url);
    assert.deepEqual(address.options, options, url);
  }
});

test("what is shown of an address holds no secrets", () => {
  assert.equal(readAddress("rediss://u:secret@example:7000/1").shown, "rediss://example:7000");
  assert.equal(readAddress("unix:/run/redis.sock").shown, "unix:/run/redis.sock");
});

test("WebSocket URLs are taken as they are", () => {
  assert.deepEqual(readAddress("wss://example/redis?x=1"), { webSocket: "wss://example/redis?x=1" });
  assert.deepEqual(readAddress("https://example/redis"), { webSocket: "wss://example/redis" });
});

test("malformed addresses are named and not repeated", () => {
  for (const [url, tls, why] of [
    ["secret", undefined, /url: not a URL/],
    ["ftp://secret", undefined, /url: the scheme ftp: is not supported/],
    ["redis://example/secret", undefined, /url: the path is not a database/],
    ["redis://example/?secret=1", undefined, /is not a parameter/],
    ["redis://example/1/secret", undefined, /url: the path is not a database/],
    ["redis://example/?family=5", undefined, /url: family: expected 4, 6, or 0 for both/],
    ["unix:/a?family=4", undefined, /url: family is not a parameter \(expected db\)/],
    ["redis://example/%zz", undefined, /url: the path is not percent-encoded/],
    ["rediss://example", false, /tls: false contradicts rediss:/],
    ["rediss://example#insecure", undefined, /url: a fragment is not allowed/],
    ["rediss://example?ssl=false", undefined, /url: ssl is not a parameter/],
    ["redis://example", "yes", /tls: expected true, false, or an object/],
    ["wss://example", {}, /tls: not with a WebSocket's URL/],
  ]) {
    assert.throws(() => readAddress(url, tls), (error) => {
      assert.match(error.message, why);
      assert.equal(error.code, "ERR_REDMUX_CONFIG");
      return error instanceof TypeError;
    });
  }
});
