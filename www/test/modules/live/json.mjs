// Documents on a server.

import assert from "node:assert/strict";

import "../../../src/modules/json.js";

export async function run(redis) {
  const big = 12345678901234567890n;
  const document = { title: "Emma", price: 7.5, tags: ["novel"], none: null, text: "12345678901234567890" };
  assert.equal(await redis.jsonSet("b", "$", { ...document, big }), "OK");
  assert.equal(await redis.jsonSet("b", "$", 1, { NX: true }), null);
  assert.deepEqual(await redis.jsonGet("b", { bigint: true }), { ...document, big });
  assert.equal((await redis.jsonGet("b")).big, Number(big));
  assert.equal(JSON.parse(await redis.jsonGet("b", { raw: true })).price, 7.5);
  // Missing, null, a path that finds nothing, and what it finds.
  await redis.jsonSet("null", "$", null);
  assert.deepEqual([await redis.jsonGet("no"), await redis.jsonGet("null"), await redis.jsonGet("b", "$.no")], [undefined, null, []]);
  for (const path of ["price", ".price", "$.price"]) assert.deepEqual(await redis.jsonGet("b", path), [7.5]);
  assert.deepEqual({ ...(await redis.jsonGet("b", ["price", "$.tags"])) }, { price: [7.5], "$.tags": [["novel"]] });
  assert.deepEqual({ ...(await redis.jsonGet("b", ["price"])) }, { price: [7.5] });
  assert.deepEqual(await redis.jsonMGet(["null", "no"]), [null, undefined]);
  assert.deepEqual(await redis.jsonMGet(["b", "no"], "$.price"), [[7.5], undefined]);

  assert.deepEqual(await redis.jsonNumIncrBy("b", "$.*", 0.5), [null, 8, null, null, null, Number(big)]);
  assert.deepEqual(await redis.jsonArrAppend("b", "$.tags", [{ a: 1 }, ["x"]], { timeout: 5000 }), [3]);
  assert.deepEqual(await redis.jsonArrIndex("b", "$.tags", { a: 1 }), [1]);
  assert.deepEqual(await redis.jsonArrPop("b", "$.tags"), [["x"]]);
  assert.deepEqual(await redis.jsonArrPop("b", "$.tags", 0), ["novel"]);
  assert.deepEqual(await redis.jsonArrLen("b", "$.*"), [null, null, 1, null, null, null]);
  assert.deepEqual(await redis.jsonType("b", "$.tags"), ["array"]);
  assert.equal(await redis.jsonType("no"), null);
  assert.equal(await redis.jsonMerge("b", "$", { title: null, tags: 1 }), "OK");
  assert.deepEqual((await redis.jsonObjKeys("b"))[0].sort(), ["big", "none", "price", "tags", "text"]);
  assert.equal(await redis.jsonDel("b", { timeout: 5000 }), 1);
  assert.equal(await redis.jsonMSet([{ key: "m", value: { a: true } }, { key: "n", value: 0 }]), "OK");
  assert.deepEqual(await redis.jsonToggle("m", "$.a"), [false]);
  assert.equal(await redis.jsonGet("n"), 0);
  const all = redis.multi().jsonSet("q", "$", [1]).jsonArrLen("q").jsonGet("no");
  assert.deepEqual(await all.exec(), ["OK", [1], undefined]);

  for (const [call, message] of [
    [() => redis.jsonSet("b", "$"), /there is no JSON for undefined/],
    [() => redis.jsonSet("b", "$.a\\b", "secret"), /backslash/],
    [() => redis.jsonArrAppend("b", "$.a", "secret"), /values: a string \(expected an array\)/],
    [() => redis.jsonMSet([]), /items: the array is empty/],
    [() => redis.jsonDel("b", "$", { timeot: 1 }), /timeot is not an option/],
    [() => redis.jsonNumIncrBy("b", "$.a", NaN), /./],
  ]) {
    await assert.rejects(call(), (error) => error.code === "ERR_REDMUX_ARGUMENT" && message.test(error.message) && !error.message.includes("secret"));
  }
  assert.throws(() => redis.multi().jsonMSet([]), { code: "ERR_REDMUX_ARGUMENT" });
}
