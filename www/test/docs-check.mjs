// The JavaScript code of the documents, run unchanged inside of a page.

import { readFile } from "node:fs/promises";

const DOCUMENTS = ["../../docs/production.md"];
/** The gateway of the documents, which is not that of the test. */
const ADDRESS = "wss://app.example/redis";

/** Runs every block; returns `[place, error message or null]` for each. */
export async function checkDocs(page, gateway) {
  const results = [];
  for (const document of DOCUMENTS) {
    const text = await readFile(new URL(document, import.meta.url), "utf8");
    const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)];
    for (const [number, [, block]] of blocks.entries()) {
      const code = block
        .replaceAll(/^import (\{.*?\}) from "redmux";$/gm, 'const $1 = await import("./redmux/src/index.js");')
        .replaceAll(ADDRESS, gateway ?? "/redis");
      const place = `${document.split("/").at(-1)}, block ${number + 1}`;
      results.push([place, await page.evaluate(`(async () => {\n${code}\n})()`).then(() => null, (error) => error.message)]);
    }
  }
  return results;
}
