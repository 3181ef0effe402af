// That the site is served to this machine alone, and nothing beside it.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { serve } from "./serve.mjs";

/** The first line, the type and the body of an answer; the path goes out as it is. */
function ask(port, path, { host = `127.0.0.1:${port}`, method = "GET" } = {}) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (bytes) => (text += bytes)).on("error", reject).on("end", () => {
      const [head, body] = text.split("\r\n\r\n");
      resolve([Number(head.split(" ")[1]), /^content-type: (.*)$/im.exec(head)?.[1], body]);
    });
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

test("the site is on 127.0.0.1, and what is not of it is refused", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "redmux-site-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "site/sub"), { recursive: true });
  await writeFile(join(folder, "secret.html"), "secret");
  await writeFile(join(folder, "site/index.html"), "front");
  await writeFile(join(folder, "site/sub/a.js"), "code");
  const server = await serve(join(folder, "site"), 0);
  t.after(() => server.close());
  const { address, port } = server.address();
  equal(address, "127.0.0.1");
  const html = "text/html; charset=utf-8";
  deepEqual(await ask(port, "/"), [200, html, "front"]);
  deepEqual(await ask(port, "/index.html?x#y", { host: `localhost:${port}` }), [200, html, "front"]);
  deepEqual(await ask(port, "/sub/a.js"), [200, "text/javascript; charset=utf-8", "code"]);
  deepEqual(await ask(port, "/index.html", { method: "HEAD" }), [200, html, ""]);
  for (const path of ["/sub", "/none", "/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "/sub/..%5c..%5csecret.html", "/a%00"]) {
    equal((await ask(port, path))[0], 404, path);
  }
  equal((await ask(port, "/%zz"))[0], 400);
  equal((await ask(port, "/", { method: "POST" }))[0], 405);
  equal((await ask(port, "/", { host: `evil.example:${port}` }))[0], 403);
  // A port that is taken is an error, not a server elsewhere.
  await rejects(serve(folder, port), { code: "EADDRINUSE" });
});

test("no other address of this machine answers", async (t) => {
  const server = await serve(tmpdir(), 0);
  t.after(() => server.close());
  const { port } = server.address();
  const others = Object.values(networkInterfaces()).flat().filter(({ internal, family }) => !internal && family === "IPv4");
  for (const { address } of [{ address: "127.0.0.2" }, ...others]) {
    const outcome = await new Promise((resolve) => {
      const socket = connect({ port, host: address, timeout: 5000 });
      socket.on("connect", () => resolve("connected")).on("error", () => resolve("refused")).on("timeout", () => resolve("refused"));
      socket.on("close", () => {});
    });
    equal(outcome, "refused", address);
  }
});
