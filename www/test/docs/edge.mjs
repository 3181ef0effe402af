// docs/edge.md, from nothing to a program in each runtime.

import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { createServer, connect as dial } from "node:net";
import { join } from "node:path";

import { check, freePort, step } from "../checks.mjs";
import { startTls } from "../runtimes/tls-servers.mjs";
import { runtimes, until } from "./blocks.mjs";

const WORKERD = join(runtimes, "@cloudflare/workerd-linux-64/bin/workerd");

export async function followEdge(doc, place, ports, { REDIS_SERVER, REDMUX_GATEWAY }) {
  /** The error of a command. */
  const fails = (text, env) =>
    place.type(text, env).then(
      (said) => check(false, `it did not fail, but said ${said}`),
      (error) => error.message,
    );
  const prints = async (wanted, text, env) => {
    const said = (await place.type(text, env)).trim();
    check(said === wanted, `it printed ${said}`);
  };

  await step("edge.md: a project with the package", async () => place.type(doc.block("npm pkg set type=module")));
  await step("edge.md: Redis, and what its user may do", async () => {
    place.start(doc.block("--user worker on"));
    const worker = { REDISCLI_AUTH: "WORKER-PASSWORD" };
    await until(async () => (await place.type("redis-cli --user worker PING 2>&1", worker)).includes("PONG"), "Redis");
    for (const words of ["GET other", "DEL greeting", "FLUSHALL", "KEYS '*'"]) {
      const said = await place.type(`redis-cli --user worker ${words} 2>&1`, worker);
      check(said.includes("NOPERM"), `${words}: ${said}`);
    }
    check((await place.type("redis-cli PING 2>&1")).includes("NOAUTH"), "the default user is on");
  });
  await step("edge.md: the program and its environment", async () => {
    await place.save("app.js", doc.file("app.js"));
    await place.type(doc.block("export REDIS_URL"));
  });
  const lines = doc.block("node app.js").trim().split("\n");
  for (const line of lines) {
    await step(`edge.md: ${line}`, async () => {
      check(lines.length === 3, `${lines.length} lines`);
      await prints("hello", line);
    });
  }
  for (const [flag, why] of [["--allow-net", /net access/], ["--allow-env", /env access/]]) {
    await step(`edge.md: Deno without ${flag} says that it wants it`, async () => {
      const said = await fails(lines.find((line) => line.startsWith("deno")).replace("run ", "run --no-prompt ").replace(flag, ""));
      check(why.test(said), said);
    });
  }

  await mkdir(join(place.home, "tls"));
  const behind = await freePort();
  place.start(`redis-server --bind 127.0.0.1 --port ${behind}`);
  const tls = await startTls({ folder: join(place.home, "tls"), server: REDIS_SERVER, gateway: REDMUX_GATEWAY, upstream: `127.0.0.1:${behind}` });
  const password = { REDIS_PASSWORD: "WORKER-PASSWORD" };
  try {
    await step("edge.md: TLS with a private authority and a client certificate", async () => {
      for (const name of ["ca.pem", "cert.pem", "key.pem"]) await cp(join(place.home, "tls", name), join(place.cwd, name));
      const admin = `redis-cli -p ${tls.port} --tls --cacert ca.pem -h localhost`;
      await place.type(`${admin} CONFIG SET tls-auth-clients yes`);
      const known = `${admin} --cert cert.pem --key key.pem`;
      await place.type(`${known} ACL SETUSER worker on '>WORKER-PASSWORD' -@all +get +ping '~greeting*'\n${known} SET greeting secret`);
      const code = doc.file("secure.js");
      check(code.includes("redis.example:6380"), "there is no server");
      const here = code.replace("redis.example:6380", `localhost:${tls.port}`);
      await place.save("secure.js", here);
      for (const program of ["node", "bun", "deno run -A --node-modules-dir=manual"]) await prints("secret", `${program} secure.js`, password);
      await place.save("bare.js", here.replace(/cert: .*key: .*\) \}/, "}"));
      check(/ERR_REDMUX_CONNECT/.test(await fails("node bare.js", password)), "a client without a certificate is let in");
    });
    await step("edge.md: through a gateway in Node 20, which needs the package ws", async () => {
      const code = `import { connect } from "redmux";
        const redis = await connect("wss://localhost:${tls.gatewayPort}/redis", { password: "${tls.token}" });
        console.log(await redis.get("greeting"));
        await redis.close();`;
      await place.save("wss.js", code);
      await place.type(`redis-cli -p ${behind} SET greeting "from behind"`);
      const trusted = { NODE_EXTRA_CA_CERTS: tls.ca };
      check(/\bws\b/.test(await fails("node wss.js", trusted)), "nothing is said of ws");
      await cp(join(runtimes, "ws"), join(place.cwd, "node_modules/ws"), { recursive: true });
      await prints("from behind", "node wss.js", trusted);
    });
  } finally {
    tls.stop();
  }

  await step("edge.md: a worker is bundled", async () => {
    await place.save("worker.js", doc.file("worker.js"));
    const [install, ...bundle] = doc.block("--external:cloudflare:sockets").split("\n");
    check(install === "npm install --save-dev esbuild workerd", install);
    // Installed already, elsewhere.
    await mkdir(join(place.cwd, "node_modules/.bin"), { recursive: true });
    await symlink(join(runtimes, ".bin/esbuild"), join(place.cwd, "node_modules/.bin/esbuild"));
    await symlink(WORKERD, join(place.cwd, "node_modules/.bin/workerd"));
    await place.type(bundle.join("\n"));
    const made = (await readdir(join(place.cwd, "dist"))).join();
    check(made === "redmux_server_bg.wasm,worker.js", `it made ${made}`);
  });
  const config = doc.file("config.capnp");
  const serve = doc.block("npx workerd serve");
  const curl = doc.block("curl http").trim();
  const answer = () => place.type(curl.replace("curl", "curl --silent --max-time 20"));
  await step("edge.md: workerd serves it, and it answers", async () => {
    await place.save("config.capnp", config);
    const server = place.start(serve);
    const said = await until(answer, "an answer");
    check(said === "hello", `it said ${said} ${server.said}`);
    await server.end();
  });
  await step("edge.md: workerd opens no private address without the line that allows it", async () => {
    const line = '(name = "internet", network = (allow = ["private", "local", "public"])),';
    check(config.includes(line), "there is no such line");
    await place.save("config.capnp", config.replace(line, ""));
    const server = place.start(serve);
    // The handler throws: workerd answers nothing, and its log says why.
    const refused = () => answer().then((said) => check(said !== "hello", "it answers"), () => /is not allowed/.test(server.said));
    await until(refused, "a refusal");
    await server.end();
  });
  await step("edge.md: a transport of the program's own", async () => {
    let used = 0;
    const tunnel = createServer((peer) => {
      used += 1;
      const upstream = dial(ports[6379], "127.0.0.1");
      peer.pipe(upstream).pipe(peer);
      for (const side of [peer, upstream]) side.on("error", () => {});
    });
    await new Promise((resolve) => tunnel.listen(ports[7000], "127.0.0.1", resolve));
    await place.save("tunnel.js", `${doc.block("Duplex.toWeb")}\nconsole.log(await redis.get("greeting"));\nawait redis.close();\n`);
    await prints("hello", "node tunnel.js");
    check(used === 1, `${used} connections went through it`);
    tunnel.close();
  });
}
