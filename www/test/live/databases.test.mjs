// Several databases over one connection.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, ServerError } from "../../src/node.js";
import { redis } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

test("each command is executed in its database", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url, { clientCache: {} });
  t.after(() => client.close());
  const databases = [client, client.database(1), client.database(2), client.database(15)];
  await Promise.all(Array.from({ length: 800 }, (_, n) => databases[n % 4].set(`k${n}`, `in ${n % 4}`)));
  for (const [place, database] of databases.entries()) {
    assert.equal(await database.dbSize(), 200);
    assert.equal(await database.get(`k${place}`), `in ${place}`);
    const [value, length] = await database.multi().get(`k${place}`).strLen(`k${place}`).exec();
    assert.deepEqual([value, length], [`in ${place}`, 4]);
    await database.set("same", place);
  }
  for (let round = 0; round < 3; round++) {
    const same = await Promise.all(databases.map((database) => database.send("GET", "same", { cached: true })));
    assert.deepEqual(same, ["0", "1", "2", "3"]);
  }
  const keys = [];
  for await (const key of databases[1].scanIterator()) keys.push(key);
  assert.equal(keys.length, 201);
  const list = await client.send("CLIENT", "LIST");
  assert.equal(list.trim().split("\n").length, 1, "one connection");
});

test("a database that is not there is an error, and nothing is executed", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url);
  t.after(() => client.close());
  const lost = client.database(16).set("k", "lost");
  const kept = client.set("other", "kept");
  await assert.rejects(lost, (error) => {
    assert.ok(error instanceof ServerError);
    assert.equal(error.delivery, "not-sent");
    assert.match(error.message, /DB index is out of range/);
    return true;
  });
  await kept;
  assert.equal(await client.get("k"), null);
});
