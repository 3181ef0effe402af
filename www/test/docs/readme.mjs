// README.md, the four ways to start, each in a folder with nothing in it. Only the packages themselves are not
// yet in a registry: they are those of this checkout.

import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { check, step } from "../checks.mjs";
import { root, until } from "./blocks.mjs";

/** A build from nothing, on a machine that does other things too. */
const BUILD = 15 * 60_000;

/** The profile of the workspace: with it, packages that were built for the tests are not built again. */
async function profile() {
  const manifest = await readFile(join(root, "Cargo.toml"), "utf8");
  return manifest.match(/^\[profile\.dev\]\n[^]*?(?=\n\n)|^\[profile\.dev\.package[^]*?(?=\n\n)/gm).join("\n\n");
}

/** Follows a section about Rust: dependencies, then a program, which prints the reply. */
async function followRust(doc, place, section, name) {
  const [dependencies, program] = doc.under(section);
  check(dependencies.includes("[dependencies]") && program.includes("fn main"), `${section} has other blocks`);
  place.cwd = place.home;
  await place.type(`cargo new --quiet --vcs none ${name}`);
  place.cwd = join(place.home, name);
  const manifest = await readFile(join(place.cwd, "Cargo.toml"), "utf8");
  const patch = `[patch.crates-io]\nredmux = { path = ${JSON.stringify(root)} }\n`;
  await place.save("Cargo.toml", `${manifest.replace("[dependencies]\n", dependencies)}\n${patch}\n${await profile()}\n`);
  await copyFile(join(root, "Cargo.lock"), join(place.cwd, "Cargo.lock"));
  await place.save("src/main.rs", program);
  const env = { CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(root, "target"), CARGO_NET_OFFLINE: "true" };
  const said = await place.type("cargo run --quiet", env, BUILD);
  check(said.trim() === program.match(/\/\/ (.*)$/m)[1], `it printed ${said}`);
}

export async function followReadme(doc, place, ports, executablePath) {
  await step("README.md: a Redis server", async () => {
    place.start("redis-server --port 6379");
    await until(async () => (await place.type("redis-cli PING 2>&1")).includes("PONG"), "Redis");
    await place.type(`npm pack --silent ${join(root, "www")}`);
  });
  await step("README.md: Rust with tokio", () => followRust(doc, place, "### Rust with tokio", "hello-tokio"), BUILD);
  await step("README.md: Rust with async-std", () => followRust(doc, place, "### Rust with async-std", "hello-async-std"), BUILD);
  // `cargo xtask test` has a step of its own for components.
  doc.under("### A WebAssembly component");
  await step("README.md: Node", async () => {
    place.cwd = join(place.home, "node");
    await mkdir(place.cwd);
    const [install, program] = doc.under("### Node, Deno, Bun");
    await place.type(install);
    await place.save("hello.mjs", program);
    const said = await place.type("node hello.mjs");
    check(said === "hello\n", `it printed ${said}`);
  });
  await step("README.md: a page", async () => {
    place.cwd = join(place.home, "page");
    await mkdir(place.cwd);
    const [page, install, gateway] = doc.under("### A page");
    await place.save("index.html", page);
    await place.type(install);
    const program = place.start(gateway);
    await until(() => program.said.includes("listening"), "the gateway");
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      const tab = await browser.newPage();
      await tab.goto(`http://127.0.0.1:${ports[8080]}/`);
      await tab.waitForFunction(() => document.getElementById("greeting").textContent === "hello");
    } finally {
      await browser.close();
    }
  });
}

/** docs/queues.md, its JavaScript, in the folder in which the package is. */
export async function followQueues(doc, place) {
  await step("queues.md: a consumer group", async () => {
    place.cwd = join(place.home, "node");
    await place.save("queue.mjs", `import { connect } from "redmux";\n${doc.block("xGroupCreate")}`);
    const said = await place.type("node queue.mjs");
    check(/^\d+-0 lamp\n$/.test(said), `it printed ${said}`);
    const left = await place.type("redis-cli XPENDING orders billing");
    check(left.startsWith("0"), `pending: ${left}`);
    // The group is there now.
    check(/ lamp\n$/.test(await place.type("node queue.mjs")), "not a second time");
  });
}
