// Series on a server.

import assert from "node:assert/strict";

import "../../../src/modules/time-series.js";

export async function run(redis) {
  assert.equal(await redis.tsCreate("a", { RETENTION: 0, DUPLICATE_POLICY: "LAST", LABELS: { room: 7, floor: "3" } }), "OK");
  await redis.tsCreate("b", { LABELS: new Map([["room", "8"]]) });
  assert.equal(await redis.tsGet("a"), null);
  assert.equal(await redis.tsAdd("a", new Date(1000), 0), 1000);
  const added = await redis.tsMAdd([{ key: "a", timestamp: 2000, value: 2.5 }, { key: "no", timestamp: 1, value: 1 }, { key: "b", timestamp: 0, value: 1 }]);
  assert.deepEqual([added[0], added[1] instanceof Error, added[2]], [2000, true, 0]);
  assert.deepEqual(await redis.tsGet("a"), { timestamp: 2000, value: 2.5 });
  const both = [{ timestamp: 1000, value: 0 }, { timestamp: 2000, value: 2.5 }];
  assert.deepEqual(await redis.tsRange("a", "-", "+"), both);
  assert.deepEqual(await redis.tsRange("a", 0, "+", { COUNT: 1, FILTER_BY_VALUE: [0, 9] }), both.slice(0, 1));
  assert.deepEqual(await redis.tsRevRange("a", 0, new Date(5000)), both.toReversed?.() ?? [...both].reverse());
  const buckets = await redis.tsRange("a", 0, 3000, { AGGREGATION: ["avg", 500], EMPTY: true, COUNT: 3 });
  assert.deepEqual(buckets.map(({ value }) => value), [0, NaN, 2.5]);
  assert.deepEqual({ ...(await redis.tsMGet("room=7", { SELECTED_LABELS: ["room", "none"] }))[0].labels }, { room: "7", none: null });
  assert.deepEqual((await redis.tsMGet(["room=(7,8)", "floor="])).map(({ key, sample }) => [key, sample]), [["b", { timestamp: 0, value: 1 }]]);
  const [first] = await redis.tsMRange("-", "+", ["room=7"], { WITHLABELS: true });
  assert.deepEqual([first.key, { ...first.labels }, first.samples], ["a", { room: "7", floor: "3" }, both]);
  await redis.tsAlter("b", { LABELS: { room: 7 } });
  const [group] = await redis.tsMRange(0, "+", "room=7", { GROUPBY: ["room", "max"] });
  assert.deepEqual([group.key, { ...group.labels }, group.reducers, group.sources, group.samples.length], ["room=7", { room: "7" }, ["max"], ["a", "b"], 3]);
  assert.deepEqual((await redis.tsQueryIndex("room=7")).sort(), ["a", "b"]);
  await redis.tsCreate("hourly");
  assert.equal(await redis.tsCreateRule("a", "hourly", "avg", 3_600_000), "OK");
  const info = await redis.tsInfo("a");
  assert.deepEqual(info.rules, [{ destination: "hourly", bucket: 3_600_000, aggregator: "AVG", align: 0 }]);
  assert.deepEqual([info.totalSamples, { ...info.labels }, info.ignoreMaxValDiff], [2, { room: "7", floor: "3" }, 0]);
  assert.equal(await redis.tsDeleteRule("a", "hourly"), "OK");
  assert.equal(await redis.tsIncrBy("a", 1, { TIMESTAMP: 3000 }), 3000);
  assert.equal(await redis.tsDel("a", 0, 1500), 1);
  assert.deepEqual(await redis.multi().tsGet("a").tsRange("a", 0, 2500).exec(), [{ timestamp: 3000, value: 3.5 }, both.slice(1)]);
  // A name of an option is that of a label where the option is given before.
  await redis.tsCreate("named", { RETENTION: 7, LABELS: { RETENTION: 5 } });
  const named = await redis.tsInfo("named");
  assert.deepEqual([named.retentionTime, { ...named.labels }], [7, { RETENTION: "5" }]);
  const late = 2n ** 62n;
  assert.equal(await redis.tsAdd("late", late, 1), late);
  assert.deepEqual(await redis.tsGet("late"), { timestamp: late, value: 1 });

  for (const call of [
    () => redis.tsMAdd([]),
    () => redis.tsMAdd(["a"]),
    () => redis.tsMGet([]),
    () => redis.tsRange("a", "-", "+", { AGGREGATION: ["avg", 1], EMPTY: true }),
    () => redis.tsMRange("-", "+", "a=b", { GROUPBY: "a" }),
    () => redis.tsMRange("-", "+", "a=b", { GROUPBY: ["a", "max"], SELECTED_LABELS: "a" }),
    () => redis.tsAdd("a", 1, 1, { LABEL: {} }),
    () => redis.tsCreate("n", { LABELS: { retention: 5 } }),
    () => redis.tsIncrBy("n", 1, { RETENTION: 5, LABELS: { kind: "uncompressed" } }),
  ]) {
    await assert.rejects(call(), { code: "ERR_REDMUX_ARGUMENT" });
  }
  await assert.rejects(redis.tsGet("no"), { code: "ERR_REDMUX_SERVER" });
}
