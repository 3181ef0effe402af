// Imports make no circles: each file can be read, and loaded, after those that it imports.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { strip } from "../../types/strip.mjs";

const www = new URL("../../", import.meta.url);

/** The files that a module imports or exports from, statically or by `import()`, as the names in `of` have them. */
function importsOf(source, file) {
  // Types are imported in comments: they load nothing.
  const found = strip(source).matchAll(/\bfrom\s*"(\.[^"]+)"|\bimport\s*"(\.[^"]+)"|\bimport\(\s*(?:\/\*.*?\*\/\s*)?"(\.[^"]+)"\s*\)/g);
  return [...found].map((names) => new URL(names[1] ?? names[2] ?? names[3], file).href);
}

/** The circles of a graph, `Map { name => [name, …] }`: its strongly connected components, by Tarjan's algorithm. */
function circles(graph) {
  const found = [];
  const stack = [];
  const order = new Map();
  const visit = (name) => {
    const place = order.size;
    order.set(name, place);
    stack.push(name);
    let least = place;
    for (const next of graph.get(name) ?? []) {
      if (!order.has(next)) least = Math.min(least, visit(next));
      else if (stack.includes(next)) least = Math.min(least, order.get(next));
    }
    if (least === place) {
      const circle = stack.splice(stack.indexOf(name));
      if (circle.length > 1 || graph.get(name).includes(name)) found.push(circle.sort());
    }
    return least;
  };
  for (const name of graph.keys()) if (!order.has(name)) visit(name);
  return found;
}

/** Every module of a folder with its imports from there, as paths in `www`. */
function graphOf(folder) {
  const root = new URL(folder, www);
  const files = readdirSync(root, { recursive: true }).filter((name) => name.endsWith(".js"));
  const modules = files.map((name) => new URL(name, root).href);
  const place = (href) => href.slice(www.href.length);
  const imports = (file) => importsOf(readFileSync(new URL(file), "utf8"), file).filter((one) => modules.includes(one));
  return new Map(modules.map((file) => [place(file), imports(file).map(place)]));
}

test("circles of imports are found and named", () => {
  const file = "file:///a.js";
  assert.deepEqual(
    importsOf('import x from "./x.js";\nimport "./y.js";\nexport * from "./z.js";\nawait import("./w.js");\nimport fs from "node:fs";\n/** @import { T } from "./t.js" */\n', file),
    ["x", "y", "z", "w"].map((name) => `file:///${name}.js`),
  );
  const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: [], f: ["f"] };
  assert.deepEqual(circles(new Map(Object.entries(graph))), [["a", "b", "c"], ["f"]]);
});

for (const folder of ["src/", "console/", "demo/"]) {
  test(`no circle of imports in ${folder}`, () => {
    const graph = graphOf(folder);
    const count = [...graph.values()].flat().length;
    assert.ok(count >= graph.size / 2, `only ${count} imports of ${graph.size} files were found`);
    assert.deepEqual(circles(graph), []);
  });
}
