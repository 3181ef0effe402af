// That a picture which shows another page is found, and that other numbers are not a fault.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { faults, hashOf, records } from "../pictures.mjs";

const root = join(import.meta.dirname, "../../..");
const copy = () => structuredClone(records().demo);
const was = records().demo;

/** The page of the demo, changed. */
function changed(change) {
  const seen = copy();
  change(seen.parts, seen);
  return faults(was, seen);
}

test("the same page with other numbers and another font is no fault", () => {
  assert.deepEqual(faults(was, copy()), []);
  const moved = changed((parts) => {
    for (const part of Object.values(parts)) part.at = part.at?.map((edge, at) => edge + (at % 2 === 0 ? 3 : -14));
  });
  assert.deepEqual(moved, []);
});

test("a changed layout is a fault", () => {
  const [name, at] = ["section counter", was.parts["section counter"].at];
  assert.deepEqual(changed((parts) => (parts[name].at = at.map((edge, side) => edge - (side % 2 === 0 ? 0 : 60)))), [
    `"section counter" is at ${[at[0], at[1] - 60, at[2], at[3] - 60].join(" ")}, not ${at.join(" ")}`,
  ]);
  assert.deepEqual(changed((parts) => delete parts[name]), ['"section counter" is gone']);
  assert.deepEqual(changed((parts) => (parts["button Search"] = { paper: [0, 0, 0], ink: [9, 9, 9] })), ['"button Search" is new']);
  assert.match(changed((_, seen) => (seen.size = { width: 390, height: 780 }))[0], /^the size is 390x780, not 1280x800$/);
});

test("another theme and another accent are faults", () => {
  const dark = changed((parts) => Object.assign(parts["section console"], { paper: [22, 29, 27], ink: [227, 234, 231] }));
  assert.match(dark.join(), /^"section console" is on rgb\(22,29,27\), not rgb\(255,255,255\)$/);
  assert.match(changed((parts) => (parts["h1 redmux"].ink = [120, 0, 0])).join(), /^"h1 redmux" is written in /);
});

test("an empty panel is a fault", () => {
  for (const name of ["ol console-output", "svg rtt-chart", "ol events"]) {
    assert.deepEqual(changed((parts) => (parts[name].filled = false)), [`"${name}" is empty`]);
  }
});

test("each picture of the documents is taken by a check, is as it was taken, and is shown", () => {
  const pictures = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".png"));
  assert.deepEqual(pictures, Object.keys(records()).map((name) => `${name}.png`));
  const documents = ["README.md", ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
  const all = documents.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  assert.doesNotMatch(all, /<img /, "the site shows pictures of Markdown alone");
  for (const [name, { sha256 }] of Object.entries(records())) {
    assert.equal(hashOf(join(root, "docs", `${name}.png`)), sha256, `docs/${name}.png is not the recorded picture`);
    assert.match(all, new RegExp(`!\\[[^\\]]{20,}\\]\\((docs/)?${name}\\.png\\)`), `no document shows docs/${name}.png`);
  }
});
