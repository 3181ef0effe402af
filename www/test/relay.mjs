// A WebSocket in front of a server: it passes on the bytes that it gets, and nothing else.

import { createServer } from "node:http";
import { connect } from "node:net";
import { WebSocketServer } from "ws";

/** Listens on a port of its choice. */
export async function relay(host, port) {
  const server = createServer();
  const sockets = new WebSocketServer({ server, maxPayload: 0 });
  sockets.on("connection", (client) => {
    const upstream = connect(port, host);
    const end = () => {
      client.close(1000);
      upstream.destroy();
    };
    client.on("message", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => client.send(bytes));
    for (const side of [client, upstream]) side.on("close", end).on("error", end);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}
