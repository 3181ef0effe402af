import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer } from "node:tls";

import { tcp } from "../../src/transports/node.js";

/** A key and a certificate of its own. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "redmux-tls-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"], { stdio: "ignore" });
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}

test("a server that wants a client's certificate is said to want one, with TLS 1.2 and 1.3", async () => {
  const made = certificate();
  for (const version of ["TLSv1.2", "TLSv1.3"]) {
    const server = createServer({ ...made, ca: made.cert, requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version });
    server.on("tlsClientError", () => {});
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = { host: "127.0.0.1", port: server.address().port, tls: { ca: made.cert, servername: "localhost" } };
    // With TLS 1.3 the client is connected before the server looks at its certificate.
    const error = await tcp(address, new AbortController()).then(
      (channel) => new Promise((resolve) => channel.open(() => {}, resolve)),
      (error) => error,
    );
    assert.match(error?.message ?? "no error", /client's certificate.*tls: \{ cert, key \}/, version);
    server.close();
  }
});
