// Makes `bundle/`, what Node loads of an installed package: the modules of `esm/` that servers need in a few files, because
// finding and reading forty takes as long as the rest of a start. All entries are made together, and share their classes.
//
//   node types/bundle.mjs FOLDER    a folder beside whose node_modules is esbuild

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { modules, shipped } from "./strip.mjs";

const www = fileURLToPath(new URL("../", import.meta.url));
const target = join(www, "bundle");

/** The entries, by their names in `bundle/`. */
export const ENTRIES = {
  node: "installed.js",
  page: "page/node.js",
  ioredis: "ioredis/index.js",
  ...Object.fromEntries(["json", "bloom", "time-series", "search"].map((name) => [name, `modules/${name}.js`])),
};
/** The texts of the wasm files are loaded if they are needed. */
const APART = ["pkg/redmux_server_inline.js", "pkg/redmux_wasm_inline.js"];

/** What each file of the bundle begins with: it says of which sources it is. */
export function banner() {
  const hash = createHash("sha256");
  for (const name of modules().sort()) hash.update(name).update(shipped(name));
  for (const name of ["redmux_server.js", "redmux_server_build.js", "redmux_wasm.js"]) hash.update(readFileSync(join(www, "pkg", name)));
  return `// Made of esm/ and pkg/, ${hash.digest("hex").slice(0, 32)}.`;
}

/**
 * Entries that load the same modules have them in one file: each names, besides its own, all that `groups` have. Otherwise
 * there is a file for each set of entries that a module is used by.
 */
function grouped(groups) {
  const all = (names) => names.map((name) => `import ${JSON.stringify(name)};`).join("\n");
  const texts = {};
  for (const [out, name] of Object.entries(ENTRIES)) {
    const shared = out === "node" || out === "ioredis" ? [...groups.page, ...groups.node] : groups.page;
    const source = JSON.stringify(join(www, "esm", name));
    // The class `Redis` is also the default, as in ioredis.
    const more = out === "ioredis" ? `export { default } from ${source};` : "";
    texts[out] = `${all(shared)}\nexport * from ${source};\n${more}\n`;
  }
  return texts;
}

async function bundle(esbuild) {
  const common = { absWorkingDir: www, bundle: true, format: "esm", platform: "node", target: "node20", logLevel: "warning", ignoreAnnotations: true };
  const installed = {
    name: "installed",
    setup({ onResolve }) {
      onResolve({ filter: /^redmux$/, namespace: "file" }, ({ importer }) =>
        importer.startsWith(join(www, "esm/ioredis")) ? { path: join(www, "esm", ENTRIES.node) } : undefined);
      onResolve({ filter: /\/text\.js$/ }, () => ({ path: `../${APART[0]}`, external: true }));
      onResolve({ filter: /_inline\.js$/ }, ({ path, resolveDir }) => {
        const place = APART.find((name) => join(resolveDir, path) === join(www, name));
        return { path: `../${place}`, external: true };
      });
    },
  };
  const reached = async (name) => {
    const { metafile } = await esbuild.build({ ...common, entryPoints: [join(www, "esm", name)], write: false, metafile: true, plugins: [installed] });
    return Object.keys(metafile.inputs).filter((path) => !/(inlined|text)\.js$|^esm\/page\//.test(path)).map((path) => join(www, path));
  };
  const page = await reached(ENTRIES.page);
  const texts = grouped({ page, node: (await reached(ENTRIES.node)).filter((name) => !page.includes(name)) });
  const aside = `${target}.new`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside);
  const entries = {
    name: "entries",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^entry:/ }, ({ path }) => ({ path, namespace: "entry" }));
      onLoad({ filter: /./, namespace: "entry" }, ({ path }) => ({ contents: texts[path.slice("entry:".length)], resolveDir: www }));
    },
  };
  await esbuild.build({
    ...common,
    entryPoints: Object.keys(ENTRIES).map((out) => ({ out, in: `entry:${out}` })),
    outdir: aside,
    splitting: true,
    banner: { js: banner() },
    plugins: [installed, entries],
  });
  rmSync(target, { recursive: true, force: true });
  renameSync(aside, target);
}

/** Why `bundle/` is not what its sources make, if it is not. */
export function fault() {
  let files;
  try {
    files = readdirSync(target);
  } catch {
    return "not built: bundle";
  }
  const missing = Object.keys(ENTRIES).find((name) => !files.includes(`${name}.js`));
  if (missing) return `not built: bundle/${missing}.js`;
  const wanted = banner();
  const old = files.find((name) => !readFileSync(join(target, name), "utf8").startsWith(wanted));
  return old && `bundle/${old} is of another source`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const require = createRequire(join(process.argv[2], "package.json"));
  await bundle(require("esbuild"));
}
