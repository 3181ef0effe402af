// Makes the site of the documents in `target/docs`, and checks each link and anchor in it.
//
//   node build.mjs            builds and checks
//   node build.mjs --serve    then serves it on 127.0.0.1, until it is stopped
//
//   REDMUX_SITE   the folder instead of `target`

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vitepress";

import { check } from "./links.mjs";
import { root, stage } from "./pages.mjs";
import { serve } from "./serve.mjs";

const target = process.env.REDMUX_SITE ?? join(root, "target");
const here = import.meta.dirname;

const pages = await stage(join(target, "docs-pages"));
await build(here, { logLevel: "warn" });
const { links, faults } = await check(join(target, "docs"));

// The search has what is written.
const chunks = await readdir(join(target, "docs/assets/chunks"));
const index = chunks.find((name) => name.includes("localSearchIndex"));
const searched = index && (await readFile(join(target, "docs/assets/chunks", index), "utf8"));
if (!searched?.includes("troubleshooting.html#errors-of-the-client")) faults.push("the search does not know the pages");
for (const fault of faults) console.error(fault);

console.log(`${pages.size} pages, ${links} links in ${join(target, "docs")}`);
if (faults.length > 0) {
  console.error(`${faults.length} faults`);
  process.exit(1);
}
if (process.argv.includes("--serve")) {
  const port = Number(process.env.PORT ?? 8090);
  await serve(join(target, "docs"), port);
  console.log(`the documents are on http://127.0.0.1:${port}/; Ctrl-C stops this`);
} else {
  // Workers of the builder would keep the process.
  process.exit(0);
}
