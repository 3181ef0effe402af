// What the package.json promises.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import ts from "typescript";

import { fault } from "../../types/bundle.mjs";
import { modules, shipped, withEntry } from "../../types/strip.mjs";

const www = new URL("../../", import.meta.url);
const read = (name) => readFileSync(new URL(name, www), "utf8");
const manifest = JSON.parse(read("package.json"));

/** All texts in a tree of conditions. */
function targets(tree) {
  return typeof tree === "string" ? [tree] : Object.values(tree).flatMap(targets);
}

test("every file that the package names is there and is packed", () => {
  const named = [...targets(manifest.exports), manifest.main, manifest.browser, manifest.types, ...targets(manifest.typesVersions)];
  for (const name of named) {
    if (name === "./package.json") continue;
    assert.ok(existsSync(new URL(name, www)), name);
    const packed = manifest.files.some((file) => name === `./${file}` || name.startsWith(`./${file}/`));
    assert.ok(packed && !manifest.files.includes(`!${name.slice(2)}`), `${name} is not among the files`);
  }
});

test("the modules that are packed are the sources without comments", () => {
  const compilerOptions = { removeComments: true, target: "esnext", module: "esnext" };
  const code = (text) => ts.transpileModule(text, { compilerOptions }).outputText;
  for (const name of modules()) {
    const packed = read(`esm/${name}`);
    assert.ok(packed === shipped(name), `esm/${name} is of another source: cargo xtask wasm`);
    assert.equal(code(packed), code(withEntry(name, read(`src/${name}`))), name);
    assert.doesNotMatch(packed, /\/\*\*|^\s*\/\//m, name);
  }
});

test("what Node loads of an installed package is made of the sources", () => {
  assert.equal(fault(), undefined, "cargo xtask wasm");
});

test("what Node imports of an installed package has the exports of the module that is bundled", async () => {
  const names = { node: "node", page: "page/node", json: "modules/json", search: "modules/search", ioredis: "ioredis/index" };
  for (const [name, source] of Object.entries(names)) {
    const [bundled, plain] = await Promise.all([import(`../../bundle/${name}.js`), import(`../../src/${source}.js`)]);
    assert.deepEqual(Object.keys(bundled), Object.keys(plain), name);
  }
  const [{ Client, ServerClient }, page] = await Promise.all([import("../../bundle/node.js"), import("../../bundle/page.js")]);
  assert.ok(page.Client === Client, "the entries share their classes");
  assert.equal(typeof ServerClient.prototype.jsonGet, "function", "a module adds methods to the client of every entry");
  assert.equal(typeof ServerClient.prototype.blPop, "function");
});

test("what is required is CommonJS, with types of its own", () => {
  const walk = (tree, isRequired) => {
    for (const [condition, value] of Object.entries(tree)) {
      const required = isRequired || condition === "require";
      if (typeof value !== "string") walk(value, required);
      else if (/\.[cm]?[jt]s$/.test(value)) assert.equal(/\.(cjs|d\.cts)$/.test(value), required, value);
    }
  };
  walk(manifest.exports, false);
});

test("bundles keep the modules that only add methods", () => {
  const { ServerClient } = createRequire(import.meta.url)("../../cjs/node.cjs");
  assert.equal(typeof ServerClient.prototype.blPop, "function");
});

test("the licences in the package are those of the project", () => {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) assert.ok(read(name) === read(`../${name}`), name);
});

test("no link of the README leads out of the package", () => {
  const links = [...read("README.md").matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link);
  for (const link of links.filter((link) => !link.startsWith("https:"))) {
    assert.ok(!link.startsWith("..") && manifest.files.some((file) => link.startsWith(file)), link);
  }
});
