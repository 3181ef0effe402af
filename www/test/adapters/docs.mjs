// The programs of docs/adapters.md, as they are written there.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { check, freePort, until } from "../checks.mjs";
import { run, RUNTIMES, start } from "./project.mjs";

const text = await readFile(join(import.meta.dirname, "../../../docs/adapters.md"), "utf8");
/** The first program below a heading. */
function programOf(heading) {
  const [, section] = text.split(new RegExp(`^## ${heading}$`, "m"));
  return /^```js\n([^]*?)^```$/m.exec(section)[1];
}

/** Steps: `[heading, action(folder, server)]`. */
export const docs = [
  ["Keyv", printed],
  ["unstorage", printed],
  [
    "express-session",
    async (folder, server, heading) => {
      const port = await freePort();
      const file = await save(folder, heading, server, { 3000: port });
      const app = start(RUNTIMES.node, [file], folder);
      let response;
      await until(async () => (response = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)), "an answer");
      check((await response.text()) === "1 visits", "the first visit is not counted");
      const again = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: response.headers.get("set-cookie").split(";")[0] } });
      check((await again.text()) === "2 visits", "the second visit is not counted");
      await app.stop();
    },
  ],
  [
    "Socket.IO",
    async (folder, server, heading) => {
      const ports = [await freePort(), await freePort()];
      const apps = [];
      for (const port of ports) apps.push(start(RUNTIMES.node, [await save(folder, heading, server, { 3000: port })], folder));
      const { io } = createRequire(join(folder, "package.json"))("socket.io-client");
      const [ada, bob] = ports.map((port) => io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnectionDelayMax: 100 }));
      for (const socket of [ada, bob]) socket.emit("enter", "room");
      let heard;
      bob.on("said", (text) => (heard = text));
      await until(() => (ada.emit("say", "room", "hello"), heard === "hello"), "a message");
      for (const socket of [ada, bob]) socket.close();
      for (const app of apps) await app.stop();
    },
  ],
  [
    "Next.js",
    async (folder, server) => {
      const [, section] = text.split(/^## Next\.js$/m);
      const files = [...section.matchAll(/`([\w.-]+\.js)`[^\n]*:\n\n```js[^\n]*\n([^]*?)^```$/gm)];
      check(files.length === 3, `${files.length} files are shown`);
      const place = join(folder, "docs-next");
      await mkdir(place);
      for (const [, name, code] of files) await writeFile(join(place, name), code);
      await writeFile(join(place, "package.json"), '{ "type": "module" }');
      // The files that the configuration names are handlers, and connect.
      const program = `
        import config from "./next.config.js";
        const { default: Handler } = await import(config.cacheHandler);
        await new Handler().set("/", { kind: "PAGES", html: "p" }, {});
        const { default: components } = await import(config.cacheHandlers.default);
        await components.set("k", Promise.resolve({ value: new Response("v").body, tags: ["t"], stale: 1, timestamp: Date.now(), expire: 60, revalidate: 60 }));
        console.log((await new Handler().get("/", {})).value.html, await new Response((await components.get("k", [])).value).text());
        process.exit();`;
      await writeFile(join(place, "program.js"), program);
      const said = await run(RUNTIMES.node, "program.js", place, { REDIS_URL: `redis://${server}` });
      check(said === "p v\n", `it prints ${said}`);
    },
  ],
];

/** Saves a program for the server here; returns the file's name. */
async function save(folder, heading, server, ports = {}) {
  const all = { "localhost:6379": server, ...ports };
  const code = Object.entries(all).reduce((code, [there, here]) => code.replaceAll(there, here), programOf(heading));
  const name = `${heading.toLowerCase()}-${Object.values(ports).join("")}.mjs`;
  await writeFile(join(folder, name), code);
  return name;
}

/** A program that ends prints what its comments say. */
async function printed(folder, server, heading) {
  const file = await save(folder, heading, server);
  const wanted = [...programOf(heading).matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);
  check(wanted.length > 0, "the program prints nothing");
  const said = (await run(RUNTIMES.node, file, folder)).trim().split("\n");
  check(JSON.stringify(said) === JSON.stringify(wanted), `it prints ${said.join(" | ")}`);
}
