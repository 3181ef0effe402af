// Projects with the package from its tarball, beside the packages that are installed in www/test/compat.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const tests = join(import.meta.dirname, "..");
/** The folder of the projects. */
export const work = join(tests, "compat/work");
const ENV = { DENO_NO_UPDATE_CHECK: "1", NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };

/** How each runtime runs a file; the programs are straight from the packages of the platform. */
export const RUNTIMES = {
  node: [process.execPath],
  bun: [join(tests, "runtimes/node_modules/@oven/bun-linux-x64/bin/bun")],
  deno: [join(tests, "runtimes/node_modules/@deno/linux-x64-glibc/deno"), "run", "-A", "--node-modules-dir=manual"],
};

/** Packs the package; `project` puts what `npm install` would make of it into each project. */
export async function pack() {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const { stdout } = await execute("npm", ["pack", "--silent", "--pack-destination", work], { cwd: join(tests, "..") });
  await execute("tar", ["xzf", stdout.trim().split("\n").at(-1)], { cwd: work });
}

/** A project with the files of a folder. */
export async function project(name, from) {
  const folder = join(work, name);
  await cp(from, folder, { recursive: true });
  await cp(join(work, "package"), join(folder, "node_modules/redmux"), { recursive: true });
  return folder;
}

/** Runs a file to its end; returns what it prints. */
export async function run([program, ...args], file, cwd, env = {}) {
  try {
    return (await execute(program, [...args, file], { cwd, env: { ...process.env, ...ENV, ...env }, timeout: 110_000, maxBuffer: 64 << 20 })).stdout;
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout ?? ""}\n${error.stderr ?? ""}`.slice(-4000));
  }
}

/** Programs that were started and have not ended. */
const running = new Set();

/** Starts a program that does not end by itself. `said` is its output; `ready(pattern)` waits for a line, `stop(signal)` for its end. */
export function start([program, ...args], rest, cwd, env = {}) {
  const child = spawn(program, [...args, ...rest], { cwd, env: { ...process.env, ...ENV, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const ended = once(child, "exit").finally(() => running.delete(child));
  const server = { said: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (server.said += text));
  server.ready = async (pattern, within = 60_000) => {
    for (const end = Date.now() + within; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const found = pattern.exec(server.said);
      if (found) return found;
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > end) throw new Error(`${pattern} did not come: ${server.said.slice(-2000)}`);
    }
  };
  server.stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  return server;
}

export function stopAll() {
  for (const child of running) child.kill("SIGKILL");
}
