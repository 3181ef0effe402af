// The panel of keys: the list, the viewers, and the actions.

import { check, step } from "../checks.mjs";
import { equal } from "./harness.mjs";

export async function checkKeys(tab, redis) {
  const names = () => tab.page.locator("#keys-list .row .name").allTextContents();
  const search = async (pattern, type = "") => {
    await tab.tab("keys");
    await tab.get("keys-pattern").fill(pattern);
    await tab.get("keys-type").selectOption(type);
    await tab.get("keys-search").click();
  };

  await step("keys are listed with type and time, by pattern and by type", async () => {
    await redis("MSET", "check:a", "1", "check:b", "2", "other", "3");
    await redis("SET", "check:soon", "x", "EX", 5000);
    await redis("HSET", "check:hash", "f", "v");
    await search("check:*");
    await tab.sees("keys-note", "4 keys, all there are.");
    equal((await names()).join(" "), "check:a check:b check:hash check:soon", "names");
    const row = tab.page.locator("#keys-list .row", { hasText: "check:soon" });
    await tab.until("its time", () => row.textContent(), (text) => /^stringcheck:soon1 h (22|23) min$/.test(text));
    await search("check:", "hash");
    await tab.sees("keys-note", "1 key, all there are.");
    await tab.sees("keys-total", /keys in database 0/);
    await search("nothing-like-this");
    await tab.sees("keys-note", "No key matches.");
  });

  await step("the tree opens and closes, by mouse and by arrow keys", async () => {
    await redis("MSET", "tree:one:x", "1", "tree:one:y", "2", "tree:two", "3");
    await search("tree:");
    await tab.get("keys-tree").check();
    await tab.until("one folder", names, (seen) => seen.join(" ") === "tree");
    const list = tab.get("keys-list");
    equal(await list.getAttribute("role"), "tree", "role");
    await list.focus();
    await tab.page.keyboard.press("ArrowRight");
    await tab.until("its parts", names, (seen) => seen.join(" ") === "tree one two");
    await tab.page.keyboard.press("ArrowDown");
    await tab.page.keyboard.press("ArrowRight");
    await tab.until("the inner folder", names, (seen) => seen.join(" ") === "tree one x y two");
    await tab.page.keyboard.press("ArrowDown");
    await tab.page.keyboard.press("Enter");
    await tab.sees("key-name", "tree:one:x");
    await tab.page.locator("#keys-list .row", { hasText: "one" }).first().click();
    await tab.until("closed", names, (seen) => seen.join(" ") === "tree one two");
    await tab.get("keys-tree").uncheck();
  });

  await step("a string is shown as text, JSON and bytes, and is edited", async () => {
    await redis("SET", "s:json", '{"a":[1,{}],"big":12345678901234567890}', "EX", 900);
    await tab.open("s:json");
    equal(await tab.text("string-value"), '{\n  "a": [\n    1,\n    {}\n  ],\n  "big": 12345678901234567890\n}', "JSON");
    await tab.choose("Hex");
    check((await tab.text("string-value")).startsWith("00000000  7b 22 61 22"), await tab.text("string-value"));
    await tab.choose("Text");
    equal(await tab.text("string-value"), '{"a":[1,{}],"big":12345678901234567890}', "text");
    equal(await tab.text("string-size"), "39 B", "size");
    await tab.get("string-edit").click();
    await tab.get("string-editor").fill("changed: ünï 🦊");
    await tab.get("string-save").click();
    await tab.sees("string-value", "changed: ünï 🦊");
    equal(await redis("GET", "s:json"), "changed: ünï 🦊", "stored");
    check((await redis("TTL", "s:json")) > 800, "the expiry is gone");
    await tab.get("string-edit").click();
    await redis("SET", "s:json", "by another", "KEEPTTL");
    await tab.get("string-editor").fill("mine");
    await tab.get("string-save").click();
    await tab.sees("key-value", /has changed meanwhile/);
    equal(await redis("GET", "s:json"), "by another", "not overwritten");
  });

  await step("what is no text is shown escaped, opened, edited byte for byte", async () => {
    const key = Uint8Array.of(0, 255, 34, 10, 65);
    await redis("SET", key, Uint8Array.of(1, 2, 254, 255));
    const shown = String.raw`"\x00\xff\"\nA"`;
    await search("\\xff"); // no match: a text
    await search(String.raw`"\x00\xff*"`);
    await tab.until("the key", names, (seen) => seen.join() === shown);
    await tab.page.locator("#keys-list .row").first().click();
    await tab.sees("key-name", shown);
    await tab.choose("Text");
    equal(await tab.text("string-value"), String.raw`"\x01\x02\xfe\xff"`, "value");
    await tab.get("string-edit").click();
    await tab.get("string-editor").fill(String.raw`"\x00\xc3(end"`);
    await tab.get("string-save").click();
    await tab.until("the bytes", () => redis("GETRANGE", key, 0, -1, { bytes: true }).then((bytes) => [...bytes].join()), (bytes) => bytes === "0,195,40,101,110,100");
    await redis("SET", "turned", "a\u202Egnp.exe\nb");
    await tab.open("turned");
    await tab.choose("Text");
    equal(await tab.text("string-value"), "a\\u202egnp.exe\nb", "what turns the direction");
    await tab.get("string-edit").click();
    equal(await tab.get("string-editor").inputValue(), String.raw`"a\xe2\x80\xaegnp.exe\nb"`, "the same in the editor");
    await tab.get("string-cancel").click();
    await redis("SET", "lines", "a\r\nb");
    await tab.open("lines");
    await tab.get("string-edit").click();
    equal(await tab.get("string-editor").inputValue(), String.raw`"a\r\nb"`, "line ends in the editor");
    await tab.get("string-cancel").click();
  });

  await step("a big string comes in pieces", async () => {
    await redis("SETRANGE", "s:big", 3_000_000, "end");
    await tab.open("s:big");
    await tab.sees("string-note", "The first 128 KiB of 2.9 MiB.");
    check((await tab.get("string-edit").count()) === 0 || !(await tab.get("string-edit").isVisible()), "it could be edited");
    await tab.get("string-more").click();
    await tab.sees("string-note", /^The first 1.1 MiB/);
    await redis("SET", "s:wide", "ü".repeat(100_001));
    await tab.open("s:wide");
    const value = await tab.text("string-value");
    check(/^ü+$/.test(value), `half a character: ${value.slice(-20)}`);
  });

  await step("a hash: fields are added, changed, found and deleted", async () => {
    await redis("DEL", "h");
    await redis("HSET", "h", "name", "Ada", "born", "1815");
    await tab.open("h");
    await tab.untilRows("two fields", (rows) => rows.length === 2 && rows[0][0] === "name" && rows[0][1] === "Ada");
    await tab.get("row-edit").first().click();
    await tab.answer({ value: "Grace" });
    await tab.untilRows("the change", (rows) => rows[0]?.[1] === "Grace");
    await tab.get("value-add").click();
    await tab.get("dialog-field").fill("name");
    await tab.get("dialog-value").fill("x");
    await tab.get("dialog-yes").click();
    await tab.sees("dialog-fault", "This field exists already.");
    await tab.answer({ field: String.raw`"bin\x00"`, value: String.raw`"\xff"` });
    await tab.untilRows("the new one", (rows) => rows.some(([field, value]) => field === String.raw`"bin\x00"` && value === String.raw`"\xff"`));
    equal([...(await redis("HGET", "h", Uint8Array.of(98, 105, 110, 0), { bytes: true }))].join(), "255", "bytes");
    await tab.get("value-filter").fill("born");
    await tab.untilRows("the filtered", (rows) => rows.length === 1 && rows[0][0] === "born");
    await tab.get("row-delete").click();
    await tab.answer({});
    await tab.sees("collection-size", "2");
    equal(await redis("HEXISTS", "h", "born"), 0, "born exists");
  });

  await step("a list, a set and a sorted set are paged and changed", async () => {
    await redis("DEL", "l", "st", "z");
    await redis("RPUSH", "l", ...Array.from({ length: 250 }, (_, at) => `item ${at}`));
    await redis("SADD", "st", "one", "two");
    await redis("ZADD", "z", 1.5, "a", "inf", "b", -2, "c");
    await tab.open("l");
    await tab.untilRows("a page", (rows) => rows.length === 100 && rows[99][1] === "item 99");
    await tab.sees("table-note", "100 of 250");
    await tab.get("table-more").click();
    await tab.untilRows("two pages", (rows) => rows.length === 200 && rows[199][0] === "199");
    await tab.get("row-edit").first().click();
    await tab.answer({ value: "first" });
    await tab.untilRows("the change", (rows) => rows[0]?.[1] === "first");
    await tab.open("st");
    await tab.get("value-add").click();
    await tab.answer({ value: "three" });
    await tab.sees("collection-size", "3");
    await tab.open("z");
    await tab.untilRows("its order", (rows) => rows.map(([score, member]) => `${member}${score}`).join() === "c-2,a1.5,binf");
    await tab.choose("Highest first");
    await tab.untilRows("the other order", (rows) => rows[0]?.[1] === "b");
    await tab.get("row-edit").first().click();
    await tab.answer({ score: "-7.25" });
    await tab.untilRows("the score", (rows) => rows.some(([score, member]) => member === "b" && score === "-7.25"));
  });

  await step("a stream shows its entries and groups", async () => {
    await redis("DEL", "x");
    for (let at = 0; at < 60; at++) await redis("XADD", "x", `${1700000000000 + at}-0`, "n", at, "text", "a b");
    await redis("XGROUP", "CREATE", "x", "workers", "0");
    await tab.open("x");
    await tab.untilRows("the newest", (rows) => rows.length === 50 && rows[0][0].startsWith("1700000000059-0"));
    await tab.get("table-more").click();
    await tab.untilRows("all", (rows) => rows.length === 60 && rows[59][1] === "n0texta b");
    check((await tab.get("stream-groups").textContent()).includes("workers"), "no group");
    await tab.get("value-add").click();
    await tab.answer({ fields: 'user ada text "hello world"' });
    await tab.sees("collection-size", "61");
  });

  await step("expiry, rename and delete, each as asked", async () => {
    await redis("SET", "life", "v");
    await redis("DEL", "life:2");
    await tab.open("life");
    await tab.get("key-expire").click();
    await tab.get("dialog-time").fill("soon");
    await tab.get("dialog-yes").click();
    await tab.sees("dialog-fault", /expected a time/);
    await tab.answer({ time: "2h" });
    await tab.sees("key-ttl", /^in (2 h|1 h 59 min)$/);
    await tab.get("key-expire").click();
    await tab.answer({ time: "" });
    await tab.sees("key-ttl", "no expiry");
    await tab.get("key-rename").click();
    await tab.get("dialog-name").fill("h");
    await tab.get("dialog-yes").click();
    await tab.sees("dialog-fault", "A key of this name exists already.");
    await tab.answer({ name: "life:2" });
    await tab.sees("key-name", "life:2");
    await tab.get("key-delete").click();
    await tab.get("dialog-cancel").click();
    equal(await redis("EXISTS", "life:2"), 1, "kept");
    await tab.get("key-delete").click();
    await tab.answer({});
    await tab.until("it gone", () => redis("EXISTS", "life:2"), (number) => number === 0);
    await tab.open("life:2");
    await tab.sees("key-missing", "There is no such key");
  });
}

export async function checkManyKeys(tab, redis) {
  await step("100,000 keys: the list stays small and quick", async () => {
    await redis("EVAL", "for i=1,100000 do redis.call('SET', 'many:' .. i, i) end", 0, { timeout: 60_000 });
    await tab.tab("keys");
    await tab.get("keys-pattern").fill("many:*");
    await tab.get("keys-type").selectOption("");
    await tab.get("keys-search").click();
    await tab.sees("keys-note", /so far/);
    await tab.get("keys-all").click();
    await tab.sees("keys-note", "100,000 keys, all there are.", 60_000);
    const rows = () => tab.page.locator("#keys-list .row").count();
    check((await rows()) < 100, `${await rows()} rows are elements`);
    // The longest the page was busy while it scrolled through all of them.
    const longest = await tab.page.evaluate(async () => {
      const list = document.querySelector("#keys-list");
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      let longest = 0;
      for (let share = 0; share <= 1; share += 0.05) {
        const before = performance.now();
        list.scrollTop = share * list.scrollHeight;
        await frame();
        await frame();
        longest = Math.max(longest, performance.now() - before);
      }
      return longest;
    });
    check(longest < 2000, `a scroll took ${longest} ms`);
    check((await rows()) < 100, `${await rows()} rows after scrolling`);
    await tab.get("keys-list").focus();
    await tab.page.keyboard.press("End");
    await tab.page.keyboard.press("Enter");
    await tab.sees("key-name", "many:99999");
    await tab.get("keys-tree").check();
    await tab.until("one folder", rows, (number) => number === 1);
    await tab.get("keys-tree").uncheck();
  });
}

export async function checkJson(tab, redis) {
  await step("a JSON document is shown and edited", async () => {
    await redis("JSON.SET", "doc", "$", '{"name":"Ada","tags":["a","b"]}');
    await tab.open("doc");
    equal(await tab.text("json-value"), '{\n  "name": "Ada",\n  "tags": [\n    "a",\n    "b"\n  ]\n}', "document");
    await tab.get("json-edit").click();
    await tab.get("json-editor").fill("{nonsense");
    await tab.get("json-save").click();
    await tab.sees("json-fault", "This is not JSON.");
    await tab.get("json-editor").fill('{"name":"Grace"}');
    await tab.get("json-save").click();
    await tab.sees("json-value", '{\n  "name": "Grace"\n}');
    equal(await redis("JSON.GET", "doc"), '{"name":"Grace"}', "stored");
    await tab.get("json-edit").click();
    await redis("JSON.SET", "doc", "$.name", '"Mary"');
    await tab.get("json-editor").fill('{"name":"mine"}');
    await tab.get("json-save").click();
    await tab.sees("json-fault", "The document has changed meanwhile. Reload it.");
    equal(await redis("JSON.GET", "doc"), '{"name":"Mary"}', "not overwritten");
  });

  await step("a field keeps its expiry when it is edited", async () => {
    await redis("DEL", "h:expires");
    await redis("HSET", "h:expires", "soon", "a");
    await redis("HEXPIRE", "h:expires", 1000, "FIELDS", 1, "soon");
    await tab.open("h:expires");
    await tab.get("row-edit").first().click();
    await tab.answer({ value: "b" });
    await tab.untilRows("the change", (rows) => rows[0]?.[1] === "b");
    const [left] = await redis("HTTL", "h:expires", "FIELDS", 1, "soon");
    check(left > 900 && left <= 1000, `the expiry is ${left}`);
  });
}
