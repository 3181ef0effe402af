// That dead links are found, and that the menu names every page.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { check } from "./links.mjs";
import { menu, pages } from "./pages.mjs";

test("a link to a page or a place that is not there is found, and what is there is not", async () => {
  const site = await mkdtemp(join(tmpdir(), "redmux-site-"));
  try {
    await mkdir(join(site, "sub"));
    await writeFile(join(site, "index.html"), '<h2 id="there"> <a href="./#there"> <a href="sub/a.html#b&amp;c"> <a href="gone.html"> <a href="#gone"> <a href="https://example.com/x">');
    await writeFile(join(site, "sub/a.html"), '<h2 id="b&amp;c"> <a href="../"> <a href="/index.html#there"> <img src="gone.png"> <a href="http://example.com/">');
    const { links, faults } = await check(site);
    equal(links, 9);
    deepEqual(faults, [
      "index.html: there is no gone.html",
      "index.html: there is no place #gone",
      "sub/a.html: there is no gone.png",
      "sub/a.html: http://example.com/ is not https",
    ]);
  } finally {
    await rm(site, { recursive: true });
  }
});

test("a page that the map of the README does not name is an error", async () => {
  const all = await pages();
  const named = (await menu(all)).flatMap(({ items }) => items ?? []).length;
  equal(named, all.size - 1);
  all.set("docs/forgotten.md", "forgotten.md");
  await rejects(menu(all), ({ message }) => (match(message, /does not name docs\/forgotten\.md$/), true));
});
