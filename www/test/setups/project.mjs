// Projects as users have them, with the package from its tarball.

import { execFile } from "node:child_process";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export const execute = promisify(execFile);
export const here = import.meta.dirname;
/** The folder of the projects, beside the packages that they use. */
export const work = join(here, "work");
export const LIMIT = 600_000;

/** A file of a package that is installed here. */
export const tool = (path) => join(here, "node_modules", path);

/** Packs the package; returns the folder that `npm install` would make of it. */
export async function pack() {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const { stdout } = await execute("npm", ["pack", "--silent", "--pack-destination", work], { cwd: join(here, "../..") });
  await execute("tar", ["xzf", stdout.trim().split("\n").at(-1)], { cwd: work });
  return join(work, "package");
}

/** A project of these files, `{ name: text }`. */
export async function project(name, files, type = "module") {
  const folder = join(work, name);
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await cp(join(work, "package"), join(folder, "node_modules/redmux"), { recursive: true });
  const all = { "package.json": JSON.stringify({ name, private: true, type }), ...files };
  for (const [file, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

/** Runs a program; if it fails, the error has its output. */
export async function run(program, args, cwd, env = {}) {
  const all = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1", ...env };
  try {
    return (await execute(program, args, { cwd, env: all, timeout: LIMIT, maxBuffer: 64 << 20 })).stdout;
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout ?? ""}\n${error.stderr ?? ""}`.slice(0, 4000));
  }
}

/** The same with the Node that runs this. */
export const node = (args, cwd, env) => run(process.execPath, args, cwd, env);
