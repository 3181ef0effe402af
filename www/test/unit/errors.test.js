import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { toError } from "../../src/errors.js";
import { CommandError, ConnectionError } from "../../src/index.js";
import { connect } from "../../src/node.js";
import { causeOf } from "../../src/transports/channel.js";

test("errors keep their names when a minifier renames the classes", async () => {
  const source = readFileSync(new URL("../../src/errors.js", import.meta.url), "utf8");
  const renamed = source.replaceAll(/(?<!")\b(?:Redmux|Connection|Timeout|Command|Server)Error\b(?!")/g, "v_$&");
  const module = await import(`data:text/javascript,${encodeURIComponent(renamed)}`);
  const kinds = { server: "ServerError", closed: "ConnectionError", timeout: "TimeoutError", command: "CommandError", decode: "RedmuxError" };
  for (const [kind, name] of Object.entries(kinds)) {
    const error = module.toError({ kind, message: "m" });
    assert.equal(error.constructor.name, `v_${name}`);
    assert.deepEqual([error.name, String(error)], [name, `${name}: m`]);
  }
});

test("what is refused says what to call here", () => {
  const refused = (command) => toError({ kind: "command", command, message: `${command}: command rejected: why` });
  assert.ok(refused("MULTI") instanceof CommandError);
  assert.equal(refused("MULTI").message, "MULTI: command rejected: why (multi)");
  assert.equal(refused("SUBSCRIBE").message, "SUBSCRIBE: command rejected: why (subscribe, pSubscribe, sSubscribe)");
  assert.equal(refused("MONITOR").message, "MONITOR: command rejected: why");
  assert.equal(toError({ kind: "server", command: "MULTI", message: "m" }).message, "m");
});

test("an error that tells of a socket has its end as cause, without the URL", () => {
  const url = "wss://host/redis?token=secret";
  const refused = Object.assign(new Error(`connect ECONNREFUSED ${url}`), { code: "ECONNREFUSED", cause: new Error(url) });
  const cause = causeOf(refused, { url });
  assert.deepEqual([cause.message, cause.code, cause.cause], ["connect ECONNREFUSED (url)", "ECONNREFUSED", undefined]);
  const error = toError({ kind: "connect", stage: "dial", message: `cannot connect: ${cause.message}` }, cause);
  assert.equal(error.cause, cause);
  assert.ok(!Object.keys(error).includes("cause"));
  // Of another time.
  assert.equal(toError({ kind: "connection-lost", message: "connection lost: unresponsive" }, cause).cause, undefined);
  const several = new AggregateError([Object.assign(new Error("one"), { code: "ETIMEDOUT" })], "all");
  assert.equal(causeOf(several, {}).code, "ETIMEDOUT");
});

test("a refused connection has the code of the system as cause", async () => {
  const failed = connect("redis://127.0.0.1:1", { connectRetry: 1 });
  await assert.rejects(failed, (error) => error instanceof ConnectionError && error.code === "ERR_REDMUX_CONNECT_DIAL" && error.cause.code === "ECONNREFUSED");
});
