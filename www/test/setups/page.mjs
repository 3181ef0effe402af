// examples/page: built by Vite, served by a gateway with the example's configuration, in two tabs.

import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { check, freePort, listening, until } from "../checks.mjs";
import { LIMIT, node, project, tool } from "./project.mjs";

const example = join(import.meta.dirname, "../../../examples/page");
const SOON = 20_000;

export function examplePage(browser, env) {
  let folder;
  return ["the example of a page", [
    ["build", async () => {
      const names = (await readdir(example, { withFileTypes: true })).filter((entry) => entry.isFile());
      const files = await Promise.all(names.map(async ({ name }) => [name, await readFile(join(example, name), "utf8")]));
      folder = await project("example-page", Object.fromEntries(files));
      await node([tool("vite7/bin/vite.js"), "build", "--logLevel", "error"], folder);
    }],
    ["two tabs see each vote", async () => {
      const port = await freePort();
      const config = join(folder, "gateway.toml");
      const text = await readFile(config, "utf8");
      check(text.includes("127.0.0.1:8080") && text.includes("127.0.0.1:6379"), "gateway.toml has other addresses");
      const upstream = new URL(env.REDIS_URL).host;
      await writeFile(config, text.replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`).replace("127.0.0.1:6379", upstream));
      const gateway = spawn(process.env.REDMUX_GATEWAY, ["--config", config], { stdio: ["ignore", "pipe", "ignore"] });
      const pages = [];
      try {
        await listening(gateway);
        gateway.stdout.resume();
        const errors = [];
        for (const _ of [1, 2]) {
          const page = await browser.newPage();
          pages.push(page);
          page.setDefaultTimeout(SOON);
          page.on("pageerror", (error) => errors.push(error.message));
          await page.goto(`http://127.0.0.1:${port}/`, { timeout: LIMIT });
          await page.getByText("connected", { exact: true }).waitFor();
        }
        const votes = (page) => page.getByLabel("votes for tea").textContent().then(Number);
        const before = await votes(pages[0]);
        for (const page of [...pages, pages[0]]) await page.getByRole("button", { name: "tea" }).click();
        for (const page of pages) await until(async () => (await votes(page)) === before + 3, `${before + 3} votes`);
        check(errors.length === 0, errors.join("; "));
      } finally {
        for (const page of pages) await page.close();
        gateway.kill();
      }
    }],
  ]];
}
