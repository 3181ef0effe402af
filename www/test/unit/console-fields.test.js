// Editing a field of a hash, against servers of all ages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setField } from "../../console/keys/fields.js";

/** A session with a server that knows these commands: `{ NAME: reply }`; `denied` are those that the user may not run. */
function session(version, replies, denied = []) {
  const sent = [];
  const answer = async (...words) => {
    sent.push(words.join(" "));
    if (denied.includes(words[0])) throw Object.assign(new Error("denied"), { name: "Denied" });
    if (!(words[0] in replies)) throw Object.assign(new Error("unknown"), { serverText: `ERR unknown command '${words[0]}'` });
    if (replies[words[0]] instanceof Error) throw replies[words[0]];
    return replies[words[0]];
  };
  const queue = { send: (...words) => (sent.push(`multi ${words.join(" ")}`), queue), exec: async () => [0, [1]] };
  const server = version === null ? null : { product: version.split(" ")[0], version: version.split(" ")[1] };
  return { sent, send: answer, quietly: (_, ...words) => answer(...words), client: { multi: () => queue, status: () => ({ connections: [{ server }] }) } };
}

test("a field keeps its expiry on every server, or nothing is written", async () => {
  const ask = "HSETEX k FXX KEEPTTL FIELDS 1 f v";
  const time = "HPEXPIRETIME k FIELDS 1 f";
  for (const [version, replies, wanted] of [
    ["redis 7.2.5", { HSET: 0 }, ["HSET k f v"]],
    ["valkey 8.1.0", { HSET: 0 }, ["HSET k f v"]],
    ["redis 8.2.0", { HSETEX: 1 }, [ask]],
    ["valkey 9.1.0", { HSETEX: 1 }, [ask]],
    [null, { HSET: 0 }, [ask, time, "HSET k f v"]],
    ["redis 7.4.1", { HPEXPIRETIME: [-1], HSET: 0 }, [ask, time, "HSET k f v"]],
    ["redis 7.4.1", { HPEXPIRETIME: [1800000000123], HSET: 0 }, [ask, time, "multi HSET k f v", "multi HPEXPIREAT k 1800000000123 FIELDS 1 f"]],
  ]) {
    const known = session(version, replies);
    await setField(known, "k", "f", "v");
    assert.deepEqual(known.sent, wanted, version);
  }
  const gone = /was deleted meanwhile/;
  await assert.rejects(setField(session("redis 8.0.0", { HSETEX: 0 }), "k", "f", "v"), gone);
  await assert.rejects(setField(session("redis 7.4.0", { HPEXPIRETIME: [-2] }), "k", "f", "v"), gone);
  await assert.rejects(setField(session("redis 7.4.0", { HPEXPIRETIME: null }), "k", "f", "v"), gone);
  const mayNot = session("redis 8.0.0", { HSET: 0 }, ["HSETEX", "HPEXPIRETIME"]);
  await assert.rejects(setField(mayNot, "k", "f", "v"), /could take the field's expiry away/);
  assert.ok(!mayNot.sent.includes("HSET k f v"));
  await assert.rejects(setField(session("redis 8.0.0", { HSETEX: new Error("timeout") }), "k", "f", "v"), /timeout/);
});
