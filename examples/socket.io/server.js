// A chat whose rooms are shared by any number of processes.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { connect } from "redmux";
import { createAdapter } from "redmux/socket.io";
import { Server } from "socket.io";

const { REDIS_URL = "redis://localhost:6379", PORT = "3000" } = process.env;

const redis = await connect(REDIS_URL, { abortOnConnectFail: false });
redis.on("connectionFailed", ({ message }) => console.error(message));
redis.on("connectionRestored", ({ message }) => console.error(message));

const page = await readFile(new URL("index.html", import.meta.url));
const http = createServer((_, response) => response.setHeader("Content-Type", "text/html; charset=utf-8").end(page));
const io = new Server(http, {
  adapter: createAdapter(redis, { prefix: "example:chat", heartbeatInterval: 1000, heartbeatTimeout: 3000 }),
  connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
});

io.on("connection", (socket) => {
  // `recovered`: the socket is in its room, and has what it missed.
  socket.emit("ready", { recovered: socket.recovered, port: http.address().port });
  socket.on("enter", async (room, name, done) => {
    for (const old of socket.rooms) if (old !== socket.id) socket.leave(old);
    socket.data.name = String(name).slice(0, 50);
    await socket.join(String(room).slice(0, 50));
    done?.(await names(room).catch(failed));
  });
  socket.on("say", (room, text, done) => {
    if (socket.rooms.has(room)) io.to(room).emit("said", socket.data.name, String(text).slice(0, 1000));
    done?.(socket.rooms.has(room));
  });
  // Who in the room is awake, at all servers.
  socket.on("call", async (room, done) => done(await io.to(room).timeout(2000).emitWithAck("awake?").catch(failed)));
});

/** A server that died is waited for until its heartbeats are missed. */
function failed(error) {
  console.error(error.message);
  return error.responses ?? [];
}

/** Who is in a room, at all servers. */
async function names(room) {
  return (await io.in(room).fetchSockets()).map(({ data }) => data.name).sort();
}

http.listen(Number(PORT), () => console.log(`listening on ${http.address().port}`));
process.once("SIGTERM", async () => {
  await io.close();
  await redis.close();
});
