import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer } from "node:tls";

import { connect } from "../../src/node.js";
import { inWords, NodeChannel, tcp } from "../../src/transports/node.js";

/** A key and a self-signed certificate. */
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

test("a client's certificate that is missing is a failure of authentication", async (t) => {
  const made = certificate();
  const server = createServer({ ...made, ca: made.cert, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" });
  t.after(() => server.close());
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `rediss://localhost:${server.address().port}?family=4`;
  await assert.rejects(connect(url, { connectRetry: 1, tls: { ca: made.cert } }), (error) => {
    const { name, stage, code, retryable, delivery } = error;
    assert.deepEqual([name, stage, code, retryable, delivery], ["ConnectionError", "auth", "ERR_REDMUX_CONNECT_AUTH", false, "not-sent"], error.message);
    return true;
  });
});

test("an error that comes before the channel is opened is its end", () => {
  const socket = new EventEmitter();
  const channel = new NodeChannel(socket, null);
  const [first, second] = [new Error("first"), new Error("second")];
  socket.emit("error", first);
  socket.emit("error", second);
  const ends = [];
  channel.open(() => {}, (error) => ends.push(error));
  socket.emit("end");
  assert.deepEqual(ends, [first]);
});

test("alerts are known by the names of every TLS library", () => {
  const isAuth = (fields) => inWords(Object.assign(new Error(fields.message ?? ""), fields)).isAuth;
  for (const code of ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED"]) assert.equal(isAuth({ code }), true, code);
  for (const alert of ["CertificateRequired", "UnknownCA", "BadCertificate"]) assert.equal(isAuth({ message: `received fatal alert: ${alert}` }), true, alert);
  assert.equal(isAuth({ code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" }), false);
  for (const fields of [{ code: "ECONNRESET" }, { code: "DEPTH_ZERO_SELF_SIGNED_CERT", message: "self-signed certificate" }, { message: "invalid peer certificate: UnknownIssuer" }]) assert.equal(isAuth(fields), undefined);
});
