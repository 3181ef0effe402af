// What modules store: documents as trees, series, filters and sketches, indexes of search.

import { check, step } from "../checks.mjs";
import { equal } from "./harness.mjs";
import { axe, withAxe } from "./look.mjs";

export async function checkModules(tab, redis) {
  await checkTree(tab, redis);
  await checkSeries(tab, redis);
  await checkSketches(tab, redis);
  await checkSearch(tab, redis);
}

async function checkTree(tab, redis) {
  const edit = (path) => tab.page.locator(`[data-testid="json-part-edit"][data-path="${path.replaceAll(/["\\]/g, "\\$&")}"]`);
  const stored = () => redis("JSON.GET", "tree");

  await step("a document is a tree, whose parts are changed by their paths", async () => {
    await redis("JSON.SET", "tree", "$", '{"a\\"b":{"big":12345678901234567890,"list":[1,null,{"x":true}]},"text":"lamp"}');
    await tab.open("tree");
    await tab.choose("Tree");
    await tab.sees("json-tree", /2 members/);
    await tab.page.locator(".json-tree summary", { hasText: '"a\\"b"' }).click();
    await tab.sees("json-tree", /12345678901234567890/);
    await tab.page.locator(".json-tree summary", { hasText: '"list"' }).click();
    await edit(`$['a"b']["list"][0]`).click();
    await tab.get("dialog-value").fill("{");
    await tab.get("dialog-yes").click();
    await tab.sees("dialog-fault", "This is not JSON.");
    await tab.answer({ value: '{"n":2}' });
    await tab.until("the change", stored, (text) => text === '{"a\\"b":{"big":12345678901234567890,"list":[{"n":2},null,{"x":true}]},"text":"lamp"}');
  });

  await step("a part that somebody else changes meanwhile is not overwritten", async () => {
    await tab.until("the tree again", () => tab.page.locator(".json-tree summary").count(), (count) => count === 2);
    await edit('$["text"]').click();
    // The page has read the part when it asks.
    await tab.get("dialog-value").waitFor();
    await redis("JSON.SET", "tree", "$.text", '"by another"');
    await tab.get("dialog-value").fill('"mine"');
    await tab.get("dialog-yes").click();
    await tab.sees("dialog-fault", "This part has changed meanwhile. Reload the document.");
    await tab.get("dialog-cancel").click();
    equal(await redis("JSON.GET", "tree", "$.text"), '["by another"]', "stored");
    await tab.page.locator('[data-testid="json-part-delete"][data-path=\'$["text"]\']').click();
    await tab.get("dialog-yes").click();
    await tab.until("the part gone", stored, (text) => !text.includes("another"));
    await tab.choose("Text");
  });
}

async function checkSeries(tab, redis) {
  await step("a time series has a chart, labels, rules and samples", async () => {
    await redis("TS.CREATE", "heat", "RETENTION", 86_400_000_000, "LABELS", "room", "7");
    await redis("TS.CREATE", "heat:hourly");
    await redis("TS.CREATERULE", "heat", "heat:hourly", "AGGREGATION", "avg", 3_600_000);
    const start = Date.UTC(2026, 0, 1);
    const samples = Array.from({ length: 1000 }, (_, at) => ["heat", start + at * 60_000, 20 + 5 * Math.sin(at / 60)]).flat();
    await redis("TS.MADD", ...samples);
    await tab.open("heat");
    await tab.sees("series-total", "1,000");
    await tab.sees("series-about", /room.*7.*avg of 1 h.*heat:hourly/);
    await tab.untilRows("a page", (rows) => rows.length === 50 && rows[0][0].startsWith(String(start + 999 * 60_000)));
    await tab.sees("table-note", "50 of 1,000");
    await tab.get("table-more").click();
    await tab.untilRows("the next page", (rows) => rows.length === 100 && new Set(rows.map(([time]) => time)).size === 100);
    const label = () => tab.page.locator('[data-testid="series-plot"] svg').getAttribute("aria-label");
    await tab.until("the newest", label, (text) => /^The newest 300: 300 values from 1[56]\.?\d* to 2[45]/.test(text ?? ""));
    await tab.choose("All, averaged");
    await tab.until("all", label, (text) => /^All 1,000, averages of .*: \d+ values/.test(text ?? ""));
    await tab.get("value-add").click();
    await tab.get("dialog-value").fill("warm");
    await tab.get("dialog-yes").click();
    await tab.sees("dialog-fault", "The value must be a number.");
    await tab.answer({ value: "0.5", time: "" });
    await tab.sees("series-total", "1,001");
    await tab.untilRows("the sample", (rows) => Number(rows[0][1]) === 0.5);
    await tab.open("heat:hourly");
    await tab.sees("series-about", "made fromheat");
    await redis("TS.CREATE", "empty");
    await tab.open("empty");
    await tab.sees("series-total", "0");
    check((await tab.get("series-plot").textContent()).includes("The newest 0"), "the chart of nothing");
  });
}

async function checkSketches(tab, redis) {
  const asks = async (item, answer) => {
    await tab.get("sketch-item").fill(item);
    await tab.get("sketch-ask").click();
    await tab.sees("sketch-answer", answer);
  };

  await step("filters and sketches show their figures and answer", async () => {
    await redis("BF.ADD", "seen", "ada");
    await tab.open("seen");
    await tab.sees("key-detail", /Capacity100/);
    await asks("ada", "It may be in the filter.");
    await asks("bob", "It is not in the filter.");
    await redis("CF.ADD", "cuckoo", "ada");
    await tab.open("cuckoo");
    await asks("ada", "At most 1 times.");
    await redis("CMS.INITBYDIM", "counts", 1000, 5);
    await redis("CMS.INCRBY", "counts", "ada", 1234);
    await tab.open("counts");
    await asks("ada", "At most 1,234 times.");
    await redis("TOPK.RESERVE", "top", 3);
    await redis("TOPK.INCRBY", "top", "ada", 7, "bob", 3);
    await tab.open("top");
    await tab.untilRows("the list", (rows) => rows.map((cells) => cells.join(" ")).join() === "ada 7,bob 3");
    await asks("carl", "It is not on the list.");
    await redis("TDIGEST.CREATE", "spread");
    await redis("TDIGEST.ADD", "spread", 1, 2, 3, 4);
    await tab.open("spread");
    await tab.untilRows("quantiles", (rows) => rows[0]?.join(" ") === "least 1" && rows.at(-1).join(" ") === "most 4");
    await asks("10", "100.00 %");
    await asks("many", "This must be a number.");
  });

  await step("a type without a viewer says so", async () => {
    await redis("FT.SUGADD", "words", "lamp", 1);
    await tab.open("words");
    await tab.sees("key-value", /no viewer for values of type trietype0/);
  });
}

async function checkSearch(tab, redis) {
  const documents = () => tab.get("search-document").allTextContents();

  await step("indexes are described and searched, also by likeness", async () => {
    await redis("FT.CREATE", "lamps", "PREFIX", 1, "lamp:", "SCHEMA", "name", "TEXT", "SORTABLE", "price", "NUMERIC", "v", "VECTOR", "FLAT", 6, "TYPE", "FLOAT32", "DIM", 2, "DISTANCE_METRIC", "L2");
    for (let at = 0; at < 45; at++) {
      const vector = new Uint8Array(new Float32Array([at, 0]).buffer);
      await redis("HSET", `lamp:${at}`, "name", at % 2 ? "red lamp" : "green lamp", "price", at, "v", vector);
    }
    await redis("FT.CREATE", "docs", "ON", "JSON", "SCHEMA", "$.t", "AS", "t", "TEXT", "$.v", "AS", "vec", "VECTOR", "HNSW", 6, "TYPE", "FLOAT64", "DIM", 2, "DISTANCE_METRIC", "L2");
    for (const [name, x] of [["near", 1], ["nearer", 1.5], ["far", 99]]) await redis("JSON.SET", `d:${name}`, "$", JSON.stringify({ t: name, v: [x, 0] }));
    await tab.tab("search");
    await tab.sees("search-note", "2 indexes");
    await tab.get("search-index").selectOption("lamps");
    await tab.sees("search-facts", /OverHASH.*Prefixeslamp:.*Documents45/);
    await tab.page.locator("#search-body summary").click();
    await tab.sees("search-fields", /namenameTEXT.*SORTABLE.*pricepriceNUMERIC.*vvVECTOR.*FLOAT32/);
    await tab.get("search-query").fill("@name:red @price:[0 40]");
    await tab.get("search-run").click();
    await tab.sees("search-total", "20 of 20");
    await tab.get("search-query").fill("*");
    await tab.get("search-run").click();
    await tab.sees("search-total", "20 of 45");
    await tab.get("search-more").click();
    await tab.get("search-more").click();
    await tab.sees("search-total", "45 of 45");
    equal(new Set(await documents()).size, 45, "documents");
    await tab.get("search-query").fill("@name:(");
    await tab.get("search-run").click();
    await tab.sees("search-fault", /Syntax error/);
    await tab.get("search-query").fill("@price:[7 7]");
    await tab.get("search-run").click();
    await tab.sees("search-total", "1 of 1");
    await tab.get("search-similar").click();
    await tab.until("the nearest", documents, (found) => found.length === 10 && found[0] === "lamp:7" && ["lamp:6", "lamp:8"].includes(found[1]));
    await tab.get("search-index").selectOption("docs");
    await tab.sees("search-facts", /OverJSON.*all keys/);
    await tab.get("search-query").fill("nearer");
    await tab.get("search-run").click();
    await tab.sees("search-total", "1 of 1");
    await tab.get("search-similar").click();
    await tab.until("the nearest", documents, (found) => found.join() === "d:nearer,d:near,d:far");
    await tab.get("search-document").first().click();
    await tab.sees("key-name", "d:nearer");
  });

  await step("these panels are accessible by axe, in light and dark", async () => {
    await withAxe(tab);
    for (const colorScheme of ["light", "dark"]) {
      await tab.page.emulateMedia({ colorScheme });
      await tab.tab("search");
      await tab.sees("search-note", "2 indexes");
      await axe(tab, `search, ${colorScheme}`);
      for (const key of ["heat", "spread", "tree"]) {
        await tab.open(key);
        await tab.until("its value", () => tab.page.locator(".value > *").count(), (count) => count > 0);
        await axe(tab, `${key}, ${colorScheme}`);
      }
      await tab.choose("Tree");
      await axe(tab, `a tree, ${colorScheme}`);
      await tab.choose("Text");
    }
    await tab.page.emulateMedia({ colorScheme: "light" });
  });
}
