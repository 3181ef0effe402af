// The other side of the transport's scenarios: one behaviour a path.

import { createServer } from "node:http";
import { connect } from "node:net";
import { WebSocketServer } from "ws";

/** Starts the server; `closed` counts connections that clients gave up, and dials that were never answered. */
export async function serve() {
  const closed = { dials: 0, hang: 0, watch: 0 };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 0 });
  const server = createServer((_, response) => response.end());
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url, "http://localhost");
    if (url.pathname === "/refuse") {
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    } else if (url.pathname === "/hang") {
      closed.dials += 1;
      socket.on("end", () => socket.destroy());
      socket.on("close", () => (closed.hang += 1));
      socket.on("error", () => {});
      socket.resume();
    } else {
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("error", () => {});
        behaviours[url.pathname]?.(client, url, closed);
      });
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    base: `ws://127.0.0.1:${server.address().port}`,
    closed,
    stop() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

const behaviours = {
  "/redis": (client) => {
    const [host, port] = process.env.REDIS.split(":");
    const upstream = connect(port, host);
    const end = () => {
      client.close(1000);
      upstream.destroy();
    };
    client.on("message", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => client.send(bytes));
    for (const side of [client, upstream]) side.on("close", end).on("error", end);
  },
  "/echo": (client) => client.on("message", (bytes) => client.send(bytes, { binary: true })),
  "/bytewise": (client) =>
    client.on("message", (bytes) => {
      for (const byte of bytes) client.send(Buffer.from([byte]));
    }),
  "/lengths": (client) =>
    client.on("message", (bytes) => client.send(Buffer.from(`${bytes.length},`))),
  "/close": (client, url) => {
    client.send(Buffer.from("bye"));
    const code = Number(url.searchParams.get("code"));
    if (code) client.close(code, "why");
    else client.close();
  },
  "/drop": (client) => setTimeout(() => client.terminate(), 100),
  "/text": (client) => client.send("hello"),
  "/flood": (client) => {
    for (let n = 0; n < 20; n++) client.send(Buffer.alloc(200_000));
  },
  "/slow": (client) => {
    let received = 0;
    client.on("message", (bytes) => {
      received += bytes.length;
      if (received >= 60_000_000) client.send(Buffer.from("ok"));
    });
    client._socket.pause();
    setTimeout(() => client._socket.resume(), 1500);
  },
  "/slow-then-reset": (client) => {
    client._socket.pause();
    setTimeout(() => client._socket.resetAndDestroy(), 1000);
  },
  "/no-close": (client) => client._socket.pause(),
  "/watch": (client, _url, closed) => client.on("close", () => (closed.watch += 1)),
};
