// The console, the demo pages and the examples have the same colours.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../..");
const read = (file) => readFileSync(join(root, file), "utf8");

/** The custom properties that a style sheet declares. */
const declared = (text) => new Map([...text.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]));
const shared = declared(read("www/console/look.css"));

test("an example that a reader copies repeats the colours of the console", () => {
  for (const file of ["examples/front-end/style.css", "examples/catalog-page/style.css"]) {
    const own = declared(read(file));
    assert.ok(own.size > 8, file);
    for (const [name, value] of own) assert.equal(value, shared.get(name), `${file}: ${name}`);
  }
});

test("the pages load the shared colours before their own styles, and declare none of them again", () => {
  for (const [page, link, ...sheets] of [
    ["www/console/index.html", "./look.css", "www/console/style.css", "www/console/panels.css"],
    ["www/demo/index.html", "./look.css", "www/demo/style.css"],
    ["www/demo/cluster/index.html", "../look.css", "www/demo/style.css", "www/demo/cluster/style.css"],
  ]) {
    assert.equal([...read(page).matchAll(/<link rel="stylesheet" href="([^"]+)"/g)][0][1], link, page);
    for (const sheet of sheets) {
      for (const name of declared(read(sheet)).keys()) assert.ok(!shared.has(name), `${sheet} declares ${name} again`);
    }
  }
});

test("each colour that a page uses is declared", () => {
  for (const [sheet, ...more] of [
    ["www/console/style.css"],
    ["www/console/panels.css", "www/console/style.css"],
    ["www/demo/style.css"],
    ["www/demo/cluster/style.css", "www/demo/style.css"],
    ["xtask/site/.vitepress/theme/style.css"],
  ]) {
    const known = new Map([...shared, ...[sheet, ...more].flatMap((file) => [...declared(read(file))])]);
    for (const [, name] of read(sheet).matchAll(/var\((--(?!vp-)[\w-]+)\)/g)) assert.ok(known.has(name), `${sheet} uses ${name}`);
  }
});
