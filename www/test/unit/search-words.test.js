// The words of search: what becomes of values, and in which order options are sent.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expression, query } from "../../src/modules/search.js";
import { CLIENT, texts } from "../modules/recordings.mjs";

const wordsOf = async (method, ...args) => texts((await CLIENT[method](...args)).words);
const ASCII = String.fromCharCode(...Array(128).keys());
const OWN = /^[\w\u{80}-\u{10ffff} ]*$/u;

test("a value becomes what its place is for", () => {
  for (const [made, text, values] of [
    [query`@title:${"war, and (peace)*"}`, "@title:(war and peace)", []],
    [query`${"_ isMissing(a) __"}`, "($p0 $p1 a __)", ["_", "isMissing"]],
    [query`@title:"${'red" lamp'}"`, '@title:"red lamp"', []],
    [query`${"lamp"}* *${"amp"} %${"lmp"}% ${7.5}`, "lamp* *amp %lmp% (7 5)", []],
    [query`@s:{${" a\\b\\]\\ \t"}} {${" a "}*}`, "@s:{$p0} {$p1*}", ["a\\b\\\\]\\", " a "]],
    [query`@genre:{${"a b"}} @x:{${["c", 1n]}} @y:{*${"d"}*}`, "@genre:{$p0} @x:{$p1 | $p2} @y:{*$p3*}", ["a b", "c", 1n, "d"]],
    [query`@p:[(${-0} ${-Infinity}] @q:[${1} (${"2"}] (${"z"})`, "@p:[($p0 $p1] @q:[$p2 ($p3] ((z))", ["0", "-inf", "1", "2"]],
    [query`@p>=${1} @p!=${2} w'${"a?"}' @t:{w'${"b*"}'}`, "@p>=$p0 @p!=$p1 w'$p2' @t:{w'$p3'}", ["1", "2", "a?", "b*"]],
    [query`(${"a"})=>{$weight: ${2}; $slop: ${1}} ${"b"}`, "((a))=>{$weight: $p0; $slop: $p1} (b)", ["2", "1"]],
    [query`@${"a-b c"}:{${"x"}} @a\-b\{:${"y"}`, "@a\\-b\\ c:{$p0} @a\\-b\\{:(y)", ["x"]],
    [query`@title:(it's ${"a"}) "it's" ${"b"}`, '@title:(it\'s (a)) "it\'s" (b)', []],
  ]) {
    assert.deepEqual([String(made), made.values], [text, values]);
  }
});

test("a query is a part of another one", () => {
  const cheap = query`@price:[${0} ${9}] | @genre:{${"free"}}`;
  const both = query`@x:{${"a"}} ${cheap} -${cheap} @y:{${"b"}}`;
  assert.equal(String(both), "@x:{$p0} (@price:[$p1 $p2] | @genre:{$p3}) -(@price:[$p4 $p5] | @genre:{$p6}) @y:{$p7}");
  assert.deepEqual(both.values, ["a", "0", "9", "free", "0", "9", "free", "b"]);
  assert.equal(String(query`${query`*`}=>[KNN ${3} @v ${Uint8Array.of(1)}]`), "*=>[KNN $p0 @v $p1]");
});

test("no value is read as the language, whatever marks it has", async () => {
  const given = [ASCII, `a${ASCII}b`, "x} | @y:[0 9", 'q") | (*', "w'*'", "$p0", "a\\", "\u2028ü🦀", "@a:{b}", "=>{$weight:9}", "x\0y"];
  for (const value of given) {
    for (const made of [query`@t:${value}`, query`@t:"${value}"`, query`(${value} | b)`]) {
      const inner = /** @type {RegExpMatchArray} */ (String(made).match(/^(?:@t:|\()?[("](.*?)[)"](?: \| b\))?$/s))[1];
      // The word that servers cannot read is a parameter, except in quotes.
      assert.match(inner.replace("$p0", "_"), OWN);
      assert.deepEqual(made.values.filter((word) => word !== "_"), []);
    }
    // The server takes a backslash away before a mark.
    const tag = value.replaceAll(/\\(?=[^\w])/g, "\\\\");
    for (const [made, sent] of [
      [query`@t:{${value}}`, tag],
      [query`@t:{*${value}*}`, tag],
      [query`@t:[${value} 1]`, value],
      [query`w'${value}'`, value],
      [query`@n==${value}`, value],
    ]) {
      assert.ok(!String(made).replaceAll("$p0", "").includes(value), String(made));
      assert.deepEqual(made.values, [sent]);
    }
    assert.match(String(query`@${value}:x`), /^@(?:\\[^\w]|[\w\u{80}-\u{10ffff}])+:x$/u);
    const words = await wordsOf("ftSearch", "i", query`@t:{${value}}`);
    assert.deepEqual(words, ["FT.SEARCH", "i", "@t:{$p0}", "PARAMS", "2", "p0", tag, "DIALECT", "2"]);
  }
});

test("what no server could read is refused, and not repeated", () => {
  for (const [make, message] of [
    [() => query`@t:{${[]}}`, /list of tags is empty/],
    [() => query`@t:${" !! "}`, /no words/],
    [() => query`@t:${"a secret"}*`, /one word/],
    [() => query`@t:%${"secret!"}%`, /one word/],
    [() => query`@t:{"${"secret"}"}`, /in quotes/],
    [() => query`@t:[${NaN} 1]`, /NaN/],
    [() => query`@t:[${[1, 2]}]`, /an array/],
    [() => query`@t:{${undefined}}`, /undefined/],
    [() => query`@t:{${[["secret"]]}}`, /an array/],
    [() => query`${null}`, /null/],
    [() => query`${["secret"]}`, /an array/],
    [() => query`@${""}:x`, /name of a field/],
    [() => query`@t:{${query`*`}}`, /place of a value/],
    [() => query("secret"), /tag of a template/],
    [() => query(["secret"]), /tag of a template/],
  ]) {
    assert.throws(make, (error) => error.code === "ERR_REDMUX_ARGUMENT" && message.test(error.message) && !error.message.includes("secret"));
  }
});

test("vectors are bytes, the least significant first", () => {
  const { values } = query`*=>[KNN 1 @v ${Float32Array.of(1, -2)}] @w:[${Float64Array.of(1).subarray(0)}] ${"x"}`;
  assert.deepEqual(values, [Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 192), Uint8Array.of(0, 0, 0, 0, 0, 0, 240, 63)]);
  const part = new Float32Array([9, 1, 9]).subarray(1, 2);
  assert.deepEqual(query`@v:[${part}]`.values, [Uint8Array.of(0, 0, 128, 63)]);
});

test("a schema is sent in the order that servers accept", async () => {
  const schema = {
    title: { NOINDEX: true, SORTABLE: "UNF", INDEXEMPTY: true, WEIGHT: 2, type: "TEXT", AS: "t" },
    weight: "NUMERIC",
    "a b": { type: "TAG", SEPARATOR: ";", CASESENSITIVE: true, SORTABLE: false, INDEXMISSING: undefined },
    v: { type: "VECTOR", ALGORITHM: "HNSW", TYPE: "FLOAT32", DIM: 2, DISTANCE_METRIC: "L2", M: 0, INDEXMISSING: true },
    g: { type: "GEOSHAPE", COORD_SYSTEM: "FLAT" },
  };
  const fields =
    "weight NUMERIC title AS t TEXT WEIGHT 2 INDEXEMPTY SORTABLE UNF NOINDEX a b TAG SEPARATOR ; CASESENSITIVE " +
    "v VECTOR HNSW 8 TYPE FLOAT32 DIM 2 DISTANCE_METRIC L2 M 0 INDEXMISSING g GEOSHAPE FLAT";
  const options = { ON: "HASH", PREFIX: ["a:", "b:"], STOPWORDS: [], SCORE: 0, NOHL: true, timeout: 5 };
  assert.equal((await wordsOf("ftCreate", "i", schema, options)).join(" "), `FT.CREATE i ON HASH PREFIX 2 a: b: STOPWORDS 0 SCORE 0 NOHL SCHEMA ${fields}`);
  assert.equal((await wordsOf("ftAlter", "i", new Map(Object.entries(schema)))).join(" "), `FT.ALTER i SCHEMA ADD ${fields}`);
  for (const call of [
    () => CLIENT.ftCreate("i", {}),
    () => CLIENT.ftCreate("i"),
    () => CLIENT.ftCreate("i", { weight: "TEXT", sortable: "TEXT" }),
    () => CLIENT.ftCreate("", { a: "TEXT" }),
    () => CLIENT.ftCreate("a\nb", { a: "TEXT" }),
    () => CLIENT.ftCreate("i", { "a\0": "TEXT" }),
    () => CLIENT.ftCreate("i", { a: { type: "TEXT", WEIHGT: 2 } }),
    () => CLIENT.ftCreate("i", { a: { WEIGHT: 2 } }),
    () => CLIENT.ftCreate("i", { a: ["TEXT", "NOINDEX"] }),
    () => CLIENT.ftCreate("i", { a: "TEXT" }, { prefix: "a:" }),
    () => CLIENT.ftAliasAdd("a\r\nb", "i"),
  ]) {
    await assert.rejects(call(), { code: "ERR_REDMUX_ARGUMENT" });
  }
});

test("options of a search", async () => {
  const options = {
    RETURN: ["title", "$.a", "AS", "x"],
    HIGHLIGHT: { TAGS: { close: "</b>", open: "<b>" }, FIELDS: "title" },
    SUMMARIZE: true,
    SORTBY: { DIRECTION: "DESC", BY: "price" },
    LIMIT: { size: 0, from: 0 },
    INKEYS: ["a", "b"],
    PARAMS: { n: 0, v: Float32Array.of(1) },
    VERBATIM: false,
    DIALECT: 3,
  };
  assert.equal(
    (await wordsOf("ftSearch", "i", query`@t:{${"x"}}`, options)).join(" "),
    "FT.SEARCH i @t:{$p0} RETURN 4 title $.a AS x HIGHLIGHT FIELDS 1 title TAGS <b> </b> SUMMARIZE SORTBY price DESC LIMIT 0 0 INKEYS 2 a b PARAMS 6 n 0 v \0\0\x80? p0 x DIALECT 3",
  );
  assert.equal((await wordsOf("ftSearch", "i", "*", { EXPLAINSCORE: true })).join(" "), "FT.SEARCH i * WITHSCORES EXPLAINSCORE DIALECT 2");
  assert.equal((await wordsOf("ftProfileSearch", "i", "*", { LIMITED: true, NOCONTENT: true })).join(" "), "FT.PROFILE i SEARCH LIMITED QUERY * NOCONTENT DIALECT 2");
  assert.deepEqual(await wordsOf("ftSearch", "i", "*", { RETURN: [] }), ["FT.SEARCH", "i", "*", "RETURN", "0", "DIALECT", "2"]);
  for (const [bad, message] of [
    [{ limit: [0, 1] }, /limit is not an option/],
    [{ SLOP: ["1", "NOCONTENT"] }, /SLOP is an array/],
    [{ SORTBY: ["price", "NOCONTENT"] }, /ASC or DESC/],
    [{ SORTBY: ["price", "ASC", "NOCONTENT"] }, /ASC or DESC/],
    [{ LIMIT: [0, 1, "NOCONTENT"] }, /LIMIT/],
    [{ INKEYS: [] }, /empty/],
    [{ PARAMS: { a: [1] } }, /PARAMS/],
    [{ DIALECT: [2, "NOCONTENT"] }, /DIALECT is an array/],
  ]) {
    await assert.rejects(CLIENT.ftSearch("i", "*", bad), (error) => error.code === "ERR_REDMUX_ARGUMENT" && message.test(error.message), JSON.stringify(bad));
  }
  for (const bad of [undefined, 5, ["*"], { text: "*" }]) await assert.rejects(CLIENT.ftSearch("i", bad), /the query is/);
  await assert.rejects(CLIENT.ftSpellCheck("i", query`@t:{${"x"}}`), /has a parameter/);
  for (const text of ["$a", "a $x", "\\\\$a"]) await assert.rejects(CLIENT.ftSpellCheck("i", text), /has a parameter/, text);
  for (const text of ["\\$a", "a\\\\b"]) assert.deepEqual((await wordsOf("ftSpellCheck", "i", text))[2], text);
  await assert.rejects(CLIENT.ftProfileSearch("i", query`@t:{${"a\nb"}}`), /line end/);
  await assert.rejects(CLIENT.ftProfileAggregate("i", "a\rb"), /line end/);
});

test("filters of a search are values, one name for each", async () => {
  const options = { FILTER: [["price", "(1", Infinity], ["year", -Infinity, 2000]], GEOFILTER: ["place", 13.4, 52.5, 10, "km"] };
  const words = "FT.SEARCH i * FILTER price (1 +inf FILTER year -inf 2000 GEOFILTER place 13.4 52.5 10 km DIALECT 2";
  assert.equal((await wordsOf("ftSearch", "i", "*", options)).join(" "), words);
  assert.equal((await wordsOf("ftSearch", "i", "*", { FILTER: ["price", 1, 2] })).join(" "), "FT.SEARCH i * FILTER price 1 2 DIALECT 2");
  for (const FILTER of [["price", NaN, 1], ["price", [0], 1], ["price", undefined, 1]]) {
    await assert.rejects(CLIENT.ftSearch("i", "*", { FILTER }), { code: "ERR_REDMUX_ARGUMENT" });
  }
});

test("words of a hybrid query, whose values are counted over both queries", async () => {
  const hybrid = {
    SEARCH: { query: query`@title:${"war"} @genre:{${"a b"}}`, SCORER: "BM25STD", YIELD_SCORE_AS: "ws" },
    VSIM: {
      field: "@mood",
      vector: Float32Array.of(1),
      method: { type: "KNN", K: 5, EF_RUNTIME: 9 },
      FILTER: query`@genre:{${"c"}}`,
      POLICY: "BATCHES",
      BATCH_SIZE: 3,
      YIELD_SCORE_AS: "vs",
    },
    COMBINE: { method: { type: "RRF", CONSTANT: 60, WINDOW: 20 }, YIELD_SCORE_AS: "s" },
    LOAD: ["@title", "@__key"],
    STEPS: [{ type: "APPLY", expression: "@s * 2", AS: "t" }, { type: "LIMIT", from: 0, size: 5 }],
    TIMEOUT: 100,
    timeout: 5000,
  };
  const words =
    "SEARCH @title:(war) @genre:{$p0} SCORER BM25STD YIELD_SCORE_AS ws VSIM @mood $p1 KNN 4 K 5 EF_RUNTIME 9 " +
    "FILTER 5 (@genre:{$p2}) POLICY BATCHES BATCH_SIZE 3 YIELD_SCORE_AS vs COMBINE RRF 6 YIELD_SCORE_AS s CONSTANT 60 WINDOW 20 " +
    "LOAD 2 @title @__key TIMEOUT 100 APPLY @s * 2 AS t LIMIT 0 5 PARAMS 6 p0 a b p1 \0\0\x80? p2 c";
  assert.equal((await wordsOf("ftHybrid", "i", hybrid)).join(" "), `FT.HYBRID i ${words}`);
  assert.equal((await wordsOf("ftProfileHybrid", "i", { ...hybrid, LIMITED: true })).join(" "), `FT.PROFILE i HYBRID LIMITED QUERY ${words}`);
  const small = { SEARCH: { query: "lamp" }, VSIM: { field: "@v", vector: "$v", method: { type: "RANGE", RADIUS: 0.5 }, FILTER: "5" }, PARAMS: { v: "x" } };
  assert.equal((await wordsOf("ftHybrid", "i", small)).join(" "), "FT.HYBRID i SEARCH lamp VSIM @v $v RANGE 2 RADIUS 0.5 FILTER (5) PARAMS 2 v x");
  for (const bad of [
    undefined,
    {},
    { VSIM: small.VSIM },
    { SEARCH: small.SEARCH },
    { SEARCH: small.SEARCH, VSIM: { field: "@v" } },
    { ...small, SEARCH: { query: "a", SCORER: ["x", "VSIM"] } },
    { ...small, VSIM: { ...small.VSIM, method: {} } },
    { ...small, COMBINE: {} },
    { ...small, limit: 1 },
  ]) {
    await assert.rejects(CLIENT.ftHybrid("i", bad), { code: "ERR_REDMUX_ARGUMENT" }, JSON.stringify(bad));
  }
});

test("rows of documents that are gone are left out of a hybrid page", async () => {
  const { shape } = await CLIENT.ftHybrid("i", { SEARCH: { query: "a" }, VSIM: { field: "@v", vector: "$v" }, EXPLAINSCORE: true });
  const rows = [["score", ["0.5", ["why"]], "t", "x"], null, [null]];
  const page = shape(["total_results", 3, "results", rows, "warnings", ["late"], "execution_time", "0.5"]);
  assert.deepEqual(JSON.parse(JSON.stringify(page)), { total: 3, results: [{ score: [0.5, ["why"]], t: "x" }], warnings: ["late"], executionTime: 0.5 });
});

test("steps of an aggregation keep their order", async () => {
  const STEPS = [
    { type: "APPLY", expression: "@a * 2", AS: "b" },
    { type: "GROUPBY", properties: ["@g", "@h"], REDUCE: [{ type: "COUNT", AS: "n" }, { type: "QUANTILE", property: "@b", quantile: 0 }, { type: "FIRST_VALUE", property: "@b", BY: ["@c", "DESC"], AS: "f" }] },
    { type: "GROUPBY", REDUCE: { type: "RANDOM_SAMPLE", property: "@n", sampleSize: 2 } },
    { type: "SORTBY", BY: ["@n", "DESC"], MAX: 5 },
    { type: "SORTBY", BY: [{ BY: "@n", DIRECTION: "ASC" }, "@g"] },
    { type: "FILTER", expression: "@n > 1" },
    { type: "LIMIT", from: 0, size: 0 },
  ];
  const words =
    "FT.AGGREGATE i * LOAD 3 @a AS x APPLY @a * 2 AS b GROUPBY 2 @g @h REDUCE COUNT 0 AS n REDUCE QUANTILE 2 @b 0 REDUCE FIRST_VALUE 4 @b BY @c DESC AS f " +
    "GROUPBY 0 REDUCE RANDOM_SAMPLE 2 @n 2 SORTBY 2 @n DESC MAX 5 SORTBY 3 @n ASC @g FILTER @n > 1 LIMIT 0 0 DIALECT 2";
  assert.equal((await wordsOf("ftAggregate", "i", "*", { LOAD: ["@a", "AS", "x"], STEPS })).join(" "), words);
  assert.equal((await wordsOf("ftAggregate", "i", "*", { LOAD: "*" })).join(" "), "FT.AGGREGATE i * LOAD * DIALECT 2");
  for (const step of [{ type: "NOPE" }, { expression: "x" }, { type: "APPLY", expression: "x" }, { type: "SORTBY", BY: ["@a", ["@b", "x"]] }, { type: "FILTER", expression: ["a", "LIMIT", 0, 0] }]) {
    await assert.rejects(CLIENT.ftAggregate("i", "*", { STEPS: [step] }), { code: "ERR_REDMUX_ARGUMENT" }, JSON.stringify(step));
  }
});

/** A client whose server has these pages, the last of them with the cursor 0. */
function server(pages) {
  const sent = [];
  const client = Object.assign(Object.create(Object.getPrototypeOf(CLIENT)), {
    async _call(spec, args) {
      const { words } = CLIENT._call(spec, args);
      sent.push(words.join(" "));
      if (words[1] === "DEL") return "OK";
      const page = pages.shift();
      if (page instanceof Error) throw page;
      return spec.shape([[1, ...page.map((n) => ["n", `${n}`])], pages.length > 0 ? 7 : 0]);
    },
  });
  return { client, sent };
}

test("a cursor is read to its end, over empty pages", async () => {
  const { client, sent } = server([[1, 2], [], [3]]);
  const rows = [];
  for await (const { n } of client.ftAggregateWithCursor("i", "*", { COUNT: 2 })) rows.push(n);
  assert.deepEqual(rows, ["1", "2", "3"]);
  const read = "FT.CURSOR READ i 7 COUNT 2";
  assert.deepEqual(sent, ["FT.AGGREGATE i * DIALECT 2 WITHCURSOR COUNT 2 MAXIDLE 60000", read, read]);
});

test("a cursor is deleted where the loop is left, throws, or a page does not come", async () => {
  const left = async (leave, pages = [[1, 2], [3], [4]]) => {
    const { client, sent } = server(pages);
    let error;
    try {
      for await (const { n } of client.ftAggregateWithCursor("i", "*")) if (leave(n)) break;
    } catch (thrown) {
      error = thrown.message;
    }
    return [sent.slice(1), error];
  };
  const [read, del] = ["FT.CURSOR READ i 7 COUNT 1000", "FT.CURSOR DEL i 7"];
  assert.deepEqual(await left(() => true), [[del], undefined]);
  assert.deepEqual(await left((n) => n === "3"), [[read, del], undefined]);
  // At the end there is none.
  assert.deepEqual(await left((n) => n === "4"), [[read, read], undefined]);
  assert.deepEqual(await left(() => { throw new Error("of the caller"); }), [[del], "of the caller"]);
  assert.deepEqual(await left(() => false, [[1], new Error("lost"), []]), [[read, del], "lost"]);
  const { client, sent } = server([[1]]);
  await client.ftAggregateWithCursor("i", "*").return();
  assert.deepEqual(sent, []);
  for (const bad of [{ COUNT: 0 }, { COUNT: 1.5 }, { MAXIDLE: Infinity }, { MAXIDLE: "9" }, { count: 1 }]) {
    await assert.rejects(client.ftAggregateWithCursor("i", "*", bad).next(), { code: "ERR_REDMUX_ARGUMENT" });
  }
});

test("a value in an expression is a number or a text", () => {
  for (const [made, text] of [
    [expression`@a + 1`, "@a + 1"],
    [expression`@a - ${-5} < ${2n}`, "@a - (-5) < (2)"],
    [expression`@a == ${'x" || 1 || "'}`, '@a == "x\\" || 1 || \\""'],
    [expression`format("\"%s's", ${"y"})`, 'format("\\"%s\'s", "y")'],
  ]) {
    assert.equal(made, text);
  }
  for (const value of ["a\\", "a\nb", "a\0", NaN, Infinity, null, undefined, {}, ["a"]]) assert.throws(() => expression`@a == ${value}`, /expression: expected a finite/);
  for (const quoted of [() => expression`@a == "${" || 1 || "}"`, () => expression`'"' == '${"x"}'`]) assert.throws(quoted, /in quotes/);
  assert.throws(() => expression("@a"), /tag of a template/);
});
