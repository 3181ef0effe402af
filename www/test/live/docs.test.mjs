// The programs of docs/servers.md and docs/production.md, as they are written there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { cluster, program, redis } from "./support.mjs";

const LIMIT = { timeout: 300_000 };
const text = readFileSync(new URL("../../../docs/servers.md", import.meta.url), "utf8");
const blocks = [...text.matchAll(/^```js( cluster)?\n([^]*?)^```$/gm)].map(([, kind, code]) => ({ isForCluster: kind !== undefined, code }));
const entry = new URL("../../src/node.js", import.meta.url);

/** The code without imports, for a server at this port. */
function local(code, port) {
  return code.replaceAll(/^import .*\n/gm, "").replaceAll("127.0.0.1:6379", `127.0.0.1:${port}`).replaceAll("user:password@127.0.0.1:6380", `127.0.0.1:${port}`);
}

test("the programs about one server run, and print what they say", LIMIT, async (t) => {
  const server = await redis(t);
  const code = blocks.filter(({ isForCluster }) => !isForCluster).map(({ code }) => `{\n${local(code, server.port).replace("const redis =", "globalThis.redis =")}\n}`);
  assert.ok(code.length > 5);
  const { out } = await program(t, server.url, `globalThis.tokenFor = async () => "secret";\nglobalThis.connectGroup = (await import(${JSON.stringify(entry)})).connectGroup;\n${code.join("\n")}\nawait redis.close();`);
  const lines = out.trim().split("\n");
  assert.deepEqual(lines.slice(0, 3), ["{ key: 'jobs', element: 'mow the lawn' }", "TimeoutError", "2"]);
  const replies = ["<Buffer ff 00 7f>", "[ '\ufffd\\x00\\x7F', '2' ]", "Map(1) { 'name' => 'Ada' }", "12345678901234567891"];
  assert.deepEqual(lines.slice(3), ["false", "GET", "yes", ...replies, "near"]);
  for (const reply of replies) assert.ok(text.includes(`// ${reply}\n`));
});

test("the programs of docs/production.md that are for servers run", LIMIT, async (t) => {
  const server = await redis(t);
  const text = readFileSync(new URL("../../../docs/production.md", import.meta.url), "utf8");
  const code = [...text.matchAll(/^```js server\n([^]*?)^```$/gm)].map(([, block]) => `{\n${local(block, server.port)}\n}`);
  assert.equal(code.length, 2);
  const { out } = await program(t, server.url, `globalThis.connectGroup = (await import(${JSON.stringify(entry)})).connectGroup;\n${code.join("\n")}`);
  assert.equal(out, "");
});

test("the program about a cluster runs, and prints what it says", LIMIT, async (t) => {
  const [{ url }] = await cluster(t);
  const [code] = blocks.filter(({ isForCluster }) => isForCluster).map(({ code }) => local(code, 0));
  const { out } = await program(t, url, `globalThis.redis = await connect(url);\n${code}\nawait redis.close();`);
  assert.equal(out.match(/^127\.0\.0\.1:\d+ primary \d+ \d+$/gm).length, 3);
  assert.match(out, /\[ '1', '2', '3' \]\ntrue\n/);
});
