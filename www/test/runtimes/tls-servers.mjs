// A Redis server and a gateway with certificates that were made just now.

import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { freePort, listening } from "../checks.mjs";

const execute = promisify(execFile);

/**
 * Starts both, with files in `folder`. `server` is the program of Redis, `gateway` that of the gateway, whose
 * server is `upstream`. The certificate is for the name `localhost` and no other.
 */
export async function startTls({ folder, server, gateway, upstream }) {
  const file = (name) => join(folder, name);
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const openssl = process.env.OPENSSL ?? "openssl";
  const authority = ["-keyout", file("ca.key"), "-out", file("ca.pem"), "-subj", "/CN=tests"];
  await execute(openssl, [...made, ...authority, "-addext", "basicConstraints=critical,CA:TRUE"]);
  const host = ["-keyout", file("key.pem"), "-out", file("cert.pem"), "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"];
  await execute(openssl, [...made, ...host, ...names, "-CA", file("ca.pem"), "-CAkey", file("ca.key")]);

  const port = await freePort();
  const certificate = ["--tls-cert-file", file("cert.pem"), "--tls-key-file", file("key.pem")];
  const clients = ["--tls-ca-cert-file", file("ca.pem"), "--tls-auth-clients", "no"];
  const listen = ["--bind", "127.0.0.1", "--port", "0", "--tls-port", `${port}`];
  const redis = spawn(server, [...listen, ...certificate, ...clients, "--save", "", "--dir", folder]);
  const { stdout } = await execute(gateway, ["hash-token", "--new"]);
  const [, token, , hash] = stdout.trim().split(/\s+/);
  await writeFile(
    file("gateway.toml"),
    `[listen]
address = "127.0.0.1:0"
allow_no_origin = true
origins = ["https://localhost"]
[listen.tls]
certificate = "cert.pem"
key = "key.pem"
[upstreams.main]
address = "${upstream}"
[policies.all]
commands = ["GET", "SET"]
read = ["*"]
write = ["*"]
[principals.program]
policy = "all"
tokens = ["${hash}"]
`,
  );
  const front = spawn(gateway, ["--config", file("gateway.toml"), "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
  const stop = () => {
    redis.kill();
    front.kill();
  };
  try {
    const gatewayPort = await listening(front);
    await answers(port);
    return { ca: file("ca.pem"), pem: await readFile(file("ca.pem"), "utf8"), port, gatewayPort, token, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Waits until the port has a listener. */
async function answers(port) {
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > end) throw new Error("the Redis server with TLS does not listen");
  }
}
