// Indexes, queries and cursors on a server.

import assert from "node:assert/strict";

import { expression, query } from "../../../src/modules/search.js";

const SCHEMA = {
  title: { type: "TEXT", SORTABLE: true, WEIGHT: 2 },
  genre: { type: "TAG", INDEXEMPTY: true, SORTABLE: true },
  price: { type: "NUMERIC", SORTABLE: "UNF" },
  place: "GEO",
  "a-b c": { type: "TAG", INDEXMISSING: true },
  sortable: "TEXT",
  mood: { type: "VECTOR", ALGORITHM: "HNSW", TYPE: "FLOAT32", DIM: 2, DISTANCE_METRIC: "L2", M: 8 },
};
/** Every mark that a keyboard has. */
const MARKS = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => at + 32));

export async function run(redis) {
  for (const name of await redis.ftList()) await redis.ftDropIndex(name);
  assert.equal(await redis.ftCreate("books", SCHEMA, { PREFIX: "b:", SCORE: 1 }), "OK");
  const odd = `novel} | @price:[0 9] ${MARKS}`;
  await redis.hSet("b:1", { title: "War, and (peace)*", genre: "novel", price: 7.5, place: "13.4,52.5", "a-b c": "x y", mood: Float32Array.of(1, 2) });
  await redis.hSet("b:2", { title: "Emma's red lamp", genre: odd.replaceAll(",", "."), price: 12, mood: Float32Array.of(3, 4) });
  await redis.hSet("b:3", { title: "the free book", genre: "", price: -0.25, sortable: "x" });
  const keys = async (asked, options) => (await redis.ftSearchNoContent("books", asked, options)).documents.sort().join(" ");

  for (const [asked, wanted] of [
    [query`@genre:{${"novel"}}`, "b:1"],
    [query`@genre:{${odd.replaceAll(",", ".")}}`, "b:2"],
    [query`@genre:{${["novel", "", "none"]}}`, "b:1 b:3"],
    [query`@genre:{${"nov"}*}`, "b:1 b:2"],
    [query`@genre:{*${"\\]"}*}`, "b:2"],
    [query`@title:${"war, and (peace)*"}`, "b:1"],
    [query`@title:${`zzz | @price:[-inf inf] ${MARKS}`}`, ""],
    [query`@title:"${"red\" lamp"}" | ${"pea"}* | %${"bok"}%`, "b:1 b:2 b:3"],
    [query`@price:[${7.5} (${12}]`, "b:1"],
    [query`@price:[(${-0.25} ${Infinity}]`, "b:1 b:2"],
    [query`@price<${-0}`, "b:3"],
    [query`@place:[${13} ${52} ${100} ${"km"}]`, "b:1"],
    [query`@${"a-b c"}:{${"x y"}}`, "b:1"],
    [query`-ismissing(@${"a-b c"})`, "b:1"],
    [query`@mood:[VECTOR_RANGE ${0.5} ${Float32Array.of(1, 2)}]`, "b:1"],
    [query`${query`@genre:{${"novel"}} | @price:[${-1} ${0}]`} -@title:${"free"}`, "b:1"],
    [query`(${"lamp"})=>{$weight: ${2.5}; $slop: ${1}}`, "b:2"],
    // Words that servers read as their own, or cannot read.
    [query`${"_"}`, ""],
    [query`${"ismissing(@price) | lamp"} `, ""],
    [query`@title:${"_ lamp"}`, ""],
    ["@price:[0 9]", "b:1"],
    ["@sortable:x", "b:3"],
  ]) {
    assert.equal(await keys(asked), wanted, String(asked));
  }
  assert.equal(await keys("@genre:{$g}", { PARAMS: { g: "novel" }, VERBATIM: true }), "b:1");
  for (const [options, wanted] of [
    [{ FILTER: ["price", 7.5, "(12"] }, "b:1"],
    [{ FILTER: [["price", -Infinity, 10], ["price", 0, Infinity]] }, "b:1"],
    [{ GEOFILTER: ["place", 13, 52, 100, "km"], FILTER: ["price", 0, 10] }, "b:1"],
    [{ GEOFILTER: ["place", 0, 0, 1, "m"] }, ""],
  ]) {
    assert.equal(await keys("*", options), wanted, JSON.stringify(options));
  }
  await assert.rejects(redis.ftHybrid("books", { SEARCH: { query: "lamp" }, VSIM: { field: "@mood", vector: Float32Array.of(1, 2) } }), { code: "ERR_REDMUX_SERVER" });
  // Whatever is in a value, the server reads the same query.
  const explained = async (value) => (await redis.ftExplain("books", query`@title:${value} @genre:{${value}}`)).replace(/[\s\S]*?(TAG:@genre \{)[\s\S]*/, "$1");
  assert.equal((await explained("x")).length > 0, true);
  assert.match(await redis.ftExplain("books", query`@title:${MARKS}`), /^@title:/);

  const near = await redis.ftSearch("books", query`*=>[KNN ${2} @mood ${Float32Array.of(3, 4)} AS ${"far"}]`, { SORTBY: "far", RETURN: ["far", "title", "AS", "t"] });
  assert.deepEqual(near.documents.map(({ id, value }) => [id, { ...value }]), [["b:2", { far: "0", t: "Emma's red lamp" }], ["b:1", { far: "8", t: "War, and (peace)*" }]]);
  const page = await redis.ftSearch("books", query`@price:[${0} ${20}]`, { WITHSCORES: true, WITHSORTKEYS: true, WITHPAYLOADS: true, SORTBY: ["price", "DESC"], LIMIT: [1, 5], bytes: true });
  const [{ id, value, score, sortKey, payload }] = page.documents;
  assert.deepEqual([page.total, page.documents.length, `${id.constructor.name} ${Buffer.from(id)}`, score > 0, sortKey, payload], [2, 1, "Uint8Array b:1", true, 7.5, null]);
  assert.deepEqual(new Float32Array(value.mood.slice().buffer), Float32Array.of(1, 2));
  const text = await redis.ftSearch("books", "lamp", { RETURN: "title", EXPLAINSCORE: true, SORTBY: "title", WITHSORTKEYS: true, HIGHLIGHT: { TAGS: { open: "<", close: ">" }, FIELDS: "title" } });
  assert.deepEqual([{ ...text.documents[0].value }, text.documents[0].sortKey, Array.isArray(text.documents[0].explanation)], [{ title: "Emma's red <lamp>" }, "emma's red lamp", true]);
  assert.deepEqual((await redis.ftSearch("books", "*", { LIMIT: { from: 0, size: 0 } })).total, 3);
  assert.deepEqual((await redis.ftSearch("books", "*", { RETURN: ["none"], LIMIT: [0, 1] })).documents.map((one) => one.value), [null]);
  // A vector is no text.
  await assert.rejects(redis.ftSearch("books", "*"), { code: "ERR_REDMUX_DECODE" });

  const { results } = await redis.ftAggregate("books", query`@price:[${-5} ${100}]`, {
    LOAD: ["@title", "@price", "AS", "p"],
    STEPS: [
      { type: "APPLY", expression: "@p > 0", AS: "costs" },
      { type: "GROUPBY", properties: "@costs", REDUCE: [{ type: "COUNT", AS: "n" }, { type: "FIRST_VALUE", property: "@title", BY: { BY: "@price", DIRECTION: "DESC" }, AS: "t" }, { type: "TOLIST", property: "@p", AS: "all" }] },
      { type: "SORTBY", BY: ["@costs", "DESC"], MAX: 5 },
      { type: "FILTER", expression: expression`@n > ${0} && @t != ${"no \"such\" lamp"}` },
      { type: "LIMIT", from: 0, size: 1 },
    ],
  });
  assert.deepEqual(results.map((row) => ({ ...row, all: row.all.sort() })), [{ costs: "1", n: "2", t: "Emma's red lamp", all: ["12", "7.5"] }]);
  const cursors = async () => (await redis.ftInfo("books")).cursorStats.indexTotal;
  const rows = [];
  for await (const row of redis.ftAggregateWithCursor("books", "*", { LOAD: "@price", COUNT: 1, MAXIDLE: 10_000 })) rows.push(Number(row.price));
  assert.deepEqual([rows.sort((a, b) => a - b), await cursors()], [[-0.25, 7.5, 12], 0]);
  for await (const _ of redis.ftAggregateWithCursor("books", "*", { COUNT: 1 })) {
    assert.equal(await cursors(), 1);
    break;
  }
  assert.equal(await cursors(), 0);
  const failed = (async () => {
    for await (const _ of redis.ftAggregateWithCursor("books", "*", { COUNT: 1 })) throw new Error("of the caller");
  })();
  await assert.rejects(failed, /of the caller/);
  assert.equal(await cursors(), 0);
  await assert.rejects(redis.ftCursorRead("books", 5), { code: "ERR_REDMUX_SERVER" });

  const info = await redis.ftInfo("books");
  assert.deepEqual([info.indexName, info.numDocs, info.percentIndexed, info.indexDefinition.prefixes, info.hashIndexingFailures], ["books", 3, 1, ["b:"], 0]);
  const fields = Object.fromEntries(info.attributes.map(({ attribute, ...rest }) => [attribute, rest]));
  assert.deepEqual([fields.title.WEIGHT, fields.title.flags, fields.mood.dim, fields.price.flags], [2, ["SORTABLE"], 2, ["SORTABLE", "UNF"]]);
  assert.equal((await redis.ftProfileSearch("books", "lamp", { LIMITED: true, RETURN: "title" })).documents[0].id, "b:2");
  assert.equal((await redis.ftProfileAggregate("books", "*", { LOAD: "@price" })).results.length, 3);

  assert.equal(await redis.ftAlter("books", { year: "NUMERIC", shape: { type: "GEOSHAPE", COORD_SYSTEM: "FLAT" } }), "OK");
  assert.deepEqual([await redis.ftAliasAdd("all", "books"), await redis.ftAliasUpdate("all", "books"), await keys("lamp"), await redis.ftAliasDel("all")], ["OK", "OK", "b:2", "OK"]);
  assert.deepEqual([await redis.ftDictAdd("dict", ["lamb", "x"]), (await redis.ftDictDump("dict")).sort(), await redis.ftDictDel("dict", "x")], [2, ["lamb", "x"], 1]);
  const spelling = await redis.ftSpellCheck("books", "lams", { DISTANCE: 1, TERMS: { mode: "INCLUDE", dictionary: "dict" } });
  assert.deepEqual(spelling.map(({ term, suggestions }) => [term, suggestions.map((one) => one.suggestion).sort()]), [["lams", ["lamb", "lamp"]]]);
  assert.deepEqual([await redis.ftSynUpdate("books", "g", ["lamp", "light"]), { ...(await redis.ftSynDump("books")) }], ["OK", { lamp: ["g"], light: ["g"] }]);
  assert.equal((await redis.ftTagVals("books", "genre")).length, 3);
  assert.deepEqual({ ...(await redis.ftConfigGet("TIMEOUT")) }, { TIMEOUT: "500" });
  assert.deepEqual([await redis.ftSugAdd("sug", "emma", 1, { PAYLOAD: "p" }), await redis.ftSugAdd("sug", "emmy", 2), await redis.ftSugGet("sug", "em"), await redis.ftSugGet("none", "em")], [1, 2, ["emmy", "emma"], []]);
  assert.deepEqual((await redis.ftSugGetWithScoresWithPayloads("sug", "emm", { MAX: 5 })).map((one) => [one.suggestion, one.score > 0, one.payload]), [["emmy", true, null], ["emma", true, "p"]]);
  assert.deepEqual([await redis.ftSugDel("sug", "emma"), await redis.ftSugDel("sug", "emma"), await redis.ftSugLen("sug")], [true, false, 1]);
  const all = redis.multi().ftSearchNoContent("books", query`@genre:{${"novel"}}`).ftSugLen("sug").hSet("b:4", { price: 1 });
  assert.deepEqual(await all.exec(), [{ total: 1, documents: ["b:1"], warnings: [] }, 1, 1]);

  await redis.ftCreate("json", { "$.n": { type: "NUMERIC", AS: "n", SORTABLE: true }, "$.v": { type: "VECTOR", AS: "v", ALGORITHM: "FLAT", TYPE: "FLOAT32", DIM: 1, DISTANCE_METRIC: "L2" } }, { ON: "JSON", PREFIX: "j:" });
  await redis.send("JSON.SET", "j:1", "$", '{"n":1,"v":[2],"__proto__":{"x":1}}');
  const found = await redis.ftSearch("json", query`*=>[KNN 1 @v ${Float32Array.of(2)} AS far]`);
  assert.equal(JSON.stringify(found.documents), '[{"id":"j:1","value":{"n":1,"v":[2],"__proto__":{"x":1}},"extra":{"far":"0"}}]');
  assert.deepEqual((await redis.ftSearch("json", "*", { DIALECT: 3 })).documents[0].value.n, 1);
  assert.deepEqual({ ...(await redis.ftSearch("json", "*", { RETURN: ["n"] })).documents[0].value }, { n: "1" });
  assert.equal(await redis.ftDropIndex("json", { DD: true }), "OK");
  assert.equal(await redis.exists("j:1"), 0);
  await assert.rejects(redis.ftSearch("json", "*"), { code: "ERR_REDMUX_SERVER" });
}
