// Which documents become pages, under which names, and where their links lead.

import { copyFile, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

import { front } from "./front.mjs";

export const root = join(import.meta.dirname, "../..");

/** Documents beside those in `docs`, and the pages that they become. */
const OTHERS = {
  "README.md": "start.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  "SECURITY.md": "security.md",
  "gateway/README.md": "gateway-program.md",
  "www/README.md": "javascript.md",
};

/** Languages of blocks that nothing colours. */
const PLAIN = /^```(?:layers|circles|capnp)\n/gm;

const exists = (file) => stat(join(root, file)).then(() => true, () => false);

/** Every document that is a page: from its place in the repository to that in the site. */
export async function pages() {
  const found = new Map();
  for (const [file, page] of Object.entries(OTHERS)) if (await exists(file)) found.set(file, page);
  const documents = await readdir(join(root, "docs"), { recursive: true });
  for (const name of documents.filter((name) => name.endsWith(".md")).sort()) found.set(`docs/${name}`, name);
  for (const name of (await readdir(join(root, "examples"))).sort()) {
    const file = `examples/${name}/README.md`;
    if (await exists(file)) found.set(file, `examples/${name}.md`);
  }
  if (new Set(found.values()).size !== found.size) throw new Error("two documents would be the same page");
  return found;
}

/** The parts of a Markdown text that are code, and those between. */
function parts(text) {
  return text.split(/(^```[^]*?^```$|`[^`\n]+`)/m);
}

/** Changes each link of a text, but not what is code. `change` gets the target and whether it is a picture. */
async function changeLinks(text, change) {
  const done = [];
  for (const [number, part] of parts(text).entries()) {
    if (number % 2 === 1) {
      done.push(part);
      continue;
    }
    let at = 0;
    let changed = "";
    // The text of a link may be code, which is in another part: only what follows it is looked for.
    for (const match of part.matchAll(/(!\[[^\]]*)?\]\(([^)\s]+)\)/g)) {
      changed += part.slice(at, match.index) + `${match[1] ?? ""}](${await change(match[2], match[1] !== undefined)})`;
      at = match.index + match[0].length;
    }
    done.push(changed + part.slice(at));
  }
  return done.join("");
}

/** The address of the repository's web pages, from the manifest. */
async function repository() {
  const manifest = await readFile(join(root, "Cargo.toml"), "utf8");
  return manifest.match(/^repository = "([^"]+)"$/m)?.[1] ?? "https://repository.invalid/redmux";
}

/** What a link that leads out of the pages shows: a file or a folder of the repository. */
async function inRepository(file) {
  const kind = (await stat(join(root, file))).isDirectory() ? "tree" : "blob";
  return `${await repository()}/${kind}/HEAD/${file}`;
}

/**
 * Writes all pages into `to`, with links that hold there.
 *
 * Fails for a link to something that is not in the repository.
 */
export async function stage(to) {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  // Each page becomes a module, which looks for its packages from where it is.
  await symlink(join(import.meta.dirname, "node_modules"), join(to, "node_modules"));
  const all = await pages();
  const faults = [];
  for (const [file, page] of all) {
    const text = await readFile(join(root, file), "utf8");
    const changed = await changeLinks(text, async (target, isPicture) => {
      if (/^(https?:|mailto:|#)/.test(target)) return target;
      const [path, anchor] = target.split("#");
      const wanted = posix.normalize(posix.join(posix.dirname(file), path)).replace(/\/$/, "");
      const hash = anchor === undefined ? "" : `#${anchor}`;
      if (isPicture && (await exists(wanted))) {
        await mkdir(dirname(join(to, "pictures", wanted)), { recursive: true });
        await copyFile(join(root, wanted), join(to, "pictures", wanted));
        return `${"../".repeat(page.split("/").length - 1) || "./"}pictures/${wanted}`;
      }
      const other = all.get(wanted) ?? all.get(`${wanted}/README.md`);
      if (other !== undefined) return `${posix.relative(posix.dirname(page), other)}${hash}`;
      if (await exists(wanted)) return inRepository(wanted);
      faults.push(`${file}: there is no ${target}`);
      return target;
    });
    const at = join(to, page);
    await mkdir(dirname(at), { recursive: true });
    if (file === "README.md") await writeFile(join(to, "index.md"), front(changed));
    await writeFile(at, changed.replaceAll(PLAIN, "```text\n").replaceAll(/^```(\w+),.*$/gm, "```$1"));
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return all;
}

/**
 * The menu at the side, from the map in the README: a section for each of its tables, an entry for each link in its first column.
 * Examples that the map does not name have a section of their own.
 *
 * Fails for any other page that the map does not name.
 */
export async function menu(all) {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const map = readme.split(/^## Documents$/m)[1]?.split(/^## /m)[0];
  if (map === undefined) throw new Error("README.md: there is no section Documents");
  const left = new Map(all);
  left.delete("README.md");
  const entry = (file, text) => {
    const page = all.get(file);
    if (page === undefined) throw new Error(`README.md: ${file} is no page`);
    left.delete(file);
    return { text: text[0].toUpperCase() + text.slice(1), link: `/${page.replace(/\.md$/, "")}` };
  };
  const sections = [];
  for (const line of map.split("\n")) {
    const first = line.match(/^\| (.*?) \|/)?.[1];
    if (first === undefined) continue;
    if (first.startsWith("to ")) sections.push({ text: `To ${first.slice(3)}`, items: [] });
    for (const [, text, target] of first.matchAll(/\[([^\]]+)\]\(([^)#]+)\)/g)) sections.at(-1).items.push(entry(target, text));
  }
  const examples = [...left.keys()].filter((file) => file.startsWith("examples/"));
  const items = [];
  for (const file of examples) items.push(entry(file, (await readFile(join(root, file), "utf8")).match(/^# (.*)$/m)[1]));
  if (left.size > 0) throw new Error(`README.md: the map under Documents does not name ${[...left.keys()].join(", ")}`);
  return [{ text: "Start here", link: "/start" }, ...sections, ...(items.length > 0 ? [{ text: "More examples", items }] : [])];
}
