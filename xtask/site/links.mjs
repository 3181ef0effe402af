// Every link and every anchor of a built site.

import { readFile, readdir } from "node:fs/promises";
import { join, posix } from "node:path";

const ENTITIES = { "&amp;": "&", "&quot;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">" };
const plain = (text) => text.replaceAll(/&(amp|quot|#39|lt|gt);/g, (entity) => ENTITIES[entity]);

/** How many links there are, and which lead nowhere. */
export async function check(site) {
  const files = new Set((await readdir(site, { recursive: true })).map((name) => name.replaceAll("\\", "/")));
  const texts = new Map();
  const anchors = new Map();
  for (const file of [...files].filter((name) => name.endsWith(".html"))) {
    const text = await readFile(join(site, file), "utf8");
    texts.set(file, text);
    anchors.set(file, new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => plain(id))));
  }
  const faults = [];
  let links = 0;
  for (const [file, text] of texts) {
    for (const [, raw] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      links += 1;
      const link = plain(raw);
      if (/^(https:|mailto:|data:)/.test(link)) continue;
      // What a reader runs on their own machine.
      if (/^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(link)) continue;
      if (/^[a-z]+:/.test(link)) {
        faults.push(`${file}: ${link} is not https`);
        continue;
      }
      const [path, anchor] = link.split("#");
      const wanted = path === "" ? file : posix.normalize(path.startsWith("/") ? path.slice(1) : posix.join(posix.dirname(file), path));
      const page = /^(\.?|.*\/)$/.test(wanted) ? posix.join(wanted, "index.html") : decodeURIComponent(wanted);
      if (!files.has(page)) faults.push(`${file}: there is no ${link}`);
      else if (anchor && !anchors.get(page)?.has(decodeURIComponent(anchor))) faults.push(`${file}: there is no place ${link}`);
    }
  }
  return { links, faults };
}
