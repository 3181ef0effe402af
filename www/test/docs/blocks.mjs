// Documents as a reader takes them: blocks of code, followed in a folder of their own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
export const root = join(import.meta.dirname, "../../..");
export const runtimes = join(root, "www/test/runtimes/node_modules");

/** With a socket as its input, bash may behave as a remote shell and read `.bashrc`. */
const SHELL = ["--norc", "-c"];

/** The blocks of a document: what a reader types or saves. */
export class Document {
  #blocks;

  constructor(name, text) {
    this.name = name;
    this.#blocks = [...text.matchAll(/(?:^|\n)```(\w*)[^\n`]*\n([^]*?)\n```(?=\n)/g)].map(({ 1: language, 2: code, index }) => ({
      language,
      code: `${code}\n`,
      heading: text.slice(0, index + 1).match(/^## .*$/gm)?.at(-1) ?? "",
      section: text.slice(0, index + 1).match(/^##+ .*$/gm)?.at(-1) ?? "",
      before: text.slice(0, index).trimEnd().split("\n").slice(-3).join("\n"),
      used: false,
    }));
  }

  static async read(name) {
    return new Document(name, await readFile(join(root, "docs", name), "utf8"));
  }

  /** The only block in which there is `part`. */
  block(part) {
    const found = this.#blocks.filter(({ code }) => code.includes(part));
    if (found.length !== 1) throw new Error(`${this.name}: ${found.length} blocks have ${JSON.stringify(part)}`);
    found[0].used = true;
    return found[0].code;
  }

  /** The content of a file: the last block that follows its name. */
  file(name) {
    const found = this.#blocks.filter(({ before }) => [...before.matchAll(/`([\w./-]+\.\w+)`/g)].at(-1)?.[1] === name);
    if (found.length !== 1) throw new Error(`${this.name}: ${found.length} blocks follow the name ${name}`);
    found[0].used = true;
    return found[0].code;
  }

  /** All blocks under a heading, down to the next one of any level. */
  under(section) {
    const found = this.#blocks.filter((block) => block.section === section);
    if (found.length === 0) throw new Error(`${this.name}: there is no code under ${section}`);
    for (const block of found) block.used = true;
    return found.map(({ code }) => code);
  }

  /** The first lines of the blocks that no step used, except those under headings that are exempt. */
  unused(isExempt = () => false) {
    return this.#blocks.filter(({ used, heading }) => !used && !isExempt(heading)).map(({ code }) => code.split("\n")[0]);
  }
}

/** A folder, and beside it programs under the names that the documents have for them. */
export class Place {
  #programs = [];
  #env;
  #ports;
  #numbers;

  /** `ports` are those of the documents, and those that are free here. */
  constructor(folder, ports) {
    this.home = folder;
    this.cwd = folder;
    this.#ports = ports;
    // Whole numbers, once each: a hash may hold the digits of a port, and so may another port.
    this.#numbers = new RegExp(`\\b(?:${Object.keys(ports).join("|")})\\b`, "g");
    this.#env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}`, npm_config_offline: "true", npm_config_audit: "false", npm_config_fund: "false", DENO_NO_UPDATE_CHECK: "1" };
  }

  /** A checkout beside it, of which only the package is there, and programs: `{ name: "shell text" }`. */
  async prepare(programs) {
    for (const folder of ["bin", "redmux"]) await mkdir(join(this.home, folder), { recursive: true });
    await symlink(join(root, "www"), join(this.home, "redmux/www"));
    for (const [name, text] of Object.entries(programs)) {
      const file = join(this.home, "bin", name);
      await writeFile(file, `#!/bin/sh\n${text}\n`);
      await chmod(file, 0o755);
    }
  }

  /** The text with the ports that are free here. */
  here(text) {
    return text.replace(this.#numbers, (port) => this.#ports[port]);
  }

  async save(name, text) {
    const file = join(this.cwd, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, this.here(text));
    return file;
  }

  /** Runs what a reader types; returns the output. Folder and variables persist, unless `env` is given. */
  async type(text, env = {}, timeout = 60_000) {
    const script = `set -e\n${this.here(text)}\nprintf '\\0%s\\0' "$PWD"\nenv -0 | grep -zE '^(REDIS|REDISCLI)_' || true\n`;
    let stdout;
    try {
      ({ stdout } = await execute("bash", [...SHELL, script], { cwd: this.cwd, env: { ...this.#env, ...env }, timeout }));
    } catch (error) {
      throw new Error(`${text.split("\n")[0]}: ${error.stderr || error.stdout || error.message}`);
    }
    const [printed, folder, ...variables] = stdout.split("\0");
    // Variables of this call do not persist.
    if (Object.keys(env).length > 0) return printed;
    this.cwd = folder;
    for (const variable of variables.filter(Boolean)) {
      const [name, ...value] = variable.split("=");
      this.#env[name] = value.join("=");
    }
    return printed;
  }

  /** Starts a program that does not end; its output is in `said`, and `end` ends it and its children. */
  start(text) {
    const options = { cwd: this.cwd, env: this.#env, detached: true };
    const child = spawn("bash", [...SHELL, `exec ${this.here(text).trim()}`], options);
    child.said = "";
    child.end = (signal = "SIGTERM") => {
      const over = child.exitCode !== null || child.signalCode !== null;
      if (!over) process.kill(-child.pid, signal);
      return over ? null : once(child, "exit");
    };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (child.said += data));
    this.#programs.push(child);
    return child;
  }

  stop() {
    for (const child of this.#programs) child.end();
  }
}

/** Waits until `test` returns a true value, and returns that. */
export async function until(test, what) {
  let last = "";
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 40))) {
    try {
      const found = await test();
      if (found) return found;
    } catch (error) {
      last = `: ${error.message}`;
    }
  }
  throw new Error(`${what} does not come${last}`);
}
