// Filters and sketches on a server.

import assert from "node:assert/strict";

import "../../../src/modules/bloom.js";

export async function run(redis) {
  assert.equal(await redis.bfReserve("b", 0.01, 100), "OK");
  assert.deepEqual([await redis.bfAdd("b", "x"), await redis.bfAdd("b", "x")], [true, false]);
  assert.deepEqual(await redis.bfMAdd("b", ["x", "y"]), [false, true]);
  assert.deepEqual(await redis.bfMExists("b", ["x", "none"]), [true, false]);
  assert.equal(await redis.bfCard("b"), 2);
  const info = await redis.bfInfo("b");
  assert.deepEqual([info.capacity, info.numberOfFilters, info.expansionRate], [100, 1, 2]);
  for (let iterator = 0; ; ) {
    const part = await redis.bfScanDump("b", iterator);
    if (part.chunk === null) break;
    assert.equal(await redis.bfLoadChunk("copy", part.iterator, part.chunk), "OK");
    iterator = part.iterator;
  }
  assert.deepEqual(await redis.bfMExists("copy", ["x", "none"]), [true, false]);
  // A full filter: an error ends the list.
  await redis.bfReserve("full", 0.01, 2, { NONSCALING: true });
  assert.equal((await redis.bfInfo("full")).expansionRate, null);
  const added = await redis.bfMAdd("full", ["1", "2", "3", "4", "5", "6", "7", "8"]);
  assert.ok(added.at(-1) instanceof Error && added[0] === true);

  assert.deepEqual(await redis.cfInsert("c", ["a", "b"], { CAPACITY: 100 }), [true, true]);
  assert.deepEqual([await redis.cfAddNX("c", "a"), await redis.cfDel("c", "b"), await redis.cfCount("c", "a")], [false, true, 1]);
  assert.deepEqual(await redis.cfInsertNX("c", ["a", "n"]), [0, 1]);
  assert.equal((await redis.cfInfo("c")).numberOfFilters, 1);

  await redis.cmsInitByDim("s", 100, 5);
  assert.deepEqual(await redis.cmsIncrBy("s", { a: 3, b: 1 }), [3, 1]);
  await redis.cmsInitByDim("t", 100, 5);
  assert.equal(await redis.cmsMerge("t", ["s"], { WEIGHTS: [2] }), "OK");
  assert.deepEqual(await redis.cmsQuery("t", ["a", "none"]), [6, 0]);

  await redis.topkReserve("k", 2);
  assert.deepEqual(await redis.topkAdd("k", ["a", "b", "a"]), [null, null, null]);
  await redis.topkIncrBy("k", { c: 10 });
  assert.deepEqual(await redis.topkListWithCount("k"), [{ item: "c", count: 10 }, { item: "a", count: 2 }]);
  assert.equal((await redis.topkInfo("k")).decay, 0.9);

  await redis.tdigestCreate("d");
  assert.deepEqual([await redis.tdigestMax("d"), await redis.tdigestRank("d", 1)], [NaN, [-2]]);
  await redis.tdigestAdd("d", [1, 2, 3, 0]);
  assert.deepEqual([await redis.tdigestMin("d"), await redis.tdigestByRank("d", [0, 9])], [0, [0, Infinity]]);
  assert.equal(await redis.tdigestMerge("e", ["d"], { COMPRESSION: 50 }), "OK");
  assert.equal((await redis.tdigestInfo("e")).compression, 50);
  assert.deepEqual(await redis.multi().bfExists("b", "x").tdigestQuantile("d", 1).exec(), [true, [3]]);

  for (const call of [
    () => redis.topkIncrBy("k", { a: 100_001 }),
    () => redis.topkIncrBy("k", { a: -1, b: 1 }),
    () => redis.topkIncrBy("k", { a: "many" }),
    () => redis.topkIncrBy("k", { a: "01", b: 1 }),
    () => redis.topkIncrBy("k", ["a"]),
    () => redis.cmsIncrBy("s", {}),
    () => redis.bfMAdd("b", []),
    () => redis.bfReserve("x", 0.1, 10, { EXPANSIONS: 2 }),
  ]) {
    await assert.rejects(call(), { code: "ERR_REDMUX_ARGUMENT" });
  }
  assert.equal(await redis.ping(), "PONG");
}
