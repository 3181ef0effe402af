// Socket.IO: two servers that share their rooms by @socket.io/redis-adapter.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { Server } from "socket.io";
import { io } from "socket.io-client";

/** A server of a chat: who enters a room hears what is said in it. */
async function serve(adapter) {
  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  const server = new Server(http, { adapter });
  server.on("connection", (socket) => {
    socket.on("enter", async (room, done) => {
      await socket.join(room);
      done();
    });
    socket.on("say", (room, text) => server.to(room).emit("said", text));
  });
  return { server, port: http.address().port };
}

async function chat(client, adapterOf) {
  const open = () => {
    const pub = client();
    const sub = pub.duplicate();
    sub.on("error", (error) => console.log(`sub: ${error.message}`));
    return [pub, sub];
  };
  const connections = [open(), open()];
  const servers = await Promise.all(connections.map(([pub, sub]) => serve(adapterOf(pub, sub))));
  const [ada, bob] = servers.map(({ port }) => io(`http://127.0.0.1:${port}`, { transports: ["websocket"] }));
  try {
    // The adapters subscribe without waiting.
    for (const { server } of servers) while ((await server.of("/").adapter.serverCount()) < 2) await sleep(10);
    await Promise.all([ada, bob].map((socket) => socket.connected || once(socket, "connect")));
    await ada.emitWithAck("enter", "room");
    await bob.emitWithAck("enter", "room");
    const heard = Promise.all([once(ada, "said"), once(bob, "said")]);
    ada.emit("say", "room", "hello");
    assert.deepEqual(await heard, [["hello"], ["hello"]]);
    assert.equal((await servers[0].server.in("room").fetchSockets()).length, 2);
    servers[1].server.on("sum", (numbers, done) => done(numbers.reduce((sum, n) => sum + n, 0)));
    assert.deepEqual(await servers[0].server.serverSideEmitWithAck("sum", [1, 2, 3]), [6]);
  } finally {
    ada.close();
    bob.close();
    for (const { server } of servers) await server.close();
    for (const [, sub] of connections) sub.disconnect();
  }
}

export const sockets = [
  "socket.io",
  [
    ["two servers share a room", (client) => chat(client, (pub, sub) => createAdapter(pub, sub, { requestsTimeout: 1000 }))],
    ["two servers share a room over sharded channels", (client) => chat(client, (pub, sub) => createShardedAdapter(pub, sub))],
  ],
];
