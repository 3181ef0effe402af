// The parts of the web console that need no page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { brief, bytesOf, cutAt, fromTyped, hexDump, idOf, prettyJson, show, textOf } from "../../console/lib/bytes.js";
import { complete, hint, typedAt } from "../../console/lib/complete.js";
import { dangerOf } from "../../console/lib/danger.js";
import { docsFromServer, docsFromTable, syntax } from "../../console/lib/docs.js";
import { History } from "../../console/lib/history.js";
import { escapedJson, hasHidden, pieces } from "../../console/lib/format.js";
import { byName, numberOf, textOf as partText } from "../../console/lib/pairs.js";
import { fieldName, vectorBytes } from "../../console/lib/vectors.js";
import { parse, pathOf } from "../../console/lib/json.js";
import { fieldsOf, hitRatio, parseInfo, parts, searchInfo } from "../../console/lib/info.js";
import { Ring } from "../../console/lib/ring.js";
import { binaryCeiling, ceiling, Derivative, percentile, Rate } from "../../console/lib/stats.js";
import { treeRows } from "../../console/lib/tree.js";
import { duration, microseconds, parseSpan, plural, short, size, span, timeToLive } from "../../console/lib/units.js";

test("what is shown of bytes is typed back to the same bytes", () => {
  const samples = ["plain", "two words", "", " space around ", '"quoted"', "new\nline", "tab\t", "\\x41", "ünï 🦊", "a\u202Eb", "\u2028", "zero\u200Bwidth", "\uFEFFmark"].map(bytesOf);
  for (let byte = 0; byte < 256; byte++) samples.push(Uint8Array.of(byte), Uint8Array.of(65, byte, 66));
  for (const bytes of samples) assert.deepEqual([...fromTyped(show(bytes))], [...bytes], show(bytes));
  assert.equal(show(bytesOf("ünï 🦊")), "ünï 🦊");
  assert.equal(show(bytesOf("a\u202Eb")), String.raw`"a\xe2\x80\xaeb"`);
  assert.equal(show(Uint8Array.of(0, 255)), String.raw`"\x00\xff"`);
  assert.equal(show(new Uint8Array()), '""');
  assert.throws(() => fromTyped('"open'), /not closed/);
  assert.throws(() => fromTyped('"a" "b"'), /one text/);
  assert.equal(textOf(Uint8Array.of(195)), null);
});

test("in a text of several lines, what cannot be seen is escaped and marked", () => {
  assert.deepEqual(pieces("a\u202Egnp\r\nb\tc\u{E0041}"), [["a", false], ["\\u202e", true], ["gnp\r\nb\tc", false], ["\\udb40\\udc41", true]]);
  assert.deepEqual(pieces("ünï 👨‍👩‍👧 ❤️\n"), [["ünï 👨‍👩‍👧 ❤️\n", false]]);
  assert.deepEqual(pieces(""), []);
  for (const char of ["\u2066", "\u2069", "\u061C", "\u200B", "\uFEFF", "\x00", "\x1b", "\r", "\u3164", "\u{E007F}"]) assert.equal(hasHidden(`a${char}b`), true, escape(char));
  const document = '{"name":"\u202Egnp"}';
  assert.equal(escapedJson(document), '{"name":"\\u202egnp"}');
  assert.deepEqual(JSON.parse(escapedJson(document)), JSON.parse(document));
});

test("a text with hidden characters everywhere costs a bounded number of elements and letters", () => {
  const pairs = 1 << 19;
  const found = pieces("a\0".repeat(pairs));
  assert.equal(found.length, 2001);
  assert.deepEqual([found[0], found[1], found[1998], found[1999]], [["a", false], ["\\u0000", true], ["a", false], ["\\u0000", true]]);
  const [rest, hidden] = found[2000];
  assert.ok(hidden && rest.startsWith("a\\u0000a\\u0000"));
  assert.ok(rest.endsWith(`a\\u0000… (${pairs * 2 - 2000 - 65_536} more)`), rest.slice(-40));
  assert.ok(rest.length < 300_000);
  // The end of the last run is not a rest, and a surrogate pair is not cut.
  assert.deepEqual(pieces(`${"a\0".repeat(1000)}tail`).at(-1), ["tail", false]);
  const [foxes] = pieces(`${"a\0".repeat(1000)}b\0${"🦊".repeat(70_000)}`.slice(1)).at(-1);
  assert.ok(foxes.isWellFormed?.() ?? true);
  assert.ok(/🦊… \(\d+ more\)$/u.test(foxes), foxes.slice(-30));
  assert.deepEqual(pieces("\u202e".repeat(3)).length, 1);
});

test("different bytes have different identities, and long ones have one too", () => {
  assert.notEqual(idOf(Uint8Array.of(195, 188)), idOf(Uint8Array.of(252)));
  assert.equal(idOf(new Uint8Array(10_000)).length, 10_000);
});

test("long values are cut between characters", () => {
  const text = bytesOf("ü".repeat(10));
  assert.equal(textOf(cutAt(text, 5)), "üü");
  assert.equal(textOf(cutAt(bytesOf("🦊🦊"), 7)), "🦊");
  assert.equal(cutAt(text, 100).length, 20);
  assert.equal(brief(bytesOf("x".repeat(1000)), 10), "xxxxxxxxxx…");
  assert.equal(brief(bytesOf("short"), 10), "short");
});

test("bytes are dumped sixteen a line", () => {
  const lines = hexDump(bytesOf("Hello, hex dump!\n\x00")).split("\n");
  assert.equal(lines[0], "00000000  48 65 6c 6c 6f 2c 20 68  65 78 20 64 75 6d 70 21  Hello, hex dump!");
  assert.equal(lines[1], `00000010  0a 00${" ".repeat(18)}  ${" ".repeat(23)}  ..`);
  assert.equal(hexDump(new Uint8Array()), "");
});

test("JSON is indented without being changed", () => {
  assert.equal(prettyJson('{"a":[1,{}],"b":[],"c":"x,{\\"y\\":1}"}'), '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": [],\n  "c": "x,{\\"y\\":1}"\n}');
  assert.equal(prettyJson("[12345678901234567890,1.0,-0]"), "[\n  12345678901234567890,\n  1.0,\n  -0\n]");
  for (const text of ['{"deep":{"er":[[[1,null,true]]]}}', '"text"', "  42 ", '[{"a":"\\u0000 ü"},{}]']) {
    assert.deepEqual(JSON.parse(prettyJson(text)), JSON.parse(text));
  }
  assert.equal(prettyJson("{nope}"), null);
});

test("numbers have units", () => {
  assert.deepEqual([0, 1023, 1536, 200 * 1024, 5 * 2 ** 40, "12"].map(size), ["0 B", "1023 B", "1.5 KiB", "200 KiB", "5.0 TiB", "12 B"]);
  assert.deepEqual([0, 12.34, 950, 12_345, 4_500_000].map(short), ["0", "12.3", "950", "12.3k", "4.5M"]);
  assert.deepEqual([0.4249, 12.34, 150.4, 1500, null].map(duration), ["0.42 ms", "12.3 ms", "150 ms", "1.50 s", "–"]);
  assert.deepEqual([12, 1500].map(microseconds), ["12 µs", "1.50 ms"]);
  assert.deepEqual([0, 59, 3600, 90_061, 3601].map(span), ["0 s", "59 s", "1 h", "1 d 1 h", "1 h"]);
  assert.deepEqual([-1, -2, 500, 61_000].map(timeToLive), ["no expiry", "gone", "< 1 s", "1 min 1 s"]);
  assert.deepEqual([plural(1, "key"), plural(1234, "key"), plural(2, "entry", "entries")], ["1 key", "1,234 keys", "2 entries"]);
});

test("times are read, and what is none is refused", () => {
  assert.deepEqual(["90", "90s", "15m", "2h", "7d", "1h 30m", "500ms", "1.5 h"].map(parseSpan), [90, 90, 900, 7200, 604_800, 5400, 0.5, 5400]);
  for (const text of ["", "soon", "0", "-5", "5x", "5 5x", "h"]) assert.throws(() => parseSpan(text), /expected a time/, text);
});

test("keys become a tree", () => {
  const entries = ["a:1", "a:2:x", "a:2:y", "b", "c:1:2", "a:10", "a"].map((name) => ({ name }));
  const rows = (open) => treeRows(entries, ":", new Set(open)).map(({ kind, label, depth, count }) => `${"-".repeat(depth)}${label}${kind === "folder" ? `(${count})` : ""}`);
  assert.deepEqual(rows([]), ["a(4)", "a", "b", "c:1:2"]);
  assert.deepEqual(rows(["a:"]), ["a(4)", "-2(2)", "-1", "-10", "a", "b", "c:1:2"]);
  assert.deepEqual(rows(["a:", "a:2:"]), ["a(4)", "-2(2)", "--x", "--y", "-1", "-10", "a", "b", "c:1:2"]);
  const awkward = ["", ":", "::", "__proto__:x", "__proto__:y", "a:"].map((name) => ({ name }));
  const all = treeRows(awkward, ":", new Set(["__proto__:", ":", "::"]));
  assert.equal(all.filter(({ kind }) => kind === "key").length, 6);
});

test("a ring keeps the newest and counts the rest", () => {
  const ring = new Ring(3);
  for (let at = 1; at <= 5; at++) ring.push(at);
  assert.deepEqual([[...ring], ring.at(-1), ring.total, ring.dropped], [[3, 4, 5], 5, 5, 2]);
  ring.clear();
  assert.deepEqual([[...ring], ring.total], [[], 0]);
});

test("statistics of samples", () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  assert.deepEqual([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99), percentile([], 0.5)], [50, 99, 7, null]);
  for (const most of [0.003, 1, 1.9, 7, 10, 99, 12_345]) {
    for (const top of [ceiling([0, most]), binaryCeiling([0, most])]) assert.ok(top >= most && top <= most * 3, `${top} of ${most}`);
  }
  assert.equal(ceiling([]), 1);
  const rate = new Rate(2);
  for (let now = 0; now < 4000; now += 10) rate.add(1, now);
  assert.ok(Math.abs(rate.at(3990) - 100) < 6, String(rate.at(3990)));
  assert.equal(rate.at(60_000), 0);
  const difference = new Derivative();
  assert.deepEqual([difference.next(10, 0), difference.next(30, 2000), difference.next(5, 3000), difference.next(6, 3500)], [null, 10, null, 2]);
});

test("INFO is read, and searched", () => {
  const sections = parseInfo("# Server\r\nredis_version:7.0.15\r\nos:Linux: x\r\n\r\n# Stats\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n");
  assert.deepEqual(sections.map(({ name }) => name), ["Server", "Stats"]);
  const fields = fieldsOf(sections);
  assert.equal(fields.get("os"), "Linux: x");
  assert.equal(hitRatio(fields), 0.75);
  assert.equal(hitRatio(new Map()), null);
  assert.deepEqual(parts("keys=5,expires=1"), { keys: "5", expires: "1" });
  assert.deepEqual(searchInfo(sections, "MISS").map(({ fields }) => fields), [[["keyspace_misses", "1"]]]);
  assert.equal(searchInfo(sections, "server")[0].fields.length, 2);
  assert.equal(searchInfo(sections, " ").length, 2);
});

test("dangerous commands are known, however they are written", () => {
  for (const words of [["flushall"], ["CONFIG", "set", "x", "y"], ["Keys", "*"], ["SHUTDOWN", "NOSAVE"], ["debug", "sleep", "1"]]) {
    assert.ok(dangerOf(words)?.length > 10, words.join(" "));
  }
  for (const words of [["GET", "x"], ["CONFIG", "GET", "x"], ["SCAN", "0"], ["HGETALL", "h"], [Uint8Array.of(0)], []]) assert.equal(dangerOf(words), null);
});

const SERVER = new Map([
  ["set", new Map([["summary", "Sets a value."], ["since", "1.0.0"], ["group", "string"], ["complexity", "O(1)"], ["arguments", [
    new Map([["name", "key"], ["type", "key"]]),
    new Map([["name", "value"], ["type", "string"]]),
    new Map([["name", "condition"], ["type", "oneof"], ["flags", ["optional"]], ["arguments", [new Map([["name", "nx"], ["type", "pure-token"], ["token", "NX"]]), new Map([["name", "xx"], ["type", "pure-token"], ["token", "XX"]])]]]),
    new Map([["name", "seconds"], ["type", "integer"], ["token", "EX"], ["flags", new Set(["optional"])]]),
  ]]])],
  ["config", new Map([["summary", "A container."], ["subcommands", new Map([["config|get", new Map([["summary", "Gets."], ["arguments", [new Map([["name", "parameter"], ["type", "string"], ["flags", ["multiple"]]])]]])]])]])],
]);

test("documentation of the server: syntax as redis-cli writes it", () => {
  const docs = docsFromServer(SERVER);
  assert.deepEqual([...docs.keys()], ["SET", "CONFIG", "CONFIG GET"]);
  assert.deepEqual(syntax(docs.get("SET")), ["key", "value", "[NX|XX]", "[EX seconds]"]);
  assert.deepEqual(syntax(docs.get("CONFIG GET")), ["parameter [parameter ...]"]);
  assert.deepEqual(docs.get("CONFIG").subcommands, ["GET"]);
  // RESP2 has arrays for maps.
  const flat = (value) => (value instanceof Map ? [...value].flat().map(flat) : value instanceof Set ? [...value] : Array.isArray(value) ? value.map(flat) : value);
  assert.deepEqual([...docsFromServer(flat(SERVER))], [...docs]);
});

test("documentation from the project's own table", () => {
  const table = JSON.parse(readFileSync(new URL("../../console/commands.json", import.meta.url), "utf8"));
  const docs = docsFromTable(table);
  assert.ok(docs.size > 400);
  assert.equal(docs.get("GET").since, "1.0.0");
  assert.deepEqual(syntax(docs.get("MGET")), ["key [key ...]", "[…]"]);
  assert.ok(docs.get("CONFIG").subcommands.includes("SET"));
  assert.match(docs.get("KEYS").summary, /reads.*dangerous/);
  const costs = ["GET", "ZRANGE", "EVAL"].map((name) => docs.get(name).complexity);
  assert.deepEqual(costs, ["O(1)", "O(m + log n), m = returned, n = members", ""]);
});

test("completion of names, subcommands and options; the syntax knows where the caret is", () => {
  const docs = docsFromServer(SERVER);
  const texts = (line) => complete(line, line.length, docs).options.map(({ text }) => text);
  assert.deepEqual(texts("s"), ["SET"]);
  assert.deepEqual(texts("config "), ["GET"]);
  assert.deepEqual(texts("config g"), ["GET"]);
  assert.deepEqual(texts("SET k v e"), ["EX"]);
  assert.deepEqual(texts('SET k "e'), []);
  assert.deepEqual(texts(""), []);
  assert.deepEqual(texts("nothing x"), []);
  assert.equal(complete("SET k v e", 9, docs).from, 8);
  const at = (line) => hint(line, line.length, docs)?.at;
  assert.deepEqual([at("SET"), at("SET "), at("SET k"), at("SET k "), at("SET k v "), at("SET k v NX "), at("CONFIG GET x y")], [-1, 0, 0, 1, 2, -1, -1]);
  assert.equal(hint("nothing", 7, docs), null);
  assert.deepEqual(typedAt("SET 'a b' c", 11), { words: ["SET", "'a b'"], current: "c", start: 10, quoted: false });
});

test("the history keeps the line that is being written", () => {
  const history = new History(2);
  assert.equal(history.go(-1, "draft"), null);
  for (const line of ["GET a", "GET b", "GET b", "GET c"]) history.add(line);
  assert.equal(history.go(-1, "draft"), "GET c");
  assert.equal(history.go(-1, "GET c"), "GET b");
  assert.equal(history.go(-1, "GET b"), null);
  assert.equal(history.go(1, "GET b"), "GET c");
  assert.equal(history.go(1, "GET c"), "draft");
  assert.equal(history.go(1, "draft"), null);
});

test("replies of names and values are read alike over both protocols", () => {
  const three = new Map([[bytesOf("a"), 1], ["b", new Map([[bytesOf("x"), [bytesOf("y"), null]]])]]);
  const two = [bytesOf("a"), bytesOf("1"), bytesOf("b"), [bytesOf("x"), [bytesOf("y"), null]], bytesOf("odd")];
  for (const reply of [three, two]) {
    const found = byName(reply);
    assert.deepEqual([...found.keys()], ["a", "b"]);
    assert.equal(numberOf(found.get("a")), 1);
    assert.equal(partText(byName(found.get("b")).get("x")), "y –");
  }
  assert.deepEqual([...byName(null)], []);
  assert.equal(numberOf(bytesOf("-inf")), -Infinity);
  assert.ok(Number.isNaN(numberOf(bytesOf(""))) && Number.isNaN(numberOf(bytesOf("nan"))) && Number.isNaN(numberOf(null)));
});

test("vectors are little-endian, and marks in names of fields are escaped", () => {
  assert.deepEqual([...vectorBytes("FLOAT32", [1, -2])], [0, 0, 128, 63, 0, 0, 0, 192]);
  assert.deepEqual([...vectorBytes("FLOAT64", [1])], [0, 0, 0, 0, 0, 0, 240, 63]);
  assert.equal(vectorBytes("BFLOAT16", [1]), null);
  assert.equal(fieldName("a_1"), "a_1");
  assert.equal(fieldName("$.a-b é"), "\\$\\.a\\-b\\ é");
});

test("paths of a document quote names", () => {
  assert.equal(pathOf(pathOf("$", 'a"b'), 3), `$['a"b'][3]`);
  assert.equal(pathOf("$", "it's é\n"), `$["it's é\n"]`);
  for (const name of ["c\\d", `'"`]) assert.equal(pathOf(pathOf("$", name), "x"), null);
  assert.deepEqual(parse('{"a":[1,null,"x"]}'), { a: [1, null, "x"] });
});
